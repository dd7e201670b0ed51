// Tracks (section 7) and what bodies say of them (8.7): where a field comes to by itself, and how
// far the truth departed from there. Called by packed.ts for rows that are named, and by decoder.ts
// for all others. All arithmetic is on integers, but where a plan's scale and a rate are made.

import type { BodyReader } from './bytes.ts';
import { Refused } from './bytes.ts';
import type { PlanField, Shape, TrackPlan } from './game.ts';
import { bitLength, meaning } from './game.ts';
import type { Row } from './rows.ts';

/** One component that moves by a velocity. `velocity` is a wire value, or none yet. */
export interface VelocityTrack {
  by: 'velocity';
  plan: TrackPlan;
  held: number;
  place: number;
  velocity: number | undefined;
  rate: number;
  bias: number;
}

/** One component that goes on as it went. */
export interface OwnTrack {
  by: 'itself';
  plan: TrackPlan;
  held: number;
  rate: number;
  trust: number;
  activity: number;
  last: number;
  lastButOne: number;
}

export type Track = VelocityTrack | OwnTrack;

export function startTrack(plan: TrackPlan, held: number): Track {
  if (plan.velocity) {
    return { by: 'velocity', plan, held, place: held * 256, velocity: undefined, rate: 0, bias: 0 };
  }
  return { by: 'itself', plan, held, rate: 0, trust: 0, activity: 0, last: 0, lastButOne: 0 };
}

/** A new track on what the row holds now, steered by what it holds of the velocity. */
export function restartTrack(row: Row, field: PlanField, component: number): Track {
  const values = row.values[field.position] as number[];
  const track = startTrack(field.tracks[component]!, values[component]!);
  if (track.by === 'velocity') steer(row, track);
  row.tracks[field.position]![component] = track;
  return track;
}

function clamp(x: number, least: number, most: number): number {
  return Math.min(Math.max(x, least), most);
}

/** Steps from a to b; of an angle the shorter way around. */
function stepsBetween(a: number, b: number, { levels, circular }: Shape): number {
  const d = b - a;
  if (circular && 2 * d > levels + 1) return d - (levels + 1);
  if (circular && -2 * d > levels + 1) return d + levels + 1;
  return d;
}

/** Takes the velocity that the row holds; answers whether it is another. */
function steer(row: Row, track: VelocityTrack): boolean {
  const { position, shape, scale } = track.plan.velocity!;
  const wire = (row.values[position] as number[])[track.plan.component]!;
  if (wire === track.velocity) return false;
  track.velocity = wire;
  track.rate = Math.round(meaning(wire, shape) * scale);
  track.bias = 0;
  return true;
}

/** Where a track comes to, and how far beside that in 1/256 step (0 for one by itself). */
interface Predicted {
  comesTo: number;
  beside: number;
}

function predict(track: Track, ticks: number): Predicted {
  const { levels, circular } = track.plan.shape;
  if (track.by === 'itself') {
    const at = track.held + (track.trust === 0 ? 0 : track.rate);
    if (!circular) return { comesTo: clamp(at, 0, levels), beside: 0 };
    return { comesTo: at - Math.floor(at / (levels + 1)) * (levels + 1), beside: 0 };
  }
  const circle = (levels + 1) * 256;
  const to = track.place + (track.rate + track.bias) * ticks;
  const at = circular ? to - Math.floor(to / circle) * circle : clamp(to, 0, levels * 256);
  const comesTo = Math.floor(at / 256 + 1 / 2);
  const beside = at - comesTo * 256;
  return { comesTo: circular && comesTo === levels + 1 ? 0 : comesTo, beside };
}

/** Goes on from what was told; the row holds that from here on. */
function follow(row: Row, position: number, track: Track, at: Predicted, told: number) {
  if (track.by === 'velocity') followVelocity(track, at, told);
  else followItself(track, at, told);
  track.held = told;
  const values = [...(row.values[position] as number[])];
  values[track.plan.component] = told;
  row.values[position] = values;
}

function followVelocity(track: VelocityTrack, { comesTo, beside }: Predicted, told: number): void {
  const { shape, velocity } = track.plan;
  const { most, nudge } = velocity!;
  const off = stepsBetween(comesTo, told, shape);
  if (off === 0) track.place = comesTo * 256 + beside;
  else if (told === track.held && Math.abs(stepsBetween(track.held, comesTo, shape)) >= 2) return;
  else if (off === 1) {
    track.place = told * 256 - 128;
    track.bias = clamp(track.bias + nudge, -most, most);
  } else if (off === -1) {
    track.place = told * 256 + 127;
    track.bias = clamp(track.bias - nudge, -most, most);
  } else track.place = told * 256;
}

