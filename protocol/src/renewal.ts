// How a seat outlives the token it was taken with: the server says how long that is good for, and
// the client brings another one before (PROTOCOL.md 11). Write above read; client and server call
// these where they speak of tokens.
import { FrameType } from './frames.ts';
import { MAX_HELLO_BYTES } from './limits.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

/** Ms that an EXPIRY tells at most; what is good for longer is told again. 24 days. */
export const MAX_EXPIRY_MS = 2 ** 31 - 1;

export function writeRenew(out: MsgpackWriter, token: string): void {
  out.arrayHeader(2);
  out.int(FrameType.Renew);
  out.str(token);
}

/** The new token. */
export function readRenew(from: MsgpackReader): string {
  return from.str(MAX_HELLO_BYTES);
}

/** Whole ms from now on, 0..MAX_EXPIRY_MS. */
export function writeExpiry(out: MsgpackWriter, leftMs: number): void {
  out.arrayHeader(2);
  out.int(FrameType.Expiry);
  out.int(leftMs);
}

/** Ms from now on. */
export function readExpiry(from: MsgpackReader): number {
  return from.int(0, MAX_EXPIRY_MS);
}
