// Scores on their way to the boards: told to the directory at once, and again each second while it
// does not take them. Made by switchboard.ts. Trap: a post that was not answered may have been
// done; it is safe to say it again, because a sum has a name by which it counts once.
import type { Board, Directory, Lease, Post } from './directory.ts';
import type { Log } from './log.ts';
import type { GameRoom } from './room.ts';
import type { Tally } from './tally.ts';

/** Posts that wait: a thousand matches of ten that end while the directory is away. */
const MOST_WAITING = 10_000;
/** Posts that are told at once. */
const AT_ONCE = 256;
/** Ms from one try to the next, and for which one is tried: ten minutes. */
const AGAIN_MS = 1_000;
const MOST_MS = 600_000;
/** Ms between two lines of the log about what is lost. */
const TELL_MS = 10_000;

export interface ScorePostsOptions {
  readonly directory: Directory;
  /** The newest lease of a room; undefined for one that is not there yet. */
  readonly leaseOf: (room: GameRoom) => Lease | undefined;
  readonly log: Log;
  readonly tally: Tally;
  /** Monotonic ms. */
  readonly now: () => number;
}

interface Waiting {
  readonly room: GameRoom;
  readonly board: Board;
  readonly post: Post;
  readonly sinceMs: number;
}

export class ScorePosts {
  readonly #options: ScorePostsOptions;
  #waiting: Waiting[] = [];
  #telling: Promise<void> | undefined;
  #againMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: ScorePostsOptions) {
    this.#options = options;
  }

  add(room: GameRoom, board: Board, post: Post): void {
    const waiting = { room, board, post, sinceMs: this.#options.now() };
    // An older one that is still here must not come last.
    if (board.keep === 'last')
      this.#waiting = this.#waiting.filter((other) => !isSame(other, waiting));
    if (this.#waiting.length >= MOST_WAITING) return this.#lose([waiting], 'too many wait');
    this.#waiting.push(waiting);
    if (this.#options.now() >= this.#againMs) void this.#tell();
  }

  /** Called a few times a second. */
  sweep(): void {
    if (this.#waiting.length > 0 && this.#options.now() >= this.#againMs) void this.#tell();
  }

  /** Tells what is left, once; what is not taken then is lost. */
  async drain(): Promise<void> {
    await this.#telling;
    await this.#tell();
    if (this.#waiting.length > 0) this.#lose(this.#waiting, 'the server closes');
    this.#waiting = [];
  }

  #tell(): Promise<void> {
    // What is added in one turn goes together.
    this.#telling ??= Promise.resolve()
      .then(() => this.#tellAll())
      .finally(() => {
        this.#telling = undefined;
      });
    return this.#telling;
  }

  /** All of them, but of a board that does not take one: it may be the only one that is away. */
  async #tellAll(): Promise<void> {
    const { now } = this.#options;
    const away = new Set<Board>();
    const again: Waiting[] = [];
    let reason: unknown;
    const tell = async (waiting: Waiting) => {
      try {
        if (await this.#isTold(waiting)) return;
      } catch (error) {
        reason = error;
      }
      away.add(waiting.board);
      again.push(waiting);
    };
    for (let some = this.#take(away); some.length > 0; some = this.#take(away))
      await Promise.all(some.map(tell));
    if (again.length === 0) return;
    const over = again.filter(({ sinceMs }) => now() - sinceMs >= MOST_MS);
    if (over.length > 0) this.#lose(over, String(reason));
    const isLast = (one: Waiting) =>
      one.board.keep !== 'last' || !this.#waiting.some((other) => isSame(one, other));
    this.#waiting.unshift(...again.filter((one) => !over.includes(one) && isLast(one)));
    this.#againMs = now() + AGAIN_MS;
  }

  /** The oldest, without those of boards that are away. */
  #take(away: ReadonlySet<Board>): Waiting[] {
    const some: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const one of this.#waiting)
      (some.length < AT_ONCE && !away.has(one.board) ? some : rest).push(one);
    this.#waiting = rest;
    return some;
  }

  /** False for a room that is not there yet. Rejects with DirectoryError. */
  async #isTold({ room, board, post }: Waiting): Promise<boolean> {
    const { directory, leaseOf } = this.#options;
    const lease = leaseOf(room);
    // A newer owner of the room posts what became of it.
    if (lease) await directory.post(lease, board, post);
    return lease !== undefined || room.code.stopped;
  }

  #lose(lost: readonly Waiting[], why: string): void {
    const { tally, log, now } = this.#options;
    tally.postsLost += lost.length;
    if (now() - this.#toldMs < TELL_MS) return;
    this.#toldMs = now();
    const [{ room, board }] = lost;
    log.error({ room: room.id, board: board.name, lost: lost.length, why }, 'scores are lost');
  }
}

function isSame(a: Waiting, b: Waiting): boolean {
  return a.board === b.board && a.post.user === b.post.user;
}
