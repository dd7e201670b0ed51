// Which odds the questions about a track are asked with: whether the truth departed from it, which
// way and how far. What both sides know before the answer is put into a hint: where within a step
// the track stands, how steady it was of late, and how the entity's other tracks fared this time.
// The server takes hints while it rounds, for afterwards the tracks have moved on; a seat takes
// them while it reads. HOT: allocates nothing.
import * as ByItself from './by-itself.ts';
import * as ByVelocity from './by-velocity.ts';
import { bitLength } from './contexts.ts';
import { MOST_TRUST, SUB_STEPS, type Tracks } from './tracks.ts';

/** How the entity's track before this one fared. */
const Before = { None: 0, Kept: 1, Departed: 2, Still: 3 } as const;

/** Contexts of a number of steps: one for each further bit of its length. */
export const VELOCITY_STEPS = 10;
export const OWN_STEPS = 7;

/** Sub-steps from the middle of a step at which it is the more likely that the truth left it. */
const NEAR_EDGE = [0.25, 0.4, 0.46].map((share) => share * SUB_STEPS);

/** Activities are told apart by half octaves. */
const MOST_HALF_OCTAVES = 16;

/** What one entity's tracks have in common while they are gone through, in order. */
export class TrackRun {
  #steps = 0;
  #count = 0;
  #before: number = Before.None;
  #beforeStill = 0;

  /** A new entity. */
  reset(): void {
    this.#steps = 0;
    this.#count = 0;
    this.#before = Before.None;
    this.#beforeStill = 0;
  }

  /**
   * The hint of the track that came from `held` to `comesTo`: after `predict`, before `follow`.
   * `steered`: its velocity changed; `sends`: since the row was last named.
   */
  hint(
    tracks: Tracks,
    i: number,
    row: number,
    held: number,
    comesTo: number,
    steered: boolean,
    sends: number,
  ): number {
    if (!tracks.plans[i].rateSpec) return this.#ownHint(tracks, i, row, sends);
    const { beside } = tracks;
    const edge = edgeOf(Math.abs(beside));
    const sent = steered ? 1 : 0;
    const flag = edge * 8 + sent * 4 + this.#before;
    const side = edge === 0 ? 0 : beside < 0 ? edge : edge + NEAR_EDGE.length;
    const asksStill = Math.abs(tracks.stepsBetween(i, held, comesTo)) >= 2 ? 1 : 0;
    return (
      flag | ((side * 2 + sent) << 5) | (sent << 9) | (asksStill << 10) | (this.#beforeStill << 11)
    );
  }

  #ownHint(tracks: Tracks, i: number, row: number, sends: number): number {
    const own = tracks.activeEighths(i, row, sends);
    const others = this.#count > 0 ? Math.floor((8 * this.#steps) / this.#count) : own;
    const activity = halfOctaves(own + others);
    const untrusted = tracks.trusted ? 0 : 1;
    const last = sends > 1 ? 0 : tracks.last[i][row];
    const lastButOne = sends > 1 ? 0 : tracks.lastButOne[i][row];
    const way = untrusted ? MOST_TRUST : Math.sign(last) + 1;
    return activity | (untrusted << 5) | ((way * 5 + lastButOne + 2) << 6);
  }

  /** The truth was `off` steps from the track; `still`: and where it was before. */
  took(tracks: Tracks, i: number, off: number, still: boolean): void {
    if (tracks.plans[i].rateSpec) {
      this.#before = off === 0 ? Before.Kept : still ? Before.Still : Before.Departed;
      this.#beforeStill = still ? 2 : 1;
    } else {
      this.#steps += Math.min(Math.abs(off), 32);
      this.#count++;
    }
  }
}

/**
 * The questions of one departure, as contexts. The writer and the reader keep one each and go from
 * track to track with it; most tracks did not depart, so what follows is worked out when asked for.
 */
export class DepartureQuestions {
  /** Whether the truth departed from the track. */
  departs = 0;
  #byVelocity = false;
  #base = 0;
  #hint = 0;

  /** Of a track with contexts from `base`. `first`: nothing was named of the entity yet. */
  take(byVelocity: boolean, base: number, hint: number, first: boolean): void {
    this.#byVelocity = byVelocity;
    this.#base = base;
    this.#hint = hint;
    const flag = byVelocity
      ? ByVelocity.Departs + (hint & 31) * 2
      : ByItself.Departs + (hint & 31) * 4 + ((hint >> 5) & 1) * 2;
    this.departs = base + flag + (first ? 1 : 0);
  }

  /** Whether it is where it was before; -1 where that is not asked. */
  get still(): number {
    const asked = this.#byVelocity && (this.#hint & (1 << 10)) !== 0;
    return asked ? this.#base + ByVelocity.Still + (this.#hint >> 11) : -1;
  }

  /** Whether it departed downwards. */
  get down(): number {
    const way = this.#byVelocity
      ? ByVelocity.Down + ((this.#hint >> 5) & 15)
      : ByItself.Down + (this.#hint >> 6);
    return this.#base + way;
  }

  /** How many steps: the first of `stepContexts`, and of the mantissa's. */
  get steps(): number {
    const first = this.#byVelocity
      ? ByVelocity.Steps + ((this.#hint >> 9) & 1) * VELOCITY_STEPS
      : ByItself.Steps + (this.#hint & 31) * OWN_STEPS;
    return this.#base + first;
  }

  get stepContexts(): number {
    return this.#byVelocity ? VELOCITY_STEPS : OWN_STEPS;
  }

  get mantissa(): number {
    return this.#base + (this.#byVelocity ? ByVelocity.Mantissa : ByItself.Mantissa);
  }
}

function edgeOf(beside: number): number {
  let edge = 0;
  while (edge < NEAR_EDGE.length && beside >= NEAR_EDGE[edge]) edge++;
  return edge;
}

/** 0 for 0; then two for each doubling. */
function halfOctaves(eighths: number): number {
  if (eighths === 0) return 0;
  const octave = bitLength(eighths) - 1;
  const half = octave > 0 ? (eighths >> (octave - 1)) & 1 : 0;
  return Math.min(1 + 2 * octave + half, MOST_HALF_OCTAVES);
}