function followItself(track: OwnTrack, { comesTo }: Predicted, told: number): void {
  const { shape } = track.plan;
  const s = stepsBetween(track.held, told, shape);
  const going = Math.abs(s - track.rate);
  const holding = Math.abs(s);
  if (going < holding) track.trust = Math.min(track.trust + 1, 3);
  if (going > holding) track.trust = Math.max(track.trust - 1, 0);
  track.rate = Math.abs(stepsBetween(comesTo, told, shape)) >= shape.levels / 8 ? 0 : s;
}

/** Moves a row that is not named on by `ticks` that stand for n STATEs. */
export function coast(row: Row, ticks: number, n: number): void {
  for (const [position, tracks] of row.tracks.entries()) {
    for (const track of tracks) {
      if (track.by === 'itself') coastItself(row, position, track, n);
      else {
        // At once: n times the same is as far, for what is beyond an end stays there (T2).
        const at = predict(track, ticks);
        follow(row, position, track, at, at.comesTo);
      }
    }
  }
}

/**
 * n times: predict, follow. A track that went as before with the same trust goes on like that
 * until it meets an end, so those STATEs are taken at once, however many a peer says they are.
 */
function coastItself(row: Row, position: number, track: OwnTrack, n: number): void {
  for (let left = n; left > 0; left -= 1) {
    const { rate, trust } = track;
    const at = predict(track, 0);
    follow(row, position, track, at, at.comesTo);
    if (track.rate !== rate || track.trust !== trust) continue;
    const sure = Math.min(statesUntilAnEnd(track), left - 1);
    const { levels, circular } = track.plan.shape;
    const to = track.held + (track.trust === 0 ? 0 : track.rate * sure);
    const told = circular ? to - Math.floor(to / (levels + 1)) * (levels + 1) : to;
    follow(row, position, track, { comesTo: told, beside: 0 }, told);
    track.rate = rate;
    track.trust = trust;
    left -= sure;
  }
}

function statesUntilAnEnd({ held, rate, trust, plan }: OwnTrack): number {
  const { levels, circular } = plan.shape;
  if (rate === 0 || trust === 0) return Number.POSITIVE_INFINITY;
  if (circular) return 2 * Math.abs(rate) < levels + 1 ? Number.POSITIVE_INFINITY : 0;
  return Math.floor(rate > 0 ? (levels - held) / rate : held / -rate);
}

/** Eighths of a step that activity 0..7 stands for. */
const ACTIVITY = [0, 2, 4, 8, 16, 32, 64, 128];

/** Activity `sends` STATEs after the row was named. */
function activityNow(track: OwnTrack, sends: number): number {
  return ACTIVITY[Math.max(track.activity - Math.max(sends - 1, 0), 0)]!;
}

function learn(track: OwnTrack, sends: number, off: number): void {
  const w = activityNow(track, sends) + 8 * Math.min(Math.abs(off), 32);
  const found = ACTIVITY.findIndex((a, n) => n === 7 || a + ACTIVITY[n + 1]! >= w);
  track.activity = found;
  track.lastButOne = sends > 1 ? 0 : track.last;
  track.last = clamp(off, -2, 2);
}

/** A natural number for an integer: even ones are 0, 1, 2 ..., odd ones -1, -2 ... */
function zigzag(v: number, most: number): number {
  if (v > most) throw new Refused('bad-value', `${v} beyond ${most}`);
  return v % 2 === 0 ? v / 2 : -(v + 1) / 2;
}

/** What a row that is told whole says of a track that start and steer have made. */
export function readTrack(body: BodyReader, track: Track): void {
  const { T } = track.plan;
  if (track.by === 'velocity') {
    if (body.bit(T + 109) === 1) return;
    track.place = track.held * 256 + body.value(T + 110, 255) - 128;
    track.bias = zigzag(body.count(T + 126), 2 ** 32);
    return;
  }
  if (body.bit(T + 215) === 1) return;
  track.rate = zigzag(body.count(T + 216), 2 * track.plan.shape.levels);
  track.trust = body.value(T + 280, 3);
  track.activity = body.value(T + 284, 7);
  track.last = body.value(T + 292, 4) - 2;
  track.lastButOne = body.value(T + 300, 4) - 2;
}

