// The game's own code of one room: every hook and handler runs through here. A throw is the end of
// that room; while one runs, the heartbeat names the room, for code that never returns. Made by the
// room, which asks it for its hooks; commands.ts asks for handlers. Trap: nobody waits for a hook
// that is async, but a rejection that nobody takes would end the process.
import { CloseCode } from '@tickwire/protocol';
import type { Pulse } from './heartbeat.ts';
import type { RoomLog } from './room-api.ts';

/** What a room is to the code that runs in it. */
interface Owner {
  readonly id: string;
  readonly over: boolean;
  readonly log: RoomLog;
  end(code: number, reason: string): void;
}

export class GameCode {
  readonly #room: Owner;
  readonly #pulse: Pulse;
  /** Nothing of it runs any more: the room is over, and so is its `close`. */
  stopped = false;
  /** Asked by what comes between ticks. False: for all that is known here another shard has it. */
  mayRun: () => boolean = () => true;
  /** The room's last checkpoint here is made: what it did from then on, nobody would know of. */
  halted = false;

  constructor(room: Owner, pulse: Pulse) {
    this.#room = room;
    this.#pulse = pulse;
  }

  /**
   * Runs a hook, unless the room is over or halted; a throw ends it, and so does a promise of one.
   * `seat`: whom it was about.
   */
  run(where: string, hook: () => unknown, seat?: number): void {
    if (this.#room.over || this.halted) return;
    try {
      const made = this.call(hook);
      if (made instanceof Promise) made.catch((error) => this.fail(where, error, seat));
    } catch (error) {
      this.fail(where, error, seat);
    }
  }

  /** Runs what answers something, and throws what that throws. */
  call<T>(run: () => T): T {
    this.#pulse.begin();
    try {
      return run();
    } finally {
      this.#pulse.end();
    }
  }

  /** The game's code failed: logged, and the room is over; a halted one goes on elsewhere. */
  fail(where: string, error: unknown, seat?: number): void {
    if (this.halted) return;
    const { id, log } = this.#room;
    log.error({ err: error, handler: where, seat }, `room ${id} is closed: its ${where} threw`);
    this.#room.end(CloseCode.RoomError, `the room failed in ${where}`);
  }

  /** The room is over: nothing of it runs any more, and nobody watches. */
  stop(): void {
    this.stopped = true;
    this.#pulse.stop();
  }
}
