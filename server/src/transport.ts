// What the rest of the server knows of sockets and HTTP: the interfaces, and the checks that every
// transport shares. Implemented by uws-transport, ws-transport and memory-transport; whatever a
// peer can reach must act alike in all three. Trap: bytes handed to `SocketHandler.message` die
// when it returns; uWebSockets.js detaches their buffer.

import { assert, UsageError } from '@tickwire/protocol';
import type { TlsFiles } from './certificate.ts';

/** One HTTP request. Header names are in lower case; a header sent twice is joined by ', '. */
export interface HttpRequest {
  /** As sent: `GET`, `POST`... in upper case. */
  readonly method: string;
  /** Raw path, starting with `/`, never decoded: `%2f` stays `%2f`. */
  readonly path: string;
  /** What follows the first `?`, raw; '' without one. */
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  /**
   * The TCP peer's address: dotted IPv4, or IPv6 as eight groups. '' if the peer is gone already.
   */
  readonly remoteAddress: string;
  /** The transport itself ended TLS. */
  readonly secure: boolean;
  /**
   * The whole body. Rejects with HttpError: 413 if it is longer than `limitBytes` (or than
   * `maxBodyBytes`), 408 after `bodyDeadlineMs`, 400 if the peer went away.
   */
  body(limitBytes: number): Promise<Uint8Array>;
}

/**
 * The answer to a request. `content-length` and, where due, `connection: close` are added by the
 * transport.
 */
export interface HttpResponse {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

/** A WebSocket handshake that is well formed. Whether it is welcome is the handler's to say. */
export interface UpgradeRequest {
  readonly path: string;
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
  readonly secure: boolean;
}

/** `protocol` must be one that the peer offered; `context` is handed on as `socket.context`. */
export type UpgradeAnswer =
  | { accept: true; protocol?: string; context?: unknown }
  | { accept: false; status: number; reason: string; headers?: Record<string, string> };

/** One WebSocket, server side. Every method is a no-op once the socket is closed. */
export interface Socket {
  readonly remoteAddress: string;
  readonly context: unknown;
  /**
   * One binary frame. The bytes are copied or written before it returns; the reference is never
   * kept.
   */
  send(frame: Uint8Array): void;
  /**
   * Bytes that wait in this process. The kernel takes megabytes before this moves: no measure of a
   * slow seat.
   */
  bufferedBytes(): number;
  /** Sends made inside `run` leave in one write. */
  cork(run: () => void): void;
  /**
   * Sends a close frame; the reason is cut to 123 bytes of whole UTF-8 characters. Idempotent. The
   * handler's `closed` has run, with this code and reason, when it returns.
   */
  close(code: number, reason: string): void;
  /** Cuts the connection without a close frame: both sides see 1006. */
  terminate(): void;
}

/**
 * What a game server does with one socket. A throw closes that socket with 1011 and is reported.
 */
export interface SocketHandler {
  /** Ids for a line of log that concerns this socket. */
  readonly about?: object;
  /** A binary message. `bytes` are valid only inside the callback. */
  message(bytes: Uint8Array): void;
  /** A text message came; its content is dropped. */
  text(): void;
  /** A ping came; the pong is sent by the transport. */
  ping(): void;
  /**
   * Called once, whatever ended the socket: 1006 without a close frame, 1005 for a frame without a
   * code.
   */
  closed(code: number, reason: string): void;
}

/** The server behind a transport. */
export interface TransportHandler {
  /**
   * A TCP connection was taken, and no byte of it read; `lines` stand now, this one included. False
   * cuts it. Without this method all are let in. In memory there are none.
   */
  admits?(remoteAddress: string, lines: number): boolean;
  /**
   * A request begins, an upgrade or any other, and none of it is read but whose it is. False cuts
   * its line, and what else stands in it. Without this method all are let in.
   */
  admitsRequest?(remoteAddress: string): boolean;
  /** A rejection with HttpError is answered with its status, any other with 500. */
  http(request: HttpRequest): Promise<HttpResponse>;
  /**
   * At once wherever it can be, so that no half-open handshake waits on anything; a promise must
   * settle within a deadline of the handler's own.
   */
  upgrade(request: UpgradeRequest): UpgradeAnswer | Promise<UpgradeAnswer>;
  open(socket: Socket): SocketHandler;
}

export interface ListenOptions {
  port: number;
  host: string;
  /** Speaks TLS, 1.2 or newer, and nothing else. */
  tls?: TlsFiles;
}

export interface Transport {
  readonly name: string;
  /**
   * Port 0 takes a free one. Throws UsageError if the port cannot be opened, or for a certificate
   * that is none.
   */
  listen(options: ListenOptions, handler: TransportHandler): Promise<{ port: number }>;
  /**
   * Reads the files of `tls` again: new connections meet the new certificate, old ones live on.
   * Throws UsageError, and keeps the old one, if they are no pair.
   */
  reloadCertificate?(): void;
  /** New connections are refused; sockets live on. */
  stopListening(): void;
  /**
   * Stops listening and cuts what is left; every socket's handler has seen its end when it
   * resolves.
   */
  close(): Promise<void>;
}

/** What a transport tells its owner beside the handler's calls: for logs and counters. */
export interface TransportWatch {
  /**
   * A handler threw; only the request or socket it belonged to was ended. `about`: the handler's.
   */
  fault(error: unknown, where: string, about?: object): void;
  /** A request was refused before the handler saw it. */
  refused(refusal: Refusal, remoteAddress: string): void;
  /** Connections end in a row, none with a request that could be read. Told once. */
  unread?(): void;
}

/** Faults are printed rather than lost; refusals are daily weather. */
export const defaultWatch: TransportWatch = {
  fault: (error, where) => console.error(`tickwire: a handler threw in ${where}:`, error),
  refused: () => {},
};

/** An answer of the transport itself, or of a handler that refuses by throwing HttpError. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Record<string, string>;
}

/**
 * Thrown or rejected by a handler to answer with a status; the message is the body that the peer
 * reads.
 */
export class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
  }
}

