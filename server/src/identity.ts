// What the server keeps of a token once it was judged: no token. Made by authenticator.ts; goes
// with a ticket's promise, with a handshake, and with a seat, to other processes as bytes. Trap: a
// monotonic clock means nothing elsewhere, so an expiry travels in ms since 1970.
import { createHash } from 'node:crypto';
import { MsgpackReader, MsgpackWriter } from '@tickwire/protocol';
import { readKept, writeKept } from './cold.ts';

/** Who somebody is, as far as the server is concerned. */
export interface Identity {
  /** seat.auth. */
  readonly auth: unknown;
  /** The same text for all seats of one player; undefined where the room kind names nobody. */
  readonly user: string | undefined;
  /** Monotonic ms at which it is over; Infinity: never. */
  readonly untilMs: number;
}

/** The clocks of a process. */
export interface Clocks {
  /** Monotonic ms. */
  now(): number;
  /** Ms since 1970. */
  wallClockMs(): number;
}

/** Bytes of a user: 255 characters. */
const MAX_USER_BYTES = 3 * 255;

/** Throws UsageError where `auth` is not plain data, which says what of it is not. */
export function writeIdentity(
  out: MsgpackWriter,
  { auth, user, untilMs }: Identity,
  { now, wallClockMs }: Clocks,
): void {
  writeKept(out, 'auth', auth);
  if (user === undefined) out.nil();
  else out.str(user);
  if (untilMs === Number.POSITIVE_INFINITY) out.nil();
  else out.float(wallClockMs() + (untilMs - now()));
}

/** Throws ProtocolError. */
export function readIdentity(from: MsgpackReader, { now, wallClockMs }: Clocks): Identity {
  const auth = readKept(from);
  const user = from.tryNil() ? undefined : from.str(MAX_USER_BYTES);
  const leftMs = from.tryNil() ? Number.POSITIVE_INFINITY : from.float() - wallClockMs();
  return { auth, user, untilMs: now() + leftMs };
}

/** Bits of a hash that tell users apart: none has another's by chance, or finds one that has. */
const KEY_BITS = 96;

/** What tells a user from others where nobody needs to know the name; '' for nobody. */
export function userKey({ user }: Identity): string {
  if (user === undefined) return '';
  const hash = createHash('sha256').update(user).digest('base64url');
  return hash.slice(0, KEY_BITS / 6);
}

/** Bytes of an identity, its own to keep. Throws as writeIdentity does. */
export function packIdentity(identity: Identity, clocks: Clocks): Uint8Array {
  const out = new MsgpackWriter(256);
  writeIdentity(out, identity, clocks);
  return out.bytes().slice();
}

/** Throws ProtocolError. */
export function unpackIdentity(bytes: Uint8Array, clocks: Clocks): Identity {
  const from = new MsgpackReader();
  from.reset(bytes);
  const identity = readIdentity(from, clocks);
  from.end();
  return identity;
}

/** As packIdentity, in base64: for messages that are texts. */
export function packText(identity: Identity, clocks: Clocks): string {
  return Buffer.from(packIdentity(identity, clocks)).toString('base64');
}

/** Throws ProtocolError. */
export function unpackText(text: string, clocks: Clocks): Identity {
  return unpackIdentity(Buffer.from(text, 'base64'), clocks);
}
