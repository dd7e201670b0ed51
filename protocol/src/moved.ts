// Where a room lives that is not here: the server's answer to HELLO, or its last word on a seat's
// line (PROTOCOL.md 11). Write above read. Trap: a client goes where this says with what proves its
// seat, so addresses are of one strict form; whether one may be gone to from where the client came
// is its own to judge (mayFollow).
import { badValue, UsageError } from './errors.ts';
import { FrameType } from './frames.ts';
import { MAX_ADDRESS_CHARS, MAX_TICKET_CHARS } from './limits.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

export interface Moved {
  /**
   * ws:, wss:, http: or https:; `:9002`, another port of the host that says so; '' is the address
   * that the client was given.
   */
  url: string;
  /** To say HELLO with there; '' for what was said here. */
  ticket: string;
}

/**
 * Scheme, host, port, path and query: no user, no fragment, nothing that parsers of addresses read
 * in different ways (backslashes, spaces, controls, letters beyond ASCII).
 */
const ADDRESS = /^(ws|http)s?:\/\/[\w.:[\]-]+([/?][!"$-[\]-~]*)?$/i;
/** A server that knows its port and not by what name its players reach it. */
const PORT = /^:[1-9]\d{0,4}$/;
/** What stands before a port, and the port. */
const HOST = /^(\w+:\/\/[^/?]+?)(:\d+)?(?=[/?]|$)/;
const SECURE = /^(wss|https):/i;
/** To this machine: nobody is between. */
const LOOPBACK = /^\w+:\/\/(localhost|127\.[\d.]+|\[::1])([:/?]|$)/i;

/** Whether MOVED may name it. */
export function isAddress(url: string): boolean {
  return url.length <= MAX_ADDRESS_CHARS && (ADDRESS.test(url) || PORT.test(url));
}

/** Where `url` leads for who stands at `here`: a port alone keeps scheme, host and path. */
export function addressFrom(here: string, url: string): string {
  return url[0] === ':' ? here.replace(HOST, `$1${url}`) : url;
}

/** Whether a client given `entry` may go to `url`: no private line leads to an open one. */
export function mayFollow(entry: string, url: string): boolean {
  return SECURE.test(url) || !SECURE.test(entry) || LOOPBACK.test(url);
}

/** Throws UsageError for an address that no client would go to. */
export function writeMoved(out: MsgpackWriter, { url, ticket }: Moved): void {
  if (url && !isAddress(url)) throw new UsageError(`'${url}' is no address that a client goes to`);
  out.arrayHeader(3);
  out.int(FrameType.Moved);
  out.str(url);
  out.str(ticket);
}

export function readMoved(from: MsgpackReader): Moved {
  const moved = { url: from.str(MAX_ADDRESS_CHARS), ticket: from.str(MAX_TICKET_CHARS) };
  if (moved.url && !isAddress(moved.url)) badValue('an address that is none');
  return moved;
}
