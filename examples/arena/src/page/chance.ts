// Chance for things that are only seen: sparks, shake, the grain of the floor. Seeded, so that two
// runs look the same. The game's own chance is the room's (`room.random`); nothing here reaches it.

/** State of mulberry32; any start is as good as another. */
let state = 0x7a6d_1f03;

/** The next number, 0 <= n < 1. */
export function chance(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

/** The next number between two. */
export function between(min: number, max: number): number {
  return min + chance() * (max - min);
}
