// What a request is made of: its head with every limit applied, the peer's address, its body as it
// arrives. Used by the transports, so that both refuse the same bytes with the same status;
// transport.ts has the limits. Trap: a path is raw and stays raw; nothing here decodes, so nothing
// can be decoded twice.

import { assert, UsageError } from '@tickwire/protocol';
import { withSecurityHeaders } from './security-headers.ts';
import {
  HttpError,
  type HttpRequest,
  type HttpResponse,
  type Refusal,
  type TransportHandler,
  type TransportLimits,
  type TransportWatch,
} from './transport.ts';

/** The facts of a request, as every transport reads them. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  /** The body's announced length; 0 without a body. */
  readonly bodyBytes: number;
}

export function isRefusal(head: RequestHead | Refusal): head is Refusal {
  return 'status' in head;
}

/**
 * `lines` alternates names and values, as Node's `rawHeaders`. Refuses what is too long or says its
 * length twice.
 */
export function readHead(
  request: { method: string; path: string; query: string; lines: readonly string[] },
  limits: TransportLimits,
): RequestHead | Refusal {
  const { method, path, query, lines } = request;
  if (!path.startsWith('/')) return { status: 400, reason: 'the path must start with /' };
  if (path.length + query.length + 1 > limits.maxUrlBytes)
    return { status: 414, reason: `the URL is longer than ${limits.maxUrlBytes} bytes` };
  const headers = new Map<string, string>();
  let bytes = 0;
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index].toLowerCase();
    const value = lines[index + 1];
    bytes += name.length + value.length + 4;
    if (bytes > limits.maxHeaderBytes)
      return { status: 431, reason: `the headers are longer than ${limits.maxHeaderBytes} bytes` };
    const before = headers.get(name);
    if (before !== undefined && (name === 'content-length' || name === 'host'))
      return { status: 400, reason: `${name} is given twice` };
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const length = headers.get('content-length');
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    return { status: 400, reason: 'content-length is not a number' };
  const head = { method, path, query, headers, bodyBytes: Number(length ?? 0) };
  if (headers.has('transfer-encoding') && !wantsUpgrade(head))
    return { status: 411, reason: 'send the body with a content-length' };
  return head;
}

/**
 * A request that asks for another protocol, or carries a WebSocket key, is judged as a handshake.
 */
export function wantsUpgrade(head: RequestHead): boolean {
  return head.headers.has('upgrade') || head.headers.has('sec-websocket-key');
}

/**
 * One text for one address, whichever transport read it: an IPv4 peer of an IPv6 socket is dotted
 * IPv4, IPv6 is eight groups of lower-case hex without leading zeros. What is neither comes back as
 * it is.
 */
export function plainAddress(text: string): string {
  const address = text.toLowerCase().replace(/%.*$/, '');
  if (!address.includes(':')) return address;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const whole = dotted
    ? `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}`
    : address;
  const [left, right] = whole.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const gap = right === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array<string>(gap).fill('0'), ...tail].map((group) =>
    Number.parseInt(group, 16),
  );
  if (groups.length !== 8 || groups.some((group) => !(group <= 0xffff))) return address;
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return `${groups[6] >> 8}.${groups[6] & 255}.${groups[7] >> 8}.${groups[7] & 255}`;
  return groups.map((group) => group.toString(16)).join(':');
}

function pair(high: string, low: string): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

/**
 * A request's body as it arrives. The transport pushes, ends or fails it; the handler reads it,
 * once, if it wants it.
 */
export class RequestBody {
  readonly #limitBytes: number;
  readonly #settled: () => void;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #state: { kind: 'coming' } | { kind: 'whole' } | { kind: 'failed'; error: HttpError };
  #notify: (() => void) | undefined;

  /** `settled` runs once, when nothing more is waited for: the place to clear the deadline. */
  constructor(announcedBytes: number, limitBytes: number, settled: () => void) {
    this.#limitBytes = limitBytes;
    this.#settled = settled;
    this.#state = announcedBytes === 0 ? { kind: 'whole' } : { kind: 'coming' };
    if (announcedBytes > limitBytes) this.fail(tooLong(limitBytes));
  }

  get coming(): boolean {
    return this.#state.kind === 'coming';
  }

  get whole(): boolean {
    return this.#state.kind === 'whole';
  }

  /** Copies the chunk. */
  push(chunk: Uint8Array): void {
    if (this.#state.kind !== 'coming') return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limitBytes) this.fail(tooLong(this.#limitBytes));
    else this.#chunks.push(chunk.slice());
  }

  end(): void {
    if (this.#state.kind === 'coming') this.#settle({ kind: 'whole' });
  }

  fail(error: HttpError): void {
    if (this.#state.kind !== 'coming') return;
    this.#chunks = [];
    this.#settle({ kind: 'failed', error });
  }

  #settle(state: { kind: 'whole' } | { kind: 'failed'; error: HttpError }): void {
    this.#state = state;
    this.#settled();
    this.#notify?.();
  }

  async read(limitBytes: number): Promise<Uint8Array> {
    if (this.#state.kind === 'coming')
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    if (this.#state.kind === 'failed') throw this.#state.error;
    if (this.#bytes > limitBytes) throw tooLong(limitBytes);
    const body = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      body.set(chunk, offset);
      offset += chunk.length;
    }
    return body;
  }
}

function tooLong(limitBytes: number): HttpError {
  return new HttpError(413, `the body is longer than ${limitBytes} bytes`);
}

/** The handler's answer, or the one for what it threw. Never rejects. */
export async function runHttp(
  handler: TransportHandler,
  request: HttpRequest,
  watch: TransportWatch,
): Promise<HttpResponse> {
  try {
    const response = await handler.http(request);
    checkResponse(response);
    return withSecurityHeaders(response, request.secure);
  } catch (error) {
    if (error instanceof HttpError && error.status >= 400 && error.status <= 599)
      return refusalResponse({ status: error.status, reason: error.message }, request.secure);
    watch.fault(error, 'http');
    return serverError(request.secure);
  }
}

/** uWebSockets.js writes any text as a header, line breaks included. */
function checkResponse(response: HttpResponse): void {
  const { status, headers = {} } = response;
  assert(Number.isInteger(status) && status >= 200 && status <= 599, `HTTP status ${status}`);
  for (const [name, value] of Object.entries(headers)) {
    assert(/^[\w-]+$/.test(name), `HTTP header name ${JSON.stringify(name)}`);
    assert(/^[\t\x20-\x7e]*$/.test(value), `HTTP header ${name} has a character outside ASCII`);
  }
}

/** `secure` as in `withSecurityHeaders`. */
export function refusalResponse(refusal: Refusal, secure: boolean): HttpResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...refusal.headers };
  return withSecurityHeaders({ status: refusal.status, headers, body: refusal.reason }, secure);
}

export function serverError(secure: boolean): HttpResponse {
  return refusalResponse({ status: 500, reason: 'server error' }, secure);
}

/** Statuses whose answers have no body and no content-length (RFC 9110 8.6). */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}

/** A port could not be opened: it may be free the next time. */
export class PortError extends UsageError {}

/** Why a port could not be opened, with the cure. uWebSockets.js gives no code at all. */
export function portError(options: { port: number; host: string }, code = 'EADDRINUSE'): PortError {
  const cause =
    code === 'EADDRINUSE'
      ? 'is in use, or not ours to open: stop what listens there, pass another port, or a host ' +
        'that is an address of this machine'
      : `cannot be opened (${code}); pass another port, or a host address of this machine`;
  return new PortError(`port ${options.port} on ${options.host} ${cause}`);
}
