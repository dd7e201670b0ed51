// What one room has to do with others: the topics it listens to, and what it asks about users. Made
// by room.ts, which hands on what the game asks; saved with the room by room-state.ts. Trap: a game
// may ask within `open`, before the room is known to anybody: what is outside takes it up when the
// room starts.
import { UsageError } from '@tickwire/protocol';
import { isUser, USER_RULE } from './admission.ts';
import { type Boards, MOST_ROWS, MOST_SCORE, type PageOptions, readPage } from './boards.ts';
import { NAME_RULE, readChannel } from './channel.ts';
import type { Board, Post, Presence, Standing } from './directory.ts';

/** What a room may say and ask beyond itself; the shard's. No promise of it rejects. */
export interface Outside<Inside> {
  publish(room: Inside, channel: string, data: unknown): void;
  /** The room's topics changed. */
  tune(room: Inside, channel: string, isHeard: boolean): void;
  readonly boards: Boards;
  /** Later, where the directory does not take it now. */
  post(room: Inside, board: Board, post: Post): void;
  // Undefined while the directory does not answer.
  /** In the order of the users. */
  whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[] | undefined>;
  top(board: Board, from: number, count: number): Promise<readonly Standing[] | undefined>;
  standing(board: Board, user: string): Promise<Standing | undefined>;
}

/** What a room is to its contacts. */
interface Asking {
  readonly over: boolean;
  readonly code: { readonly stopped: boolean };
  readonly definition: { readonly hears?: Readonly<Record<string, unknown>> };
}

/** Topics of one room: a lobby of as many parties. */
export const MOST_TOPICS = 1_000;

/** Names a post; stands in a store beside the user. */
const ONCE = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Users in one question: a long list of friends. */
const MOST_USERS = 256;

export class Contacts<Inside extends Asking> {
  /** Channels with a topic that the room listens to. */
  readonly topics = new Set<string>();
  readonly #room: Inside;
  readonly #outside: Outside<Inside> | undefined;

  constructor(room: Inside, outside: Outside<Inside> | undefined) {
    this.#room = room;
    this.#outside = outside;
  }

  publish(channel: string, data: unknown): void {
    this.#outside?.publish(this.#room, channel, data);
  }

  /** Throws UsageError for what no handler could hear, and beyond MOST_TOPICS. */
  subscribe(channel: string): void {
    this.#check('subscribe', channel);
    if (this.#room.over || this.topics.has(channel)) return;
    if (this.topics.size >= MOST_TOPICS)
      throw new UsageError(`subscribe('${channel}'): a room has ${MOST_TOPICS} topics at most`);
    this.topics.add(channel);
    this.#outside?.tune(this.#room, channel, true);
  }

  /** Throws UsageError for what nobody can subscribe to. */
  unsubscribe(channel: string): void {
    this.#check('unsubscribe', channel);
    if (this.#room.over || !this.topics.delete(channel)) return;
    this.#outside?.tune(this.#room, channel, false);
  }

  /** Throws UsageError for what is no user. */
  whereIs(user: string): Promise<readonly Presence[] | undefined> {
    return this.#told(this.#whereabouts('whereIs', [user]), ([found]) => found);
  }

  /** Throws UsageError for what is no user, and for too many. */
  whereAre(
    users: readonly string[],
  ): Promise<ReadonlyMap<string, readonly Presence[]> | undefined> {
    const asked = [...new Set(users)];
    const read = (found: readonly (readonly Presence[])[]) =>
      new Map(found.map((rooms, index) => [asked[index], rooms]));
    return this.#told(this.#whereabouts('whereAre', asked), read);
  }

  /** Throws UsageError for what cannot stand on the board, and where a sum might count twice. */
  score(name: string, user: string, score: number, { once }: { once?: string } = {}): void {
    const what = `score('${name}')`;
    const board = this.#board(what, name);
    checkUser(what, user);
    if (!(typeof score === 'number' && Math.abs(score) <= MOST_SCORE))
      throw new UsageError(`${what}: ${score}: wants a number within +-${MOST_SCORE}`);
    if (once === undefined && board.keep === 'sum')
      throw new UsageError(`${what}: a sum wants { once }: a room that goes on posts again`);
    if (once !== undefined && !ONCE.test(once))
      throw new UsageError(`${what}: once: '${once}': wants 1..64 letters, digits, _, -, . or :`);
    if (!this.#room.code.stopped) this.#outside?.post(this.#room, board, { user, score, once });
  }

  /** Throws UsageError for no board, and for a page that is none. */
  top(name: string, options: PageOptions = {}): Promise<readonly Standing[] | undefined> {
    const what = `top('${name}')`;
    const board = this.#board(what, name);
    const page = readPage(options);
    if (!page) throw new UsageError(`${what}: wants from 0.., and count 1..${MOST_ROWS}`);
    return this.#told(this.#outside!.top(board, page.from, page.count), (rows) => rows);
  }

  /** Throws UsageError for no board and for what is no user. */
  standing(name: string, user: string): Promise<Standing | undefined> {
    const what = `standing('${name}')`;
    const board = this.#board(what, name);
    checkUser(what, user);
    return this.#told(this.#outside!.standing(board, user), (row) => row);
  }

  #board(what: string, name: string): Board {
    const boards = this.#outside?.boards;
    const board = boards?.get(name);
    if (board) return board;
    const names = [...(boards?.keys() ?? [])].join(', ') || 'none';
    throw new UsageError(`${what}: serve({ boards }) has ${names}`);
  }

  #whereabouts(what: string, users: readonly string[]): ReturnType<Outside<Inside>['whereabouts']> {
    if (users.length > MOST_USERS)
      throw new UsageError(`${what}: ${users.length} users at once, of ${MOST_USERS}`);
    for (const user of users) checkUser(what, user);
    return this.#outside?.whereabouts(users) ?? Promise.resolve(undefined);
  }

  /** An answer, unless the room is gone by then: nothing of its code is to run any more. */
  #told<Found, Answer>(
    asked: Promise<Found | undefined>,
    read: (found: Found) => Answer,
  ): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      void asked.then((found) => {
        if (!this.#room.code.stopped) resolve(found === undefined ? undefined : read(found));
      });
    });
  }

  #check(what: string, channel: string): void {
    const { name, hasTopic = false } = readChannel(channel) ?? {};
    if (name === undefined || !hasTopic)
      throw new UsageError(`${what}('${channel}'): wants name.topic, each ${NAME_RULE}`);
    if (!Object.hasOwn(this.#room.definition.hears ?? {}, name))
      throw new UsageError(`${what}('${channel}'): the kind has no handler hears.${name}`);
  }
}

function checkUser(what: string, user: string): void {
  if (!isUser(user)) throw new UsageError(`${what}: a user is ${USER_RULE}`);
}
