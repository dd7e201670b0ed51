// A player who waits for a match, frame by frame, on the stepper's virtual time. Used by the suites
// about waiting queues.
import type { Waiting } from '@tickwire/client';
import { FrameType, MsgpackReader, readFrame, readWaiting, writePong } from '@tickwire/protocol';
import { RawPlayer } from './raw-player.ts';
import type { Stepper } from './stepper.ts';

/** One who waits, and answers pings as long as it is there. */
export class WaitingPlayer extends RawPlayer {
  answers = true;
  readonly told: (Waiting & { atMs: number })[] = [];
  constructor(stepper: Stepper, transport = stepper.transport) {
    super(stepper, {}, transport.connect({}));
    const keep = this.peer.onMessage!;
    this.peer.onMessage = (bytes) => {
      keep(bytes);
      const from = new MsgpackReader();
      from.reset(bytes);
      const type = readFrame(from, { elements: 0 });
      if (type === FrameType.Waiting) this.told.push({ ...readWaiting(from), atMs: stepper.nowMs });
      if (type === FrameType.Ping && this.answers)
        this.say((out) => writePong(out, from.int(0, 2 ** 32), 0, 0));
    };
  }

  /** What it was told last. */
  get last(): Waiting {
    const { atMs: _, ...rest } = this.told.at(-1)!;
    return rest;
  }

  override get seated(): boolean {
    return this.frames.some((bytes) => bytes[1] === FrameType.Welcome) && this.closed === undefined;
  }
}
