// What the rooms of this process have to do with what is beyond them: the other rooms that hear
// them (radio.ts), the users who are in them and elsewhere (attendance.ts). Made by shard.ts, asked
// by rooms through contacts.ts. Nothing of it is done in a tick.

import { Attendance } from './attendance.ts';
import type { Outside } from './contacts.ts';
import type { Directory, Lease, Presence } from './directory.ts';
import type { Log } from './log.ts';
import { Radio } from './radio.ts';
import type { GameRoom } from './room.ts';

export interface SwitchboardOptions {
  readonly directory: Directory;
  /** Of a room that is not over. */
  readonly leaseOf: (room: GameRoom) => Lease;
  readonly log: Log;
  /** Monotonic ms. */
  readonly now: () => number;
}

export class Switchboard implements Outside<GameRoom> {
  readonly attendance: Attendance;
  readonly #options: SwitchboardOptions;
  readonly #radio: Radio;
  /** What was asked last was not answered. */
  #away = false;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
    this.#radio = new Radio(options.directory, options.log);
    this.attendance = new Attendance(options);
  }

  /** The room is one of this process from now on. */
  add(room: GameRoom): void {
    this.#radio.add(room);
  }

  remove(room: GameRoom): void {
    this.#radio.remove(room);
  }

  /** What the directory did not take before: called a few times a second. */
  sweep(): void {
    this.#radio.sweep();
    this.attendance.sweep();
  }

  publish(room: GameRoom, channel: string, data: unknown): void {
    this.#radio.publish(room, channel, data);
  }

  tune(room: GameRoom, channel: string, isHeard: boolean): void {
    this.#radio.tune(room, channel, isHeard);
  }

  whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[] | undefined> {
    return this.#answer(this.#options.directory.whereabouts(users));
  }

  /** Undefined for what is not answered: a room has no use for the reason. */
  async #answer<T>(asked: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await asked;
      this.#away = false;
      return answer;
    } catch (error) {
      if (!this.#away)
        this.#options.log.error({ err: error }, 'a question of a room is not answered');
      this.#away = true;
      return undefined;
    }
  }
}
