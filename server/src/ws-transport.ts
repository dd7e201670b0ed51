// The second transport: ws on node:http, where no uWebSockets.js binary loads, and the judge of
// the first one in tests. Shares its checks with uws-transport through request.ts and
// socket-guard.ts; its sockets are in ws-socket.ts. Trap: node:http forgets a connection that it
// handed over, so every one is kept here until it is closed.

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CloseCode, UsageError } from '@tickwire/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { MIN_TLS_VERSION, readCertificate, type TlsFiles } from './certificate.ts';
import {
  hasNoBody,
  isRefusal,
  plainAddress,
  portError,
  RequestBody,
  type RequestHead,
  readHead,
  refusalResponse,
  runHttp,
  serverError,
  wantsUpgrade,
} from './request.ts';
import {
  checkLimits,
  checkUpgrade,
  defaultWatch,
  HttpError,
  type HttpResponse,
  type ListenOptions,
  type Refusal,
  type Transport,
  type TransportHandler,
  type TransportLimits,
  type TransportWatch,
  type UpgradeAnswer,
} from './transport.ts';
import { SWEEP_S, WsSocket } from './ws-socket.ts';

/** A peer that does not answer a close frame is cut after this; uWebSockets.js takes 4 to 8 s. */
const CLOSE_TIMEOUT_MS = 4000;

/**
 * A connection on which neither a request nor its answer moves is dropped after this, or
 * twice this; the same 12 s as uWebSockets.js.
 */
const HTTP_IDLE_MS = 12_000;

/** Room above our own URL and header limits, so that it is we who answer 414 and 431. */
const HEAD_SLACK_BYTES = 8192;

const WRONG_VERSION =
  'this server speaks HTTP/1.1, and so must a proxy in front (proxy_http_version 1.1 in nginx)';

const decoder = new TextDecoder();

/** Throws UsageError if a limit is out of range. */
export function createWsTransport(
  limits?: Partial<TransportLimits>,
  watch: TransportWatch = defaultWatch,
): Transport {
  return new WsTransport(checkLimits(limits), watch);
}

