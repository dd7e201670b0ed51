// A sorted set as Redis keeps one: members by score, and those of one score by their names. Used by
// cluster-store.ts. Trap: a member's place is found by its score, so nothing else may hold one.

export interface Scored {
  readonly member: string;
  readonly score: number;
}

export class SortedSet {
  readonly #byName = new Map<string, Scored>();
  readonly #inOrder: Scored[] = [];

  get size(): number {
    return this.#inOrder.length;
  }

  scoreOf(member: string): number | undefined {
    return this.#byName.get(member)?.score;
  }

  set(member: string, score: number): void {
    if (this.scoreOf(member) === score) return;
    this.delete(member);
    const scored = { member, score };
    this.#byName.set(member, scored);
    this.#inOrder.splice(this.#placeOf(scored), 0, scored);
  }

  delete(member: string): boolean {
    const scored = this.#byName.get(member);
    if (!scored) return false;
    this.#byName.delete(member);
    this.#inOrder.splice(this.#placeOf(scored), 1);
    return true;
  }

  /** How many stand before it. */
  rankOf(member: string): number | undefined {
    const scored = this.#byName.get(member);
    return scored && this.#placeOf(scored);
  }

  /** How many have a score of `most` at most. */
  countUpTo(most: number): number {
    return this.#first(({ score }) => score > most);
  }

  /** Those with a score of `least` at least, after so many of them. */
  from(least: number, offset: number, limit = Number.POSITIVE_INFINITY): readonly Scored[] {
    const first = offset + this.#first(({ score }) => score >= least);
    return this.#inOrder.slice(first, first + limit);
  }

  #placeOf({ member, score }: Scored): number {
    return this.#first((one) => one.score > score || (one.score === score && one.member >= member));
  }

  /** Where the first stands of which it is so, as of all after it. */
  #first(isSo: (one: Scored) => boolean): number {
    let [from, to] = [0, this.#inOrder.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isSo(this.#inOrder[middle])) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}
