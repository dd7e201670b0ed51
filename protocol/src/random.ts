// Seeded chance: the same seed gives the same numbers on every machine, and the state can be stored
// and put back. Rooms, the network simulator and tests draw from it. Not for secrets: anyone who
// sees a few numbers knows the rest.

/** The whole state of a Random: four unsigned 32-bit integers. */
export type RandomState = readonly [number, number, number, number];

/**
 * Rounds before the first number, as PractRand's author gives them for sfc32: near seeds have
 * parted by then.
 */
const WARM_UP_ROUNDS = 12;

/** Numbers in the range of one draw. */
const DRAW_RANGE = 2 ** 32;

/** sfc32 (Chris Doty-Humphrey): 128 bits of state, passes PractRand, a period of 2^32 at least. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed` is finite, its fraction is dropped, and 53 bits of it count. */
  constructor(seed: number) {
    const whole = Math.trunc(seed);
    this.#a = whole | 0;
    this.#b = Math.floor(whole / DRAW_RANGE) | 0;
    this.#c = 0;
    for (let i = 0; i < WARM_UP_ROUNDS; i++) this.#draw();
  }

  /** A number in [0, 1), in steps of 2^-32. */
  next(): number {
    return this.#draw() / DRAW_RANGE;
  }

  /** An integer in [0, n), n in 1..2^32. The bias is below n / 2^32. */
  integer(n: number): number {
    return Math.floor(this.next() * n);
  }

  get state(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#counter >>> 0];
  }

  set state(state: RandomState) {
    this.#a = state[0] | 0;
    this.#b = state[1] | 0;
    this.#c = state[2] | 0;
    this.#counter = state[3] | 0;
  }

  #draw(): number {
    const drawn = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + drawn) | 0;
    return drawn >>> 0;
  }
}