class WsTransport implements Transport {
  readonly name = 'ws';
  readonly #limits: TransportLimits;
  readonly #watch: TransportWatch;
  readonly #sockets = new Set<WsSocket>();
  /** Every connection, in whatever state: node:http forgets those it handed over. */
  readonly #connections = new Set<TcpSocket>();
  /** The subprotocol that the handler chose, for the moment until ws asks for it. */
  readonly #protocols = new WeakMap<IncomingMessage, string>();
  readonly #webSockets: WebSocketServer;
  #server: Server | undefined;
  #renew: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(limits: TransportLimits, watch: TransportWatch) {
    this.#limits = limits;
    this.#watch = watch;
    const options = {
      noServer: true,
      clientTracking: false,
      maxPayload: limits.maxFrameBytes,
      perMessageDeflate: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handleProtocols: (_offered: Set<string>, request: IncomingMessage) =>
        this.#protocols.get(request) ?? (false as const),
    };
    this.#webSockets = new WebSocketServer(options);
  }

  async listen(options: ListenOptions, handler: TransportHandler): Promise<{ port: number }> {
    if (this.#server) throw new UsageError('this transport has listened already; make another one');
    const server = this.#makeServer(options.tls);
    // An answer that nobody reads; ws takes the limit off the sockets it gets.
    server.timeout = HTTP_IDLE_MS;
    server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
      if (!this.#admits(socket, handler)) socket.destroy();
    });
    server.on('request', (req, res) => this.#request(req, res, handler));
    server.on('upgrade', (req, socket, head) => this.#upgrade(req, socket, head, handler));
    server.on('clientError', (error, socket) => this.#badRequest(error, socket));
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(portError(options, error.code));
      server.once('error', failed);
      server.listen({ port: options.port, host: options.host, exclusive: true }, () => {
        server.off('error', failed);
        server.on('error', (error) => this.#watch.fault(error, 'listener'));
        resolve();
      });
    });
    this.#server = server;
    this.#closed = new Promise((resolve) => server.once('close', resolve));
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_S * 1000).unref();
    return { port: (server.address() as AddressInfo).port };
  }

  #admits(socket: TcpSocket, handler: TransportHandler): boolean {
    return this.#asks('line', () => handler.admits?.(addressOf(socket), this.#connections.size));
  }

  #admitsRequest(socket: Duplex, handler: TransportHandler): boolean {
    return this.#asks('request', () => handler.admitsRequest?.(addressOf(socket)));
  }

  #asks(where: string, ask: () => boolean | undefined): boolean {
    try {
      return ask() ?? true;
    } catch (error) {
      this.#watch.fault(error, where);
      return true;
    }
  }

  #makeServer(tls: TlsFiles | undefined): Server {
    const options = {
      maxHeaderSize: this.#limits.maxUrlBytes + this.#limits.maxHeaderBytes + HEAD_SLACK_BYTES,
      headersTimeout: HTTP_IDLE_MS,
      requestTimeout: HTTP_IDLE_MS,
      keepAliveTimeout: HTTP_IDLE_MS,
      connectionsCheckingInterval: SWEEP_S * 1000,
    };
    if (!tls) return createServer(options);
    const secured = { minVersion: MIN_TLS_VERSION, handshakeTimeout: HTTP_IDLE_MS } as const;
    const server = createSecureServer({ ...options, ...secured, ...readCertificate(tls) });
    // Else it goes to clientError, whose answer waits for ever on a handshake that never ends.
    server.on('tlsClientError', (_error, line) => line.destroy());
    this.#renew = () => server.setSecureContext({ ...secured, ...readCertificate(tls) });
    return server;
  }

  reloadCertificate(): void {
    if (!this.#renew) throw new UsageError('nothing listens with tls here');
    this.#renew();
  }

  stopListening(): void {
    if (this.#server?.listening) this.#server.close();
  }

  async close(): Promise<void> {
    this.stopListening();
    clearInterval(this.#sweeping);
    for (const socket of [...this.#sockets]) socket.cut();
    for (const connection of [...this.#connections]) connection.destroy();
    await this.#closed;
  }

  get #secure(): boolean {
    return this.#renew !== undefined;
  }

  #sweep(): void {
    for (const socket of this.#sockets) socket.sweep(this.#limits.idleTimeoutS);
  }

  /** What node:http itself refused, or a connection that broke before its request was whole. */
  #badRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
    const status =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? 431
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? 408
          : 400;
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else this.#refuse(socket, { status, reason: 'bad request' });
  }

  #refuse(socket: Duplex, refusal: Refusal): void {
    this.#watch.refused(refusal, addressOf(socket));
    writeAndEnd(socket, refusalResponse(refusal, this.#secure));
  }

  #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, handler: TransportHandler): void {
    destroyOnError(socket);
    if (!this.#admitsRequest(socket, handler)) return void socket.destroy();
    const request = headOf(req, this.#limits);
    const refusal = isRefusal(request) ? request : checkUpgrade(request.headers, request.method);
    if (refusal) return this.#refuse(socket, refusal);
    const { path, query, headers } = request as RequestHead;
    const remoteAddress = addressOf(socket);
    const secure = this.#secure;
    const say = (answer: UpgradeAnswer) => {
      if (!answer.accept) return writeAndEnd(socket, refusalResponse(answer, secure));
      if (answer.protocol !== undefined) this.#protocols.set(req, answer.protocol);
      // It cuts a socket that is gone by now.
      this.#webSockets.handleUpgrade(req, socket, head, (native) =>
        this.#open(native, socket as TcpSocket, remoteAddress, answer.context, handler),
      );
    };
    const fail = (error: unknown) => {
      this.#watch.fault(error, 'upgrade');
      writeAndEnd(socket, serverError(secure));
    };
    try {
      const answer = handler.upgrade({ path, query, headers, remoteAddress, secure });
      if (answer instanceof Promise) answer.then(say).catch(fail);
      else say(answer);
    } catch (error) {
      fail(error);
    }
  }

  #open(
    native: WebSocket,
    tcp: TcpSocket,
    remoteAddress: string,
    context: unknown,
    handler: TransportHandler,
  ): void {
    const socket = new WsSocket(native, tcp, remoteAddress, context, this.#limits, this.#watch);
    this.#sockets.add(socket);
    tcp.on('data', () => socket.heard());
    tcp.on('close', () => this.#sockets.delete(socket));
    native.on('message', (bytes: Buffer, isBinary: boolean) => {
      if (!isBinary) return socket.guard.run('text', (own) => own.text());
      socket.guard.message(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    });
    native.on('ping', () => socket.guard.run('ping', (own) => own.ping()));
    // Refused bytes and lost connections; `close` follows and says all there is to say.
    native.on('error', (error) => socket.gone(CloseCode.Lost, error.message));
    native.on('close', (code, reason) => socket.gone(code, decoder.decode(reason)));
    socket.guard.open(handler);
  }

  #request(req: IncomingMessage, res: ServerResponse, handler: TransportHandler): void {
    req.on('error', () => {});
    res.on('error', () => {});
    // What else stands in the line is read all the same, and refused as fast.
    if (!this.#admitsRequest(req.socket, handler)) return void req.socket.destroy();
    const remoteAddress = addressOf(req.socket);
    const head = headOf(req, this.#limits);
    // A handshake that node:http does not take for one: no Connection: Upgrade.
    const refusal = isRefusal(head)
      ? head
      : wantsUpgrade(head)
        ? (checkUpgrade(head.headers, head.method) ?? { status: 400, reason: 'bad handshake' })
        : undefined;
    if (refusal) {
      this.#watch.refused(refusal, remoteAddress);
      return respond(res, refusalResponse(refusal, this.#secure), true);
    }
    const { method, path, query, headers } = head as RequestHead;
    const body = this.#body(req, (head as RequestHead).bodyBytes);
    const facts = { method, path, query, headers, remoteAddress, secure: this.#secure };
    runHttp(handler, { ...facts, body: (limit) => body.read(limit) }, this.#watch)
      .then((response) => respond(res, response, !body.whole))
      .catch((error) => this.#watch.fault(error, 'http answer'));
  }

  #body(req: IncomingMessage, announcedBytes: number): RequestBody {
    const deadline = { timer: undefined as NodeJS.Timeout | undefined };
    const settled = () => clearTimeout(deadline.timer);
    const body = new RequestBody(announcedBytes, this.#limits.maxBodyBytes, settled);
    if (!body.coming) return body;
    const late = () => body.fail(new HttpError(408, 'the body did not come in time'));
    deadline.timer = setTimeout(late, this.#limits.bodyDeadlineMs);
    req.on('data', (chunk: Buffer) => body.push(chunk));
    req.on('end', () => body.end());
    req.on('close', () => body.fail(new HttpError(400, 'the peer went away')));
    return body;
  }
}

/**
 * ws sets its own listener only when it takes the socket over; an error without one is thrown.
 * Apart from the rest, for it lives as long as the socket: what it is made beside would live on
 * with it, headers and their secrets included.
 */
function destroyOnError(socket: Duplex): void {
  socket.on('error', () => socket.destroy());
}

function addressOf(socket: Duplex): string {
  return plainAddress((socket as TcpSocket).remoteAddress ?? '');
}

function headOf(req: IncomingMessage, limits: TransportLimits): RequestHead | Refusal {
  // uWebSockets.js answers 505 to anything else.
  if (req.httpVersion !== '1.1') return { status: 505, reason: WRONG_VERSION };
  const url = req.url ?? '';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? '' : url.slice(mark + 1);
  return readHead({ method: req.method ?? '', path, query, lines: req.rawHeaders }, limits);
}

function respond(res: ServerResponse, response: HttpResponse, closing: boolean): void {
  const { status, headers, body = '' } = response;
  res.writeHead(status, {
    ...headers,
    ...(hasNoBody(status) ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...(closing ? { connection: 'close' } : {}),
  });
  // node:http leaves the body out of an answer to HEAD.
  res.end(hasNoBody(status) ? undefined : body);
}

/** An answer on a socket that node:http has given up already. */
function writeAndEnd(socket: Duplex, { status, headers, body = '' }: HttpResponse): void {
  const lines = Object.entries({
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines.join('')}\r\n`);
  socket.end(body);
}
