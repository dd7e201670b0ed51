// How smooth fields move between two STATEs. Server and seats follow the same tracks in integers;
// what travels is only where the truth departs from its track (PROTOCOL.md 7). A track that moves
// by a velocity field keeps its place in sub-steps, so that rounding alone departs from nothing,
// and a bias, what the velocity's own rounding hides; any other goes on as it last went, once that
// has proved right. LiveTable decides what departs; ReceivedTable follows. HOT: allocates nothing
// per tick.
import { lengthen, longer, type Wire, wireColumn } from './columns.ts';
import type { FieldSpec } from './field.ts';
import type { FieldPlan, Plan } from './plan.ts';

/** Sub-steps of one wire step. More were measured to save nothing. */
export const SUB_STEPS = 256;

/** Fields of more levels than this have no tracks: departures are integers of 32 bits. */
const MAX_TRACK_LEVELS = 2 ** 31 - 1;

/** A departure of this share of the range is a jump: it says nothing of where the next will be. */
const JUMP_SHARE = 1 / 8;

/** Trust in going on as before: 0 holds still, and each send moves it by one. */
export const MOST_TRUST = 3;

/** A bias reaches the ends of what rounding may hide in about this many departures. */
const BIAS_STEPS = 8;

/** Mean steps of departure, in eighths, that each activity stands for. */
const ACTIVITY = [0, 2, 4, 8, 16, 32, 64, 128];
export const MOST_ACTIVITY: number = ACTIVITY.length - 1;
/** Departures beyond this many steps are all the same to the activity. */
const MOST_ACTIVE = 32;

/** One component of a smooth field. */
export interface TrackPlan {
  readonly field: FieldPlan;
  readonly spec: FieldSpec;
  /** Which component of the field. */
  readonly component: number;
  /** Column of the value, and of its velocity or -1. */
  readonly column: number;
  readonly by: number;
  readonly rateSpec: FieldSpec | undefined;
  /** Sub-steps per tick for one unit of velocity. */
  readonly scale: number;
  /**
   * Most sub-steps per tick that the rounding of the velocity may hide, and one step towards it.
   */
  readonly mostBias: number;
  readonly biasStep: number;
}

const NONE = -1;
/** No wire value. */
const UNKNOWN = -1;

/** The tracks of one table: by component of its smooth fields, and by row. */
export class Tracks {
  readonly plans: readonly TrackPlan[];
  /** Index in `plans` of a field's first component, by field; -1 for fields without a track. */
  readonly ofField: readonly number[];
  /** Bits of the fields that have a track. */
  readonly fieldMask: number;
  /** By velocity: sub-steps from wire value 0. Else unused: the wire value is the place. */
  readonly place: Float64Array[];
  /** By velocity: sub-steps per tick. Else: steps of the last send. */
  readonly rate: Float64Array[];
  /** By velocity: the bias. Else: the trust. */
  readonly bent: Int32Array[];
  /** Without a velocity: how far departures go of late (ACTIVITY); the last two, in -2..2. */
  readonly activity: Int8Array[];
  readonly last: Int8Array[];
  readonly lastButOne: Int8Array[];
  /** 1 where some track of the row goes anywhere by itself. */
  moving: Uint8Array;
  /** By velocity: its wire value that `rate` was made of; -1 before the first. */
  readonly #velocity: Wire[];
  /** What `plans` says, by track: for the loops. */
  readonly #byVelocity: Uint8Array;
  readonly #wraps: Uint8Array;
  readonly #levels: Float64Array;
  /** Of the velocity's spec: levels of an angle, else Infinity. */
  readonly #rateLevels: Float64Array;
  readonly #rateMin: Float64Array;
  readonly #rateStep: Float64Array;
  readonly #scale: Float64Array;
  /** Sub-steps from the middle of a wire value, where the newest `predict` came to. */
  beside = 0;
  /** Without a velocity: whether the newest `predict` went on, and did not hold still. */
  trusted = false;

