// What the rooms of this process have to do with what is beyond them: other rooms that hear them
// (radio.ts), users who are in them and elsewhere (attendance.ts), boards (score-posts.ts). Made by
// shard.ts, asked by rooms through contacts.ts. Nothing of it is done in a tick.
import { Attendance } from './attendance.ts';
import type { Boards } from './boards.ts';
import type { Outside } from './contacts.ts';
import type { Board, Directory, Lease, Post, Presence, Standing } from './directory.ts';
import type { Log } from './log.ts';
import { Radio } from './radio.ts';
import type { GameRoom } from './room.ts';
import { ScorePosts } from './score-posts.ts';
import type { Tally } from './tally.ts';

export interface SwitchboardOptions {
  readonly directory: Directory;
  /** Of a room that is not over. */
  readonly leaseOf: (room: GameRoom) => Lease;
  readonly boards: Boards;
  readonly log: Log;
  readonly tally: Tally;
  /** Monotonic ms. */
  readonly now: () => number;
}

export class Switchboard implements Outside<GameRoom> {
  readonly attendance: Attendance;
  readonly boards: Boards;
  readonly #options: SwitchboardOptions;
  readonly #radio: Radio;
  readonly #posts: ScorePosts;
  /** Rooms that may be asked for their lease, and what it was of those that are over. */
  readonly #here = new Set<GameRoom>();
  readonly #left = new WeakMap<GameRoom, Lease>();
  /** What was asked last was not answered. */
  #away = false;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
    this.#radio = new Radio(options.directory, options.log);
    this.boards = options.boards;
    this.attendance = new Attendance(options);
    const leaseOf = (room: GameRoom) =>
      this.#here.has(room) ? options.leaseOf(room) : this.#left.get(room);
    this.#posts = new ScorePosts({ ...options, leaseOf });
  }

  /** The room is one of this process from now on. */
  add(room: GameRoom): void {
    this.#here.add(room);
    this.#radio.add(room);
  }

  /** The room is over; its `close` may still post. */
  remove(room: GameRoom, lease: Lease): void {
    this.#here.delete(room);
    this.#left.set(room, lease);
    this.#radio.remove(room);
  }

  /** What the directory did not take before: called a few times a second. */
  sweep(): void {
    this.#radio.sweep();
    this.attendance.sweep();
    this.#posts.sweep();
  }

  /** The process ends: nothing is told later. */
  drain(): Promise<void> {
    return this.#posts.drain();
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

  post(room: GameRoom, board: Board, post: Post): void {
    this.#posts.add(room, board, post);
  }

  top(board: Board, from: number, count: number): Promise<readonly Standing[] | undefined> {
    return this.#answer(this.#options.directory.top(board, from, count));
  }

  standing(board: Board, user: string): Promise<Standing | undefined> {
    return this.#answer(this.#options.directory.standing(board, user));
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
