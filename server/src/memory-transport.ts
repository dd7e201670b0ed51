// A transport without a network: peers are objects, and bytes move only when a test pumps. Stands
// where uws-transport stands, behind the same interface; the line itself is protocol's linkPair.
// Trap: bytes handed to a handler are overwritten when it returns, to catch whoever keeps them.

import { assert, CloseCode, type Link, linkPair, UsageError } from '@tickwire/protocol';
import { plainAddress, RequestBody, runHttp } from './request.ts';
import { SocketGuard } from './socket-guard.ts';
import {
  checkLimits,
  closeFrame,
  defaultWatch,
  HttpError,
  type HttpResponse,
  type ListenOptions,
  type Socket,
  type Transport,
  type TransportHandler,
  type TransportLimits,
  type TransportWatch,
  type UpgradeAnswer,
} from './transport.ts';

/** What a peer says of itself. Everything has a default: path `/`, no headers, 127.0.0.1. */
export interface MemoryPeerOptions {
  path?: string;
  query?: string;
  /** Names in lower case. */
  headers?: Record<string, string>;
  remoteAddress?: string;
  /** As over TLS. */
  secure?: boolean;
}

export interface MemoryRequest extends MemoryPeerOptions {
  method?: string;
  body?: string | Uint8Array;
}

/** The client's end: a Link, and what a Link has no word for. */
export interface MemoryPeer extends Link {
  /** A text message, which the game protocol does not have. */
  text(): void;
  ping(): void;
  /** The network is lost: both ends see 1006. */
  cut(): void;
}

export interface MemoryTransport extends Transport {
  /**
   * A handshake that is answered at once. Throws HttpError with the status if it is refused, 503 if
   * nothing listens.
   */
  connect(options?: MemoryPeerOptions): MemoryPeer;
  /** A handshake that the server may take its time for. Rejects as `connect` throws. */
  connectLater(options?: MemoryPeerOptions): Promise<MemoryPeer>;
  request(request: MemoryRequest): Promise<HttpResponse>;
  /**
   * Delivers all that was sent, and what is sent meanwhile, in the order sent. Answers how many
   * deliveries.
   */
  pump(): number;
}

/** Deliveries in one pump: more is two ends that answer each other for ever. */
const MAX_DELIVERIES = 100_000;

/** Written over bytes whose time is over; neither 0 nor a valid MessagePack frame of ours. */
const DEAD_BYTE = 0xdd;

/** Throws UsageError if a limit is out of range. */
export function createMemoryTransport(
  limits?: Partial<TransportLimits>,
  watch: TransportWatch = defaultWatch,
): MemoryTransport {
  return new InMemory(checkLimits(limits), watch);
}

class InMemory implements MemoryTransport {
  readonly name = 'memory';
  readonly #limits: TransportLimits;
  readonly #watch: TransportWatch;
  readonly #queue: (() => void)[] = [];
  readonly #sockets = new Set<MemorySocket>();
  #handler: TransportHandler | undefined;
  #listening = false;

  constructor(limits: TransportLimits, watch: TransportWatch) {
    this.#limits = limits;
    this.#watch = watch;
  }

