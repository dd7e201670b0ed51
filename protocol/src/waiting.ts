// How far a match is that somebody waits for: what a server says to who is in a waiting queue,
// instead of WELCOME and until then (PROTOCOL.md 11). Write above read.
import { FrameType } from './frames.ts';
import { MAX_SEATS, MAX_TICK } from './limits.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

export interface Waiting {
  /** Players who wait for such a match, this one among them. */
  waiting: number;
  /** Of those that are wanted, how many could play together now; fewer than wanted. */
  found: number;
  /** Players of a match. */
  wanted: number;
  /** Whole seconds that it may take yet; undefined where nobody knows. */
  etaS?: number | undefined;
}

export function writeWaiting(out: MsgpackWriter, { waiting, found, wanted, etaS }: Waiting): void {
  out.arrayHeader(5);
  out.int(FrameType.Waiting);
  out.int(waiting);
  out.int(found);
  out.int(wanted);
  if (etaS === undefined) out.nil();
  else out.int(etaS);
}

export function readWaiting(from: MsgpackReader): Waiting {
  return {
    waiting: from.int(0, MAX_TICK),
    found: from.int(0, MAX_SEATS),
    wanted: from.int(0, MAX_SEATS),
    etaS: from.tryNil() ? undefined : from.int(0, MAX_TICK),
  };
}
