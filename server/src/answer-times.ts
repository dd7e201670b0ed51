// How long the directory takes for its answers, and how many may be brought to it that it does not
// know yet. Made by make-shard.ts, which has every answer noted; asked by placement.ts. Trap: what
// is answered late is asked again by who waited for it, so a directory that answers questions which
// nobody waits for any more stays late for ever, unless those are refused who can wait best.
import { type Directory, DirectoryError } from './directory.ts';

/**
 * Answers that take longer, ms, and fewer are let in; twice as long, and nobody is. Those who join
 * at a third of the deadline of directories (1 s), for a join is four questions, one after the
 * other, and checkpoints, which give way from 50 ms on, do not give way further; those who come
 * back to their room at two thirds: beyond that nobody hears the answer. Renewals and what is told
 * of rooms go on, and show that it answers sooner again.
 */
const BOUNDS_MS = { join: 350, back: 700 } as const;
/** What a question that was not answered is counted as: the deadline. */
const LATE_MS = 1_000;
/** The mean is over about this long, ms. */
const MEAN_MS = 500;
/** Of one answer, where few come: a pause of Redis for a fork or a large question is no trouble. */
const MOST_GAIN = 1 / 4;
/**
 * Every so many ms the share of those who are let in shrinks or grows by these factors: to a third
 * in a second, for a queue grows in one; from LEAST to all in 15 s, for those who were refused come
 * again within some seconds, and must be seen before more are let in.
 */
const STEP_MS = 100;
const FEWER = 0.9;
const MORE = 1.03;
const LEAST = 0.01;
/**
 * Of a directory in parts, ms for which one is taken for away that said nothing until the deadline:
 * what later questions overtook was asked of that one. Else one node of a Redis Cluster that is
 * away would have every shard refuse everybody, for each asks all nodes all the time.
 */
const SILENT_MS = 3_000;

/** Of those who want one thing, the share that is let in. */
class Sluice {
  readonly #boundMs: number;
  #share = 1;
  #steppedMs: number;

  constructor(boundMs: number, nowMs: number) {
    this.#boundMs = boundMs;
    this.#steppedMs = nowMs;
  }

  /** 0..1, where answers take so long now. */
  share(nowMs: number, answerMs: number): number {
    const isLate = answerMs > this.#boundMs;
    // Who was not asked for long has seen nothing of what lay between.
    const steps = Math.floor((nowMs - this.#steppedMs) / STEP_MS);
    this.#steppedMs += steps * STEP_MS;
    const share = this.#share * (isLate ? FEWER : MORE) ** steps;
    this.#share = Math.min(Math.max(share, LEAST), 1);
    return answerMs > 2 * this.#boundMs ? 0 : this.#share;
  }
}

export class AnswerTimes {
  /** Told of each question that did not reach a directory that is all in one place. */
  unreached = () => {};
  readonly #now: () => number;
  #meanMs = 0;
  #notedMs = 0;
  /** When what is not answered yet was asked, the oldest first, by a number. */
  readonly #asked = new Map<number, number>();
  #count = 0;
  #isParted = false;
  /** When a part last said nothing for as long as it was waited for. */
  #silentMs = Number.NEGATIVE_INFINITY;
  readonly #sluices: Readonly<Record<keyof typeof BOUNDS_MS, Sluice>>;

  /** `now`: monotonic ms. */
  constructor(now: () => number) {
    this.#now = now;
    this.#sluices = {
      join: new Sluice(BOUNDS_MS.join, now()),
      back: new Sluice(BOUNDS_MS.back, now()),
    };
  }

  /** What an answer takes now, ms: no less than what was asked first has waited. */
  get nowMs(): number {
    const [oldestMs] = this.#asked.values();
    return oldestMs === undefined ? this.#meanMs : Math.max(this.#meanMs, this.#now() - oldestMs);
  }

  /** Of those who want this, the share that may ask the directory, 0..1. */
  share(what: keyof typeof BOUNDS_MS): number {
    const share = this.#sluices[what].share(this.#now(), this.nowMs);
    // Who is let in may find that other parts answer, where this shard has not asked them for long.
    return this.#isPartAway ? Math.max(share, LEAST) : share;
  }

  get #isPartAway(): boolean {
    return this.#now() - this.#silentMs < SILENT_MS;
  }

  /** It was answered after so many ms. */
  note(ms: number): void {
    const nowMs = this.#now();
    const gain = Math.min((nowMs - this.#notedMs) / MEAN_MS, MOST_GAIN);
    this.#notedMs = nowMs;
    this.#meanMs += gain * (ms - this.#meanMs);
    const answerMs = this.nowMs;
    for (const sluice of Object.values(this.#sluices)) sluice.share(nowMs, answerMs);
  }

  /** The same directory, whose answers are noted. */
  of(directory: Directory): Directory {
    this.#isParted = directory.isParted ?? false;
    return new Proxy(directory, {
      get: (_, name: keyof Directory) => {
        const found: unknown = directory[name];
        if (typeof found !== 'function') return found;
        return (...given: unknown[]) => this.#timed(found.apply(directory, given));
      },
    });
  }

  async #timed(asked: Promise<unknown>): Promise<unknown> {
    const askedMs = this.#now();
    const number = ++this.#count;
    this.#asked.set(number, askedMs);
    try {
      const answer = await asked;
      const ms = this.#now() - askedMs;
      // It was asked of several parts, one of which did not answer.
      const isPartly = this.#isParted && ms >= LATE_MS;
      if (isPartly) this.#silentMs = this.#now();
      if (this.#isPartAway) this.#overtake(number);
      if (!isPartly) this.note(ms);
      return answer;
    } catch (error) {
      // One that cannot be reached says so at once, which says nothing of how long it would take.
      const isLate = error instanceof DirectoryError && error.code === 'late';
      const isSilent = isLate && error.isSilent && this.#isParted;
      if (isSilent) this.#silentMs = this.#now();
      if (isLate && !(isSilent && !this.#asked.has(number))) this.note(LATE_MS);
      const isGone = error instanceof DirectoryError && error.code === 'unreachable';
      if (isGone && !this.#isParted) this.unreached();
      throw error;
    } finally {
      this.#asked.delete(number);
    }
  }

  /** What was asked before it and is not answered was asked of another part. */
  #overtake(number: number): void {
    for (const older of this.#asked.keys()) {
      if (older >= number) return;
      this.#asked.delete(older);
    }
  }
}
