// The page's place in a room, kept as long as the page is open: joins, resumes, and joins afresh
// when the seat is gone. Wraps `connect` of the client; everything else on the page asks here for
// the game of the moment. The trap: after a server restart `game` is another object, so nobody may
// keep one.

import { ConnectError, connect } from '@tickwire/client';
import { arena } from '../game.ts';
import type { Controls } from '../movement.ts';
import { PUBLIC_ROOM } from './options.ts';

export type ArenaGame = Awaited<ReturnType<typeof join>>;
type Link = NonNullable<Parameters<typeof connect>[1]['link']>;

/** What stands in the banner. `live`: nothing. */
export type SessionState =
  | { kind: 'live' }
  | { kind: 'joining' }
  | { kind: 'away'; attempt: number }
  | { kind: 'refused'; sentence: string };

export interface SessionOptions {
  room: string;
  name: string;
  spectate: boolean;
  sample: () => Controls;
  link: Link;
}

/**
 * Waits between two tries of a fresh join, ms: quick at first (a restart takes a second), then
 * calmer.
 */
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 4000;

/** A tab that is left open overnight is back in play in the morning: a day, ms. */
const GIVE_UP_MS = 86_400_000;

/**
 * A wrong game hash means the page is older than the server: it reloads once, this long ago at
 * least, ms.
 */
const RELOAD_KEY = 'tickwire-arena-reloaded';

/** Host and port of the game under `npm run dev`, else ''. Put in by vite.config.ts. */
declare const DEV_SERVER: string;

function join(options: SessionOptions) {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return connect(arena, {
    url: `${scheme}://${DEV_SERVER || location.host}`,
    room: options.room,
    token: () => options.name,
    sample: options.sample,
    spectate: options.spectate,
    link: options.link,
    retryCapMs: LONGEST_WAIT_MS,
    giveUpMs: GIVE_UP_MS,
  });
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export class Session {
  /** The game of the moment; the last one while the server is away. */
  game: ArenaGame | undefined;
  readonly options: SessionOptions;
  readonly #shown: (state: SessionState) => void;
  readonly #joined: (game: ArenaGame) => void;
  /** Counts joins asked for; a loop that finds another number behind it ends. */
  #wish = 0;

  constructor(
    options: SessionOptions,
    joined: (game: ArenaGame) => void,
    shown: (state: SessionState) => void,
  ) {
    this.options = options;
    this.#joined = joined;
    this.#shown = shown;
  }

  /** Joins `room`, and again whenever the place there is lost. Leaves the room before. */
  enter(room: string): void {
    this.options.room = room;
    this.#wish += 1;
    this.game?.leave();
    this.#shown({ kind: 'joining' });
    void this.#keepJoining(this.#wish);
  }

  async #keepJoining(wish: number): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    for (let attempt = 1; wish === this.#wish; attempt++) {
      try {
        const game = await join(this.options);
        if (wish === this.#wish) this.#take(game, wish);
        else game.leave();
        return;
      } catch (error) {
        if (this.#explain(error, attempt)) {
          await wait(waitMs);
          waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 1.5);
        }
      }
    }
  }

  #take(game: ArenaGame, wish: number): void {
    this.game = game;
    this.#joined(game);
    this.#shown({ kind: 'live' });
    game.onStatus((status) => {
      if (wish !== this.#wish) return;
      if (status.state === 'live') this.#shown({ kind: 'live' });
      else if (status.state === 'resuming') this.#shown({ kind: 'away', attempt: status.attempt });
      else if (status.state !== 'connecting') this.#lost(status.reason);
    });
  }

  /** The seat is gone. Somebody who was sent away is told so; everybody else gets a new place. */
  #lost(reason: string): void {
    if (reason === 'kicked' || reason === 'superseded') {
      const why =
        reason === 'kicked' ? 'You were sent out of the room.' : 'You are playing in another tab.';
      this.#shown({ kind: 'refused', sentence: why });
      return;
    }
    this.#shown({ kind: 'away', attempt: 1 });
    this.#wish += 1;
    void this.#keepJoining(this.#wish);
  }

  /**
   * Says what went wrong. True: wait before the next try; false: something was changed, try at
   * once.
   */
  #explain(error: unknown, attempt: number): boolean {
    const reason = error instanceof ConnectError ? error.reason : 'unreachable';
    const inPublic = this.options.room === PUBLIC_ROOM;
    if ((reason === 'no-room' || reason === 'full') && !inPublic) {
      this.options.room = PUBLIC_ROOM;
      return false;
    }
    if (reason === 'game-mismatch' && reloadOnce()) return true;
    if (reason === 'full')
      this.#shown({ kind: 'refused', sentence: 'Every place is taken. Waiting for one…' });
    else if (reason === 'refused' || reason === 'game-mismatch')
      this.#shown({ kind: 'refused', sentence: `The server said no: ${(error as Error).message}` });
    else this.#shown({ kind: 'away', attempt });
    return true;
  }
}

/**
 * Reloads for the newer page, but only once a session: an old page in a cache must not reload for
 * ever.
 */
function reloadOnce(): boolean {
  try {
    if (sessionStorage.getItem(RELOAD_KEY)) return false;
    sessionStorage.setItem(RELOAD_KEY, '1');
  } catch {
    return false;
  }
  location.reload();
  return true;
}