  constructor(plan: Plan, secondsPerTick: number, capacity: number) {
    const plans: TrackPlan[] = [];
    this.ofField = plan.fields.map((field) => {
      if (!hasTrack(field.spec)) return NONE;
      for (let i = 0; i < field.spec.components; i++)
        plans.push(trackPlan(plan, field, i, secondsPerTick));
      return plans.length - field.spec.components;
    });
    this.plans = plans;
    this.fieldMask = plans.reduce((mask, { field }) => mask | (1 << field.index), 0);
    this.place = plans.map(() => new Float64Array(capacity));
    this.rate = plans.map(() => new Float64Array(capacity));
    this.bent = plans.map(() => new Int32Array(capacity));
    this.activity = plans.map(() => new Int8Array(capacity));
    this.last = plans.map(() => new Int8Array(capacity));
    this.lastButOne = plans.map(() => new Int8Array(capacity));
    this.moving = new Uint8Array(capacity);
    this.#velocity = plans.map(({ rateSpec }) => wireColumn(rateSpec?.levels ?? 0, capacity));
    this.#byVelocity = Uint8Array.from(plans, ({ rateSpec }) => (rateSpec ? 1 : 0));
    this.#wraps = Uint8Array.from(plans, ({ spec }) => (spec.type === 'angle' ? 1 : 0));
    this.#levels = Float64Array.from(plans, ({ spec }) => spec.levels);
    this.#rateLevels = Float64Array.from(plans, ({ rateSpec: rate }) =>
      rate?.type === 'angle' ? rate.levels : Infinity,
    );
    this.#rateMin = Float64Array.from(plans, ({ rateSpec }) => rateSpec?.min ?? 0);
    this.#rateStep = Float64Array.from(plans, ({ rateSpec }) => rateSpec?.step ?? 0);
    this.#scale = Float64Array.from(plans, ({ scale }) => scale);
  }

  grow(capacity: number): void {
    const { place, rate, bent, activity, last, lastButOne } = this;
    for (const columns of [place, rate, bent, activity, last, lastButOne, this.#velocity])
      lengthen(columns, capacity);
    this.moving = longer(this.moving, capacity);
  }

  /** A track begins at rest on a wire value. */
  start(i: number, row: number, wire: number): void {
    this.place[i][row] = wire * SUB_STEPS;
    this.rate[i][row] = 0;
    this.bent[i][row] = 0;
    this.activity[i][row] = 0;
    this.last[i][row] = 0;
    this.lastButOne[i][row] = 0;
    this.#velocity[i][row] = UNKNOWN;
  }

  /** Takes the rate from the velocity's wire value; true if that is another than before. */
  steer(i: number, row: number, velocityWire: number): boolean {
    if (velocityWire === this.#velocity[i][row]) return false;
    this.#velocity[i][row] = velocityWire;
    // fromWire, written out over columns: what a spec or a call gives may be an object.
    const levels = this.#rateLevels[i];
    const step = this.#rateStep[i];
    const turned = velocityWire * 2 > levels;
    const rate = turned
      ? (velocityWire - levels - 1) * step
      : this.#rateMin[i] + velocityWire * step;
    this.rate[i][row] = Math.round(rate * this.#scale[i]);
    this.bent[i][row] = 0;
    return true;
  }

  /** The wire value that the track, standing for `held`, comes to after one send of some ticks. */
  predict(i: number, row: number, held: number, ticks: number): number {
    const levels = this.#levels[i];
    const wraps = this.#wraps[i] === 1;
    if (this.#byVelocity[i] === 0) {
      this.trusted = this.bent[i][row] !== 0;
      if (!this.trusted) return held;
      const at = held + this.rate[i][row];
      if (wraps) return at < 0 ? at + levels + 1 : at > levels ? at - levels - 1 : at;
      return Math.min(Math.max(at, 0), levels);
    }
    let place = this.place[i][row] + (this.rate[i][row] + this.bent[i][row]) * ticks;
    if (wraps) {
      const turn = (levels + 1) * SUB_STEPS;
      place -= Math.floor(place / turn) * turn;
    } else if (place < 0) place = 0;
    else if (place > levels * SUB_STEPS) place = levels * SUB_STEPS;
    const nearest = Math.floor(place / SUB_STEPS + 0.5);
    this.beside = place - nearest * SUB_STEPS;
    return nearest > levels ? 0 : nearest;
  }

  /** Moves the track, after `predict` came to `comesTo`, to where the seats are told it is. */
  follow(i: number, row: number, held: number, comesTo: number, told: number): void {
    if (this.#byVelocity[i] === 0) this.#followItself(i, row, held, comesTo, told);
    else if (told === comesTo) this.place[i][row] = comesTo * SUB_STEPS + this.beside;
    else this.#departVelocity(i, row, held, comesTo, told);
  }

  #departVelocity(i: number, row: number, held: number, comesTo: number, told: number): void {
    // What did not move at all keeps its place within the step.
    if (told === held && Math.abs(this.stepsBetween(i, held, comesTo)) >= 2) return;
    const { mostBias, biasStep } = this.plans[i];
    const off = this.stepsBetween(i, comesTo, told);
    const place = this.place[i];
    if (off === 1 || off === -1) {
      // It crossed the edge that is nearest, not long ago.
      place[row] = told * SUB_STEPS + (off > 0 ? -SUB_STEPS / 2 : SUB_STEPS / 2 - 1);
      const bias = this.bent[i][row] + off * biasStep;
      this.bent[i][row] = Math.min(Math.max(bias, -mostBias), mostBias);
    } else place[row] = told * SUB_STEPS;
  }

  #followItself(i: number, row: number, held: number, comesTo: number, told: number): void {
    const steps = this.stepsBetween(i, held, told);
    const going = Math.abs(steps - this.rate[i][row]);
    const holding = Math.abs(steps);
    const bent = this.bent[i];
    if (going < holding) bent[row] = Math.min(bent[row] + 1, MOST_TRUST);
    else if (going > holding) bent[row] = Math.max(bent[row] - 1, 0);
    const jumped =
      Math.abs(this.stepsBetween(i, comesTo, told)) >= this.plans[i].spec.levels * JUMP_SHARE;
    this.rate[i][row] = jumped ? 0 : steps;
  }

  /**
   * The wire value that a row comes to in so many sends of as many ticks: `predict` and `follow` of
   * what was predicted, each time. Takes a few rounds however many sends there are, for a frame of
   * ten bytes may ask for thousands.
   */
  goOn(i: number, row: number, held: number, ticks: number, sends: number): number {
    if (this.#byVelocity[i] === 1) return this.#goOnce(i, row, held, ticks * sends);
    let wire = held;
    for (let left = sends; left > 0 && this.goes(i, row); left--) {
      const even = Math.min(this.#evenSends(i, row, wire), left - 1);
      wire = this.#around(i, wire + even * this.rate[i][row]);
      left -= even;
      wire = this.#goOnce(i, row, wire, ticks);
    }
    return wire;
  }

  #goOnce(i: number, row: number, held: number, ticks: number): number {
    const comesTo = this.predict(i, row, held, ticks);
    this.follow(i, row, held, comesTo, comesTo);
    return comesTo;
  }

  /** Sends in which a track by itself changes nothing but where it stands. */
  #evenSends(i: number, row: number, held: number): number {
    const rate = this.rate[i][row];
    const levels = this.#levels[i];
    if (this.bent[i][row] !== MOST_TRUST) return 0;
    // From half way around on, a step looks like one the other way.
    if (this.#wraps[i] === 1) return Math.abs(rate) * 2 <= levels ? Infinity : 0;
    return Math.floor((rate > 0 ? levels - held : held) / Math.abs(rate));
  }

  #around(i: number, wire: number): number {
    if (this.#wraps[i] === 0) return wire;
    const turn = this.#levels[i] + 1;
    return wire - Math.floor(wire / turn) * turn;
  }

  /** What was told of a track by velocity that does not rest, after `start`. */
  bend(i: number, row: number, beside: number, bias: number): void {
    this.place[i][row] += beside;
    this.bent[i][row] = bias;
  }

  /** True where the track goes somewhere by itself. */
  goes(i: number, row: number): boolean {
    return this.rate[i][row] !== 0 || (this.#byVelocity[i] === 1 && this.bent[i][row] !== 0);
  }

  /** Activity now, `sends` after the row was last named. */
  activeNow(i: number, row: number, sends: number): number {
    return Math.max(this.activity[i][row] - Math.max(sends - 1, 0), 0);
  }

  /** The same as a mean departure, in eighths of a step. */
  activeEighths(i: number, row: number, sends: number): number {
    return ACTIVITY[this.activeNow(i, row, sends)];
  }

  /** The row was named, `sends` after it was before: learns how far the track departed. */
  learn(i: number, row: number, sends: number, off: number): void {
    const was = this.activeEighths(i, row, sends);
    const mean = (was + 8 * Math.min(Math.abs(off), MOST_ACTIVE)) / 2;
    let nearest = 0;
    while (nearest < MOST_ACTIVITY && ACTIVITY[nearest] + ACTIVITY[nearest + 1] < 2 * mean)
      nearest++;
    this.activity[i][row] = nearest;
    this.lastButOne[i][row] = sends > 1 ? 0 : this.last[i][row];
    this.last[i][row] = Math.min(Math.max(off, -2), 2);
  }

  /** Steps from a wire value to another, the shorter way around where they wrap. */
  stepsBetween(i: number, from: number, to: number): number {
    const steps = to - from;
    if (this.#wraps[i] === 0) return steps;
    const levels = this.#levels[i];
    if (steps * 2 > levels + 1) return steps - levels - 1;
    return steps * -2 > levels + 1 ? steps + levels + 1 : steps;
  }

  /** The wire value that many steps away, around the circle where they wrap; it may be no value. */
  stepsFrom(i: number, wire: number, steps: number): number {
    const to = wire + steps;
    if (this.#wraps[i] === 0) return to;
    const levels = this.#levels[i];
    return to < 0 ? to + levels + 1 : to > levels ? to - levels - 1 : to;
  }
}

/** True for a track that is as `start` leaves it, `sends` after its row was last named. */
export function restsAt(
  tracks: Tracks,
  i: number,
  row: number,
  wire: number,
  sends: number,
): boolean {
  if (tracks.bent[i][row] !== 0) return false;
  if (tracks.plans[i].rateSpec) return tracks.place[i][row] === wire * SUB_STEPS;
  if (tracks.rate[i][row] !== 0 || tracks.activeNow(i, row, sends) !== 0) return false;
  return sends > 1 || (tracks.last[i][row] === 0 && tracks.lastButOne[i][row] === 0);
}

function trackPlan(plan: Plan, field: FieldPlan, i: number, secondsPerTick: number): TrackPlan {
  const { spec } = field;
  const by = field.by < 0 ? NONE : field.by + i;
  const rateSpec = by < 0 ? undefined : plan.columns[by];
  const scale = (secondsPerTick / spec.step) * SUB_STEPS;
  const mostBias = rateSpec ? Math.ceil((rateSpec.step / 2) * scale) + 1 : 0;
  const biasStep = Math.max(Math.floor(mostBias / BIAS_STEPS), 1);
  const column = field.column + i;
  return { field, spec, component: i, column, by, rateSpec, scale, mostBias, biasStep };
}

/** A quaternion's components trade places: they have no track. */
function hasTrack({ smooth, scope, type, levels }: FieldSpec): boolean {
  return smooth && scope === 'all' && type !== 'quat' && levels <= MAX_TRACK_LEVELS;
}