/** What both sides know of a row when the next of its tracks is asked for. */
interface Departures {
  sends: number;
  ticks: number;
  /** Nothing of the row was named, and no track of it departed, so far. */
  first: boolean;
  prior: number;
  stood: number;
  /** Of its tracks by themselves: how many there were, and their departures added up. */
  tracks: number;
  sum: number;
}

export function readDepartures(
  body: BodyReader,
  row: Row,
  start: Pick<Departures, 'sends' | 'ticks' | 'first'>,
): void {
  const so: Departures = { ...start, prior: 0, stood: 0, tracks: 0, sum: 0 };
  const learned: (() => void)[] = [];
  for (const [position, tracks] of row.tracks.entries()) {
    for (const track of tracks) {
      const sent = track.by === 'velocity' && steer(row, track);
      const at = predict(track, so.ticks);
      const { held } = track;
      const told =
        track.by === 'velocity'
          ? tellVelocity(body, track, at, sent, so)
          : tellItself(body, track, at, so);
      const departed = told !== at.comesTo;
      const off = stepsBetween(at.comesTo, told, track.plan.shape);
      follow(row, position, track, at, told);
      so.first &&= !departed;
      if (track.by === 'velocity') {
        so.prior = departed ? (told === held ? 3 : 2) : 1;
        so.stood = told === held ? 2 : 1;
      } else {
        so.tracks += 1;
        so.sum += Math.min(Math.abs(off), 32);
        learned.push(() => learn(track, so.sends, off));
      }
    }
  }
  for (const apply of learned) apply();
}

/** Where a departure of `s` steps ends (T5). */
function departedTo({ plan }: Track, { comesTo }: Predicted, down: boolean, s: number): number {
  const { levels, circular } = plan.shape;
  if (s > levels) throw new Refused('bad-value', `a departure of ${s}`);
  const told = down ? comesTo - s : comesTo + s;
  if (told >= 0 && told <= levels) return told;
  if (!circular) throw new Refused('bad-state', 'a departure leaves the range');
  return told < 0 ? told + levels + 1 : told - levels - 1;
}

function tellVelocity(
  body: BodyReader,
  track: VelocityTrack,
  at: Predicted,
  steered: boolean,
  so: Departures,
): number {
  const { T, shape } = track.plan;
  const distance = Math.abs(at.beside);
  const edge = [64, 103, 118].filter((from) => distance >= from).length;
  const side = edge === 0 || at.beside < 0 ? edge : edge + 3;
  const sent = steered ? 1 : 0;
  const first = so.first ? 1 : 0;
  const { prior, stood } = so;
  if (body.bit(T + edge * 16 + sent * 8 + prior * 2 + first) === 0) return at.comesTo;
  const moved = Math.abs(stepsBetween(track.held, at.comesTo, shape));
  if (moved >= 2 && body.bit(T + 78 + stood) === 1) return track.held;
  const down = body.bit(T + 64 + side * 2 + sent) === 1;
  return departedTo(track, at, down, body.steps(T + 81 + sent * 10, 10, T + 101));
}

function tellItself(body: BodyReader, track: OwnTrack, at: Predicted, so: Departures): number {
  const { T } = track.plan;
  const own = activityNow(track, so.sends);
  const others = so.tracks === 0 ? own : Math.floor((8 * so.sum) / so.tracks);
  const lively = own + others;
  const o = bitLength(lively) - 1;
  const p = o <= 0 ? 0 : Math.floor(lively / 2 ** (o - 1)) % 2;
  const h = lively === 0 ? 0 : Math.min(1 + 2 * o + p, 16);
  const first = so.first ? 1 : 0;
  const u = track.trust === 0 ? 1 : 0;
  const [a, b] = so.sends > 1 ? [0, 0] : [track.last, track.lastButOne];
  const way = u === 1 ? 3 : Math.sign(a) + 1;
  if (body.bit(T + h * 4 + u * 2 + first) === 0) return at.comesTo;
  const down = body.bit(T + 68 + way * 5 + b + 2) === 1;
  return departedTo(track, at, down, body.steps(T + 88 + h * 7, 7, T + 207));
}
