// Chance for what is spread over shards, rooms and nodes, unless who asks brings his own. Used by
// the directories. Not the chance of a game's rooms, which replays with them.
import { randomInt } from 'node:crypto';

/** Finer than there may be of anything that is picked from. */
const FINE = 2 ** 32;

/** 0 <= n < 1. */
export function chance(): number {
  return randomInt(FINE) / FINE;
}
