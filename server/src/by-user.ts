// What each user has, oldest first: seats over all rooms of a process, a player's tabs and devices
// together (taken-seats.ts), and matches that are waited for (waiting.ts). What is nobody's in
// particular is not here.

export class ByUser<Thing> {
  /** In the order they came; a user without any has no entry. */
  readonly #byUser = new Map<string, Set<Thing>>();

  add(user: string | undefined, thing: Thing): void {
    if (user === undefined) return;
    const things = this.#byUser.get(user) ?? new Set();
    this.#byUser.set(user, things.add(thing));
  }

  delete(user: string | undefined, thing: Thing): void {
    const things = user === undefined ? undefined : this.#byUser.get(user);
    if (!things?.delete(thing) || things.size > 0) return;
    this.#byUser.delete(user!);
  }

  /** Oldest first. */
  of(user: string | undefined): Thing[] {
    const things = user === undefined ? undefined : this.#byUser.get(user);
    return things ? [...things] : [];
  }
}