  async listen(options: ListenOptions, handler: TransportHandler): Promise<{ port: number }> {
    if (this.#handler)
      throw new UsageError('this transport has listened already; make another one');
    this.#handler = handler;
    this.#listening = true;
    // Any number will do where there is no network; 1 is one that nobody takes for a real port.
    return { port: options.port || 1 };
  }

  stopListening(): void {
    this.#listening = false;
  }

  async close(): Promise<void> {
    this.stopListening();
    for (const socket of [...this.#sockets]) socket.terminate();
    this.pump();
  }

  connect(options: MemoryPeerOptions = {}): MemoryPeer {
    const answer = this.#handshake(options);
    assert(!(answer instanceof Promise), 'this handshake takes time: use connectLater');
    return this.#open(options, answer);
  }

  async connectLater(options: MemoryPeerOptions = {}): Promise<MemoryPeer> {
    const answer = this.#handshake(options);
    try {
      return this.#open(options, await answer);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #handshake(options: MemoryPeerOptions): UpgradeAnswer | Promise<UpgradeAnswer> {
    try {
      return this.#handlerNow().upgrade(this.#facts(options));
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): HttpError {
    if (error instanceof HttpError) return error;
    this.#watch.fault(error, 'upgrade');
    return new HttpError(500, 'server error');
  }

  #open(options: MemoryPeerOptions, answer: UpgradeAnswer): MemoryPeer {
    if (!answer.accept) throw new HttpError(answer.status, answer.reason);
    const handler = this.#handlerNow();
    const { remoteAddress } = this.#facts(options);
    const { a, b } = linkPair((deliver) => this.#queue.push(deliver));
    const { context } = answer;
    const socket = new MemorySocket(b, remoteAddress, context, this.#limits, this.#watch);
    this.#sockets.add(socket);
    socket.whenGone = () => this.#sockets.delete(socket);
    socket.guard.open(handler);
    const later = (run: () => void) => this.#queue.push(run);
    return Object.assign(a, {
      text: () => later(() => socket.guard.run('text', (own) => own.text())),
      ping: () => later(() => socket.guard.run('ping', (own) => own.ping())),
      cut: () => {
        a.close(CloseCode.Lost, '');
        later(() => a.onClose?.(CloseCode.Lost, ''));
      },
    });
  }

  async request(request: MemoryRequest): Promise<HttpResponse> {
    const handler = this.#handlerNow();
    const bytes =
      typeof request.body === 'string' ? new TextEncoder().encode(request.body) : request.body;
    const body = new RequestBody(bytes?.length ?? 0, this.#limits.maxBodyBytes, () => {});
    if (bytes) body.push(bytes);
    body.end();
    const facts = { method: request.method ?? 'GET', ...this.#facts(request) };
    return runHttp(handler, { ...facts, body: (limit) => body.read(limit) }, this.#watch);
  }

  pump(): number {
    let delivered = 0;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      assert(++delivered <= MAX_DELIVERIES, 'two ends answer each other for ever');
      next();
    }
    return delivered;
  }

  #handlerNow(): TransportHandler {
    if (!this.#handler || !this.#listening) throw new HttpError(503, 'nothing listens');
    return this.#handler;
  }

  #facts(options: MemoryPeerOptions) {
    return {
      path: options.path ?? '/',
      query: options.query ?? '',
      headers: new Map(Object.entries(options.headers ?? {})),
      remoteAddress: plainAddress(options.remoteAddress ?? '127.0.0.1'),
      secure: options.secure ?? false,
    };
  }
}

class MemorySocket implements Socket {
  readonly remoteAddress: string;
  readonly context: unknown;
  readonly guard: SocketGuard;
  whenGone: () => void = () => {};
  readonly #link: Link;
  readonly #limits: TransportLimits;
  #open = true;

  constructor(
    link: Link,
    remoteAddress: string,
    context: unknown,
    limits: TransportLimits,
    watch: TransportWatch,
  ) {
    this.#link = link;
    this.remoteAddress = remoteAddress;
    this.context = context;
    this.#limits = limits;
    this.guard = new SocketGuard(this, watch);
    link.onMessage = (bytes) => this.#take(bytes);
    link.onClose = (code, reason) => this.#gone(code, reason);
  }

  #take(bytes: Uint8Array): void {
    if (!this.#open) return;
    if (bytes.length > this.#limits.maxFrameBytes) return this.terminate();
    this.guard.run('message', (own) => own.message(bytes));
    bytes.fill(DEAD_BYTE);
  }

  send(frame: Uint8Array): void {
    if (!this.#open) return;
    if (this.#link.bufferedBytes > this.#limits.maxBackpressureBytes)
      this.close(CloseCode.SlowSeat, 'too much unsent');
    else this.#link.send(frame);
  }

  bufferedBytes(): number {
    return this.#open ? this.#link.bufferedBytes : 0;
  }

  cork(run: () => void): void {
    run();
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    const frame = closeFrame(code, reason);
    this.#link.close(frame.code, frame.reason);
    this.#gone(frame.code, frame.reason);
  }

  terminate(): void {
    if (!this.#open) return;
    this.#link.close(CloseCode.Lost, '');
    this.#gone(CloseCode.Lost, '');
  }

  #gone(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.whenGone();
    this.guard.closed(code, reason);
  }
}
