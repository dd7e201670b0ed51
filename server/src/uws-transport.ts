// The default transport: uWebSockets.js, which uws-package.ts loads when it is asked for. Shares
// its checks with ws-transport through request.ts and socket-guard.ts; transports.ts picks between
// them. Trap: a throw out of a native callback aborts the process or leaves the socket open, so
// each one is guarded, and requests and sockets of uWebSockets.js throw when touched after their
// end.

import type * as uws from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import { UsageError } from '@tickwire/protocol';
import { readCertificate, type TlsFiles } from './certificate.ts';
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
import { UnreadLines } from './unread-lines.ts';
import { loadUws, type Uws } from './uws-package.ts';
import { freePort, openPort } from './uws-port.ts';
import { type Native, type UserData, UwsSocket } from './uws-socket.ts';

/**
 * Times the send limit at which uWebSockets.js itself drops: close frames still fit, unread pongs
 * are bounded.
 */
const NATIVE_BACKPRESSURE = 2;

const decoder = new TextDecoder();

/** Throws UsageError if the package cannot be loaded or a limit is out of range. */
export async function createUwsTransport(
  limits?: Partial<TransportLimits>,
  watch: TransportWatch = defaultWatch,
  load: () => Promise<unknown> = loadUws,
): Promise<Transport> {
  return new UwsTransport(checkLimits(limits), watch, (await load()) as Uws);
}

class UwsTransport implements Transport {
  readonly name = 'uws';
  readonly #limits: TransportLimits;
  readonly #watch: TransportWatch;
  readonly #uws: Uws;
  readonly #sockets = new Set<UwsSocket>();
  /** One, and one more for each certificate that came later: lines of the old ones live on. */
  readonly #apps: uws.TemplatedApp[] = [];
  #listening: uws.us_listen_socket | undefined;
  #secure = false;
  /** TCP connections, sockets included. */
  #lines = 0;
  /** Lines that we cut and whose end was not told yet. */
  #cut = 0;
  readonly #unread: UnreadLines;
  #renew: (() => void) | undefined;

  constructor(limits: TransportLimits, watch: TransportWatch, native: Uws) {
    this.#limits = limits;
    this.#watch = watch;
    this.#uws = native;
    this.#unread = new UnreadLines(() => watch.unread?.());
  }

