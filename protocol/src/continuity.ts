// What goes on of a seat when a new line takes the place of a broken one: what came of its inputs
// and commands, and how many events nobody keeps any more. The server says it after WELCOME, and
// later where it had to let events go; the client says again what did not come (PROTOCOL.md 11).
import { FrameType } from './frames.ts';
import { MAX_TICK } from './limits.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

/** Counts are of the seat, over all its lines. */
export interface Continuity {
  /** Events that the seat was to be told and never will be. */
  lostEvents: number;
  /** Newest tick of which an input came; 0 for none. */
  inputTick: number;
  /** Commands that came, in the order in which they were sent. */
  commands: number;
}

export function writeContinuity(out: MsgpackWriter, continuity: Continuity): void {
  out.arrayHeader(4);
  out.int(FrameType.Continuity);
  out.int(continuity.lostEvents);
  out.int(continuity.inputTick);
  out.int(continuity.commands);
}

export function readContinuity(from: MsgpackReader): Continuity {
  return {
    lostEvents: from.int(0, MAX_TICK),
    inputTick: from.int(0, MAX_TICK),
    commands: from.int(0, MAX_TICK),
  };
}