/** Limits of one transport. All are checked when it is made. */
export interface TransportLimits {
  /**
   * Longest message taken from a peer, whole after fragments, inclusive. Longer ones cut the
   * connection.
   */
  maxFrameBytes: number;
  /**
   * A send onto a socket with more than this unsent closes it with 4010. One frame may be longer.
   */
  maxBackpressureBytes: number;
  /**
   * Silence after which a peer is cut, pings included. 8..960 seconds, a multiple of 4; up to 4 s
   * early.
   */
  idleTimeoutS: number;
  /** Longest path and query together; longer ones get 414. */
  maxUrlBytes: number;
  /**
   * All header names and values and 4 bytes for each line; more gets 431. uWebSockets.js takes 8
   * KiB with the request line, unless UWS_HTTP_MAX_HEADERS_SIZE in the environment says more.
   */
  maxHeaderBytes: number;
  /** Longest HTTP body kept, whatever a handler asks for. */
  maxBodyBytes: number;
  /** Time from a request's head to the end of its body. */
  bodyDeadlineMs: number;
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  // The longest honest message is HELLO with its token, at most 4,096 bytes; an input is under 512.
  maxFrameBytes: 4096,
  // Seats stop being sent to by their acks long before; this bounds memory against a reader that
  // never acks.
  maxBackpressureBytes: 64 * 1024,
  // Below the 60 s after which common proxies cut a quiet connection, with room for the ping and
  // its answer.
  idleTimeoutS: 32,
  // Our longest route is a room id behind a kind; tokens are refused in URLs.
  maxUrlBytes: 512,
  // A browser's headers are about 1 KB; an Authorization header with a JWT adds one or two.
  maxHeaderBytes: 4096,
  // A join request carries a token of at most 4 KB; four times that leaves room for a game's own
  // fields.
  maxBodyBytes: 16 * 1024,
  // A body this small comes within one stall of a bad mobile network, and well inside the 12 s idle
  // cut of HTTP.
  bodyDeadlineMs: 5000,
};

/**
 * Fills in defaults. Throws UsageError that names the limit: uWebSockets.js aborts the process on a
 * bad idle time.
 */
export function checkLimits(limits: Partial<TransportLimits> = {}): TransportLimits {
  const all = { ...DEFAULT_TRANSPORT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(all)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new UsageError(`transport limit ${name} is ${value}; give a whole number of 1 or more`);
  }
  const idle = all.idleTimeoutS;
  if (idle < 8 || idle > 960 || idle % 4 !== 0)
    throw new UsageError(`transport limit idleTimeoutS is ${idle}; give 8..960, a multiple of 4`);
  return all;
}

/**
 * Refuses a handshake that RFC 6455 4.2.1 does not allow. uWebSockets.js itself asks only for a key
 * of 24 characters.
 */
export function checkUpgrade(
  headers: ReadonlyMap<string, string>,
  method = 'GET',
): Refusal | undefined {
  if (method !== 'GET')
    return { status: 405, reason: 'a handshake is a GET', headers: { allow: 'GET' } };
  if (headers.has('content-length') || headers.has('transfer-encoding'))
    return { status: 400, reason: 'a handshake has no body' };
  if (!headers.has('host')) return { status: 400, reason: 'a handshake names its host' };
  const connection = (headers.get('connection') ?? '').toLowerCase().split(',');
  if (
    headers.get('upgrade')?.trim().toLowerCase() !== 'websocket' ||
    !connection.some((token) => token.trim() === 'upgrade') ||
    headers.get('sec-websocket-version')?.trim() !== '13'
  )
    return {
      status: 426,
      reason:
        'this server speaks WebSocket version 13 (Upgrade: websocket, Connection: Upgrade, which ' +
        'a proxy in front must pass on)',
      headers: { 'sec-websocket-version': '13', upgrade: 'websocket' },
    };
  // 22 base64 digits and == are 16 bytes.
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headers.get('sec-websocket-key') ?? ''))
    return { status: 400, reason: 'sec-websocket-key is not 16 bytes in base64' };
  return undefined;
}

/** A control frame holds 125 bytes, two of them the code (RFC 6455 5.5). */
const MAX_REASON_BYTES = 123;

/**
 * The longest start of `reason` that fits a close frame, in whole UTF-8 characters; a lone
 * surrogate becomes U+FFFD.
 */
export function cutReason(reason: string): string {
  const room = new Uint8Array(MAX_REASON_BYTES);
  const { written } = new TextEncoder().encodeInto(reason, room);
  return new TextDecoder().decode(room.subarray(0, written));
}

/**
 * Codes an endpoint may put in a close frame (RFC 6455 7.4 and the IANA list): 1005, 1006 and 1015
 * never are.
 */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/** What a close frame of ours carries: a bad code is our own mistake, a long reason is cut. */
export function closeFrame(code: number, reason: string): { code: number; reason: string } {
  assert(isCloseCode(code), `close code ${code} may not be sent`);
  return { code, reason: cutReason(reason) };
}
