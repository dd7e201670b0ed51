// Learns the odds of a room's packed bodies from what it sends, and says when new tables are worth
// their bytes. Called by replication, with bodies that any seat of the room may receive and no
// others: odds tell of what they were learnt from. HOT: allocates nothing but when it reviews.
import { type BitList, CodingTables, nearestOdds, ODDS, tallyBits } from '@tickwire/protocol';

/** STATEs after which tables are reviewed for the first time; each review waits so much longer. */
const FIRST_REVIEW = 10;
const REVIEW_FACTOR = 2;
/** STATEs between reviews at most: a minute at 20 Hz. What is spent must come back within this. */
const MOST_BETWEEN = 1200;
/** Bits that one context takes in TABLES: its odds, and half the time the way to it. */
const CONTEXT_BITS = 12;
/** Tables are worth what they save until the next review, and for a while after it. */
const HOPE = 2;
/** The old odds count as so many answers: a few new ones do not turn them round. */
const OLD_WEIGHT = 4;

export class TableLearner {
  readonly #priors: CodingTables;
  readonly #counts: Float64Array;
  #nextReview = FIRST_REVIEW;
  #sinceReview = 0;
  /** Bodies that the counts stand for: forgotten ones no more than they are. */
  #weight = 0;

  constructor(priors: CodingTables) {
    this.#priors = priors;
    this.#counts = new Float64Array(priors.odds.length * 2);
  }

  /** Takes one body of a tick. */
  note(body: BitList): void {
    tallyBits(body, this.#counts);
    this.#weight++;
    this.#sinceReview++;
  }

  /** Better tables than `current`, at times, if they are worth it. */
  review(current: CodingTables): CodingTables | undefined {
    if (this.#sinceReview < this.#nextReview) return undefined;
    this.#nextReview = Math.min(this.#nextReview * REVIEW_FACTOR, MOST_BETWEEN);
    this.#sinceReview = 0;
    // Gains are counted over the bodies seen, and hoped for until the next review.
    const hope = (HOPE * this.#nextReview) / this.#weight;
    const odds = this.#priors.odds.slice();
    let gain = 0;
    for (let c = 0; c < odds.length; c++) gain += this.#improve(odds, current, c, hope);
    this.#forget();
    return gain > 0 ? new CodingTables(current.version + 1, odds) : undefined;
  }

  /** What was counted long ago counts for half. */
  #forget(): void {
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] /= 2;
    this.#weight /= 2;
  }

  /** Sets the odds of one context if that pays; answers what it gains on `current`, in bits. */
  #improve(odds: Uint16Array, current: CodingTables, context: number, hope: number): number {
    const zeros = this.#counts[context * 2];
    const ones = this.#counts[context * 2 + 1];
    const now = current.odds[context];
    const prior = odds[context];
    if (zeros + ones === 0) {
      odds[context] = now;
      return now === prior ? 0 : -CONTEXT_BITS;
    }
    const old = now / 4096;
    const share = (ones + old * OLD_WEIGHT) / (zeros + ones + OLD_WEIGHT);
    const learnt = ODDS[nearestOdds(share)];
    const cost = (p: number) =>
      -(ones * Math.log2(p / 4096) + zeros * Math.log2(1 - p / 4096)) * hope;
    const keep = cost(prior);
    const take = cost(learnt) + CONTEXT_BITS;
    if (take < keep) odds[context] = learnt;
    return cost(now) - Math.min(take, keep);
  }
}