  async listen(options: ListenOptions, handler: TransportHandler): Promise<{ port: number }> {
    if (this.#apps.length > 0)
      throw new UsageError('this transport has listened already; make another one');
    const { host, tls } = options;
    this.#secure = tls !== undefined;
    const app = this.#makeApp(tls, handler);
    const port = options.port === 0 ? await freePort(host) : options.port;
    const socket = openPort(app, { host, port });
    if (!socket) throw portError(options);
    this.#apps.push(app);
    this.#listening = socket;
    if (tls) this.#renew = () => this.#replaceApp(tls, { host, port }, handler);
    return { port: this.#uws.us_socket_local_port(socket as uws.us_socket) };
  }

  reloadCertificate(): void {
    if (!this.#renew || !this.#listening) throw new UsageError('nothing listens with tls here');
    this.#renew();
  }

  #makeApp(tls: TlsFiles | undefined, handler: TransportHandler): uws.TemplatedApp {
    // uWebSockets.js reads the files itself, and does not say what is wrong with them.
    if (tls) readCertificate(tls);
    const app = tls
      ? this.#uws.SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile })
      : this.#uws.App();
    app.ws<UserData>('/*', this.#behavior(handler));
    const counted = (res: uws.HttpResponse, change: unknown) => {
      this.#lines += Number(change);
      // At the end of a line its address is gone: they are counted together, not by address.
      if (Number(change) < 0) return this.#lineEnded();
      if (!handler.admits) return;
      const address = plainAddress(decoder.decode(res.getRemoteAddressAsText()));
      if (handler.admits(address, this.#lines)) return;
      this.#cut++;
      res.close();
    };
    app.filter(this.#guarded('line', counted));
    const request = this.#guarded('request', this.#request.bind(this, handler));
    app.any('/*', request);
    return app;
  }

  /**
   * The default certificate is fixed for the life of an app, so another app takes the port over. It
   * is ready before the old one lets go; connections that come between are reset (a third of a
   * millisecond), and clients try again.
   */
  #replaceApp(
    tls: TlsFiles,
    address: { host: string; port: number },
    handler: TransportHandler,
  ): void {
    const app = this.#makeApp(tls, handler);
    this.stopListening();
    const socket = openPort(app, address);
    this.#listening = socket || openPort(this.#apps[this.#apps.length - 1], address) || undefined;
    if (!socket) throw portError(address);
    this.#apps.push(app);
  }

  #lineEnded(): void {
    if (this.#cut > 0) this.#cut--;
    else this.#unread.ended();
  }

  stopListening(): void {
    if (this.#listening) this.#uws.us_listen_socket_close(this.#listening);
    this.#listening = undefined;
  }

  async close(): Promise<void> {
    this.stopListening();
    for (const socket of [...this.#sockets]) socket.terminate();
    for (const app of this.#apps) app.close();
  }

  /**
   * All that native code calls goes through here, whatever it is about: what is thrown out of such
   * a call ends the process, or leaves it with a request that nobody answers. None has more than
   * three arguments, and a list of them would be garbage for each message.
   */
  #guarded<Call extends (...given: never) => void>(where: string, run: Call): Call {
    const call = run as unknown as (a: unknown, b: unknown, c: unknown) => void;
    const guarded = (a: unknown, b: unknown, c: unknown): void => {
      try {
        call(a, b, c);
      } catch (error) {
        this.#watch.fault(error, where);
      }
    };
    return guarded as unknown as Call;
  }

  #behavior(handler: TransportHandler): uws.WebSocketBehavior<UserData> {
    const { maxFrameBytes, maxBackpressureBytes, idleTimeoutS } = this.#limits;
    const guardOf = (ws: Native) => ws.getUserData().guard;
    return {
      maxPayloadLength: maxFrameBytes,
      maxBackpressure: maxBackpressureBytes * NATIVE_BACKPRESSURE,
      idleTimeout: idleTimeoutS,
      sendPingsAutomatically: true,
      // A deflated delta frame saves little and its window costs up to 78 KB a connection.
      compression: this.#uws.DISABLED,
      maxLifetime: 0,
      upgrade: this.#guarded('upgrade', this.#upgrade.bind(this, handler)),
      open: this.#guarded('open', (ws: Native) => this.#open(ws, handler)),
      message: this.#guarded('message', (ws: Native, bytes: ArrayBuffer, isBinary: boolean) => {
        const guard = guardOf(ws);
        if (isBinary) guard?.message(new Uint8Array(bytes));
        else guard?.run('text', (socket) => socket.text());
      }),
      ping: this.#guarded('ping', (ws: Native) => {
        guardOf(ws)?.run('ping', (socket) => socket.ping());
      }),
      close: this.#guarded('close', (ws: Native, code: number, reason: ArrayBuffer) => {
        // The filter tells of every line that begins, and of the end of those that are no sockets.
        this.#lines--;
        const { socket } = ws.getUserData();
        if (!socket) return;
        this.#sockets.delete(socket);
        socket.gone(code, decoder.decode(reason));
      }),
    };
  }

  #open(ws: Native, handler: TransportHandler): void {
    const data = ws.getUserData();
    const address = plainAddress(decoder.decode(ws.getRemoteAddressAsText()));
    const socket = new UwsSocket(ws, address, data.context, this.#limits, this.#watch);
    data.socket = socket;
    data.guard = socket.guard;
    this.#sockets.add(socket);
    socket.guard.open(handler);
  }

  #upgrade(
    handler: TransportHandler,
    res: uws.HttpResponse,
    req: uws.HttpRequest,
    context: uws.us_socket_context_t,
  ): void {
    // First of all: without it, a throw below would abort the process.
    const line = { over: false };
    res.onAborted(() => {
      line.over = true;
    });
    this.#unread.read(this.#lines);
    try {
      const remoteAddress = plainAddress(decoder.decode(res.getRemoteAddressAsText()));
      if (handler.admitsRequest?.(remoteAddress) === false) return void res.close();
      const head = headOf(req, this.#limits);
      const refusal = isRefusal(head) ? head : checkUpgrade(head.headers, head.method);
      if (refusal) return this.#refuse(res, refusal, remoteAddress);
      const { path, query, headers } = head as RequestHead;
      const secure = this.#secure;
      const key = headers.get('sec-websocket-key') as string;
      const say = (answer: UpgradeAnswer) => this.#answerUpgrade(res, context, key, answer);
      const answer = handler.upgrade({ path, query, headers, remoteAddress, secure });
      if (!(answer instanceof Promise)) return say(answer);
      const later = (run: () => void) => line.over || res.cork(this.#guarded('upgrade', run));
      answer.then(
        (made) => later(() => say(made)),
        (error) => later(() => this.#failUpgrade(res, error)),
      );
    } catch (error) {
      this.#failUpgrade(res, error);
    }
  }

  #answerUpgrade(
    res: uws.HttpResponse,
    context: uws.us_socket_context_t,
    key: string,
    answer: UpgradeAnswer,
  ): void {
    if (answer.accept) {
      const data = { context: answer.context, socket: undefined, guard: undefined };
      res.upgrade(data, key, answer.protocol ?? '', '', context);
    } else {
      const how = { headOnly: false, closing: true };
      respond(res, refusalResponse(answer, this.#secure), how);
    }
  }

  #failUpgrade(res: uws.HttpResponse, error: unknown): void {
    this.#watch.fault(error, 'upgrade');
    respond(res, serverError(this.#secure), { headOnly: false, closing: true });
  }

  #refuse(res: uws.HttpResponse, refusal: Refusal, remoteAddress: string): void {
    this.#watch.refused(refusal, remoteAddress);
    respond(res, refusalResponse(refusal, this.#secure), { headOnly: false, closing: true });
  }

  #request(handler: TransportHandler, res: uws.HttpResponse, req: uws.HttpRequest): void {
    let over = false;
    let body: RequestBody | undefined;
    const aborted = () => {
      over = true;
      body?.fail(new HttpError(400, 'the peer went away'));
    };
    res.onAborted(this.#guarded('aborted', aborted));
    this.#unread.read(this.#lines);
    const remoteAddress = plainAddress(decoder.decode(res.getRemoteAddressAsText()));
    if (handler.admitsRequest?.(remoteAddress) === false) return void res.close();
    const head = headOf(req, this.#limits);
    if (isRefusal(head)) return this.#refuse(res, head, remoteAddress);
    if (wantsUpgrade(head)) {
      // A good handshake never comes here: uWebSockets.js hands GETs with a whole key to #upgrade.
      const refusal = checkUpgrade(head.headers, head.method);
      return this.#refuse(res, refusal ?? { status: 400, reason: 'bad handshake' }, remoteAddress);
    }
    const arriving = this.#body(res, head);
    body = arriving;
    const { method, path, query, headers } = head;
    const facts = { method, path, query, headers, remoteAddress, secure: this.#secure };
    runHttp(handler, { ...facts, body: (limit) => arriving.read(limit) }, this.#watch)
      .then((response) => {
        if (over) return;
        over = true;
        const closing = !arriving.whole;
        const answer = () => respond(res, response, { headOnly: method === 'HEAD', closing });
        res.cork(this.#guarded('http answer', answer));
      })
      .catch((error) => this.#watch.fault(error, 'http answer'));
  }

  /** Starts to read at once: what comes before `onData` is set is lost. */
  #body(res: uws.HttpResponse, head: RequestHead): RequestBody {
    const deadline = { timer: undefined as NodeJS.Timeout | undefined };
    const settled = () => clearTimeout(deadline.timer);
    const body = new RequestBody(head.bodyBytes, this.#limits.maxBodyBytes, settled);
    if (!body.coming) return body;
    const late = () => body.fail(new HttpError(408, 'the body did not come in time'));
    deadline.timer = setTimeout(late, this.#limits.bodyDeadlineMs);
    const came = (chunk: ArrayBuffer, isLast: boolean) => {
      body.push(new Uint8Array(chunk));
      if (isLast) body.end();
    };
    res.onData(this.#guarded('body', came));
    return body;
  }
}

/** The native request is gone when its callback returns, so everything is read at once. */
function headOf(req: uws.HttpRequest, limits: TransportLimits): RequestHead | Refusal {
  const lines: string[] = [];
  req.forEach((name, value) => {
    lines.push(name, value);
  });
  return readHead(
    {
      method: req.getCaseSensitiveMethod(),
      path: req.getUrl(),
      // Undefined without a question mark, whatever the typings say.
      query: req.getQuery() ?? '',
      lines,
    },
    limits,
  );
}

function respond(
  res: uws.HttpResponse,
  response: HttpResponse,
  how: { headOnly: boolean; closing: boolean },
): void {
  const { status, headers = {}, body = '' } = response;
  res.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Unknown'}`);
  for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
  // Called with undefined as a length, it never ends the answer (seen with 3.0.6).
  if (hasNoBody(status) && !how.closing) res.endWithoutBody();
  else if (how.headOnly) res.endWithoutBody(Buffer.byteLength(body), how.closing);
  else res.end(body, how.closing);
}
