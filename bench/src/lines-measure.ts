// From the traces of a run to the figures of a line. Pure: reads what lines-bot.ts and
// lines-world.ts wrote down, between two virtual times. What each figure means stands in README.md.
import { round } from './figures.ts';
import {
  ANGLE_STEP,
  MAX_SPEED,
  PLACE_STEP,
  SEND_EVERY,
  type Sight,
  TICK_MS,
} from './lines-game.ts';
import type { Frame, Pose, Trace } from './lines-trace.ts';

/** The shape of `--json`, by profile. */
export interface LineFigures {
  readonly clockErrorP50Ms: number;
  readonly clockErrorP99Ms: number;
  readonly lateInputShare: number;
  readonly leadTicks: number;
  readonly shownDelayP50Ms: number;
  readonly shownDelayP95Ms: number;
  readonly frozenShare: number;
  readonly jumps: number;
  readonly backward: number;
  readonly correctionsAboveStep: number;
  readonly hitAgreement: number;
  readonly inputToScreenFrames: number;
  readonly convergedMs: number;
}

/** What explains the figures; for people. */
export interface LineDetails {
  readonly slackP50Ticks: number;
  readonly slackP01Ticks: number;
  /** Drawn frames that show a guess: later than the newest STATE that came. */
  readonly guessedShare: number;
  readonly fastestShare: number;
  readonly correctionsLate: number;
  readonly saidCorrections: number;
  readonly shots: number;
  readonly seenHits: number;
  /** Shots whose press was taken with another shot's aim. */
  readonly shotsMisaimed: number;
  /** Presses that the server never took, or merged with another while the line stood still. */
  readonly inputsLost: number;
  readonly inputsDoubled: number;
  readonly convergedP50Ms: number;
  /** What failed first, with its bot and second. */
  readonly failures: readonly string[];
}

export interface Measured {
  readonly figures: LineFigures;
  readonly details: LineDetails;
}

/** Shown motion faster than this many times the fastest ship is a jump. */
const JUMP = 1.5;
/**
 * Converged: the clock is this close, and stays within four times that for a second, ms. A line
 * that itself is less steady than wifi is granted a tenth of its jitter.
 */
const CONVERGED_MS = 2;
const CONVERGED_SHARE = 0.1;
const STAYS_TIMES = 4;
const STAYS_FOR_MS = 1000;
/** Failures that are named, of each sort. */
const NAMED = 4;
/** Rounding of a shown tick. */
const EPSILON_TICKS = 1e-6;

/** The part of a run that is measured, virtual ms; convergence, from the start. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** `jitterMs`: how far round trips of this line lie from the mean. */
export function measure(traces: readonly Trace[], span: Span, jitterMs: number): Measured {
  const failures = new Failures();
  const shown = traces.map((trace, bot) => ofFrames(trace, bot, span, failures));
  const ticks = traces.map((trace, bot) => ofTicks(trace, bot, span, failures));
  const shots = ofShots(traces, span, failures);
  const convergedMs = traces.map((trace) => convergence(trace, jitterMs)).sort((a, b) => a - b);
  const all = <T>(parts: readonly T[], numbers: (part: T) => readonly number[]) =>
    Float64Array.from(parts.flatMap(numbers)).sort();
  const sum = <T>(parts: readonly T[], number: (part: T) => number) =>
    parts.reduce((total, part) => total + number(part), 0);
  const clocks = all(shown, (part) => part.clockErrorsMs);
  const delays = all(shown, (part) => part.delaysMs);
  const slacks = all(ticks, (part) => part.slacks);
  return {
    figures: {
      clockErrorP50Ms: round(quantile(clocks, 0.5), 2),
      clockErrorP99Ms: round(quantile(clocks, 0.99), 2),
      lateInputShare: round(sum(ticks, (part) => part.late) / sum(ticks, (part) => part.ticks), 5),
      leadTicks: round(
        quantile(
          all(ticks, (part) => part.leads),
          0.5,
        ),
        2,
      ),
      shownDelayP50Ms: round(quantile(delays, 0.5), 1),
      shownDelayP95Ms: round(quantile(delays, 0.95), 1),
      frozenShare: round(sum(shown, (part) => part.frozen) / delays.length, 5),
      jumps: sum(shown, (part) => part.jumps),
      backward: sum(shown, (part) => part.backward),
      correctionsAboveStep: sum(ticks, (part) => part.corrections),
      hitAgreement: round(shots.agreed / shots.count, 5),
      inputToScreenFrames: Math.max(...traces.flatMap(({ inputFrames }) => inputFrames)),
      convergedMs: convergedMs[convergedMs.length - 1],
    },
    details: {
      slackP50Ticks: round(quantile(slacks, 0.5), 2),
      slackP01Ticks: round(quantile(slacks, 0.01), 2),
      guessedShare: round(sum(shown, (part) => part.guessed) / delays.length, 5),
      fastestShare: round(Math.max(...shown.map((part) => part.fastest)) / MAX_SPEED, 2),
      correctionsLate: sum(ticks, (part) => part.correctionsLate),
      saidCorrections: sum(shown, (part) => part.saidCorrections),
      shots: shots.count,
      seenHits: shots.seen,
      shotsMisaimed: shots.lost,
      inputsLost: sum(traces, ({ pressesMs, firesMs }) =>
        Math.max(pressesMs.length - firesMs.length, 0),
      ),
      inputsDoubled: sum(traces, doubled),
      convergedP50Ms: convergedMs[convergedMs.length >> 1],
      failures: failures.lines,
    },
  };
}

/** Names the first few failures of each sort. */
class Failures {
  readonly lines: string[] = [];
  readonly #counts = new Map<string, number>();

  add(sort: string, bot: number, atMs: number, what: string): void {
    const count = (this.#counts.get(sort) ?? 0) + 1;
    this.#counts.set(sort, count);
    if (count <= NAMED) this.lines.push(`${sort}: bot ${bot} at ${round(atMs, 0)} ms, ${what}`);
  }
}

function ofFrames(trace: Trace, bot: number, { fromMs, toMs }: Span, failures: Failures) {
  const frames = trace.frames.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const part = {
    clockErrorsMs: frames.map(clockErrorMs),
    delaysMs: frames.map(({ serverTick, shownTick }) => (serverTick - shownTick) * TICK_MS),
    frozen: 0,
    guessed: frames.filter(({ shownTick, newestTick }) => shownTick > newestTick).length,
    jumps: 0,
    backward: 0,
    fastest: 0,
    saidCorrections: frames[frames.length - 1].saidCorrections - frames[0].saidCorrections,
  };
  for (let i = 1; i < frames.length; i++) {
    const { atMs, shownTick, moving, moved, fastest } = frames[i];
    const advanced = shownTick - frames[i - 1].shownTick;
    if (advanced < EPSILON_TICKS || (moving > 0 && moved === 0)) part.frozen++;
    if (advanced < -EPSILON_TICKS) {
      part.backward++;
      failures.add('backward', bot, atMs, `${round(advanced, 3)} ticks`);
    }
    if (fastest > MAX_SPEED * JUMP) {
      part.jumps++;
      failures.add('jump', bot, atMs, `${round(fastest / MAX_SPEED, 2)} x the fastest ship`);
    }
    part.fastest = Math.max(part.fastest, fastest);
  }
  return part;
}

function clockErrorMs({ serverTick, saidServerTick }: Frame): number {
  return Math.abs(serverTick - saidServerTick) * TICK_MS;
}

function ofTicks(trace: Trace, bot: number, { fromMs, toMs }: Span, failures: Failures) {
  const first = Math.ceil(tickOf(trace, fromMs));
  const last = Math.floor(tickOf(trace, toMs)) - 1;
  const part = { ticks: 0, late: 0, corrections: 0, correctionsLate: 0 };
  /** Newest STATE that was as predicted. */
  let agreed = first - SEND_EVERY;
  for (let tick = first; tick < last; tick++) {
    part.ticks++;
    if (!trace.inTime[tick]) part.late++;
    if (tick % SEND_EVERY !== 0) continue;
    const off = stepsOff(trace.predicted[tick], trace.stepped[tick]);
    if (off <= 1) {
      agreed = tick;
      continue;
    }
    if (toldInTime(trace, agreed, tick)) {
      part.corrections++;
      const atMs = timeOf(trace, tick);
      failures.add('correction in time', bot, atMs, `tick ${tick} by ${round(off, 1)} steps`);
    } else part.correctionsLate++;
  }
  const known = (values: readonly number[]) =>
    values.slice(first, last).filter((value) => value !== undefined);
  return { ...part, leads: known(trace.leads), slacks: known(trace.slacks) };
}

/** The server's tick at a time of the run, by the drawn frame next to it. */
function tickOf({ frames }: Trace, ms: number): number {
  const frame = frames.find(({ atMs }) => atMs >= ms) ?? frames[frames.length - 1];
  return frame.serverTick + (ms - frame.atMs) / TICK_MS;
}

function timeOf({ frames }: Trace, tick: number): number {
  const [{ atMs, serverTick }] = frames;
  return atMs + (tick - serverTick) * TICK_MS;
}

/**
 * Whether the server knew all that the client predicted with since they last agreed: its inputs
 * were there, and so were those of that tick, whose presses would have been carried on.
 */
function toldInTime({ inTime }: Trace, agreed: number, tick: number): boolean {
  for (let t = agreed; t <= tick; t++) if (!inTime[t]) return false;
  return true;
}

/** How far two poses are apart, in steps of their fields: the worst of them. */
function stepsOff(a: Pose | undefined, b: Pose | undefined): number {
  if (!a || !b) return Infinity;
  const turns = (a[4] - b[4]) / (2 * Math.PI);
  const angle = Math.abs(turns - Math.round(turns)) * 2 * Math.PI;
  let place = 0;
  for (let i = 0; i < 4; i++) place = Math.max(place, Math.abs(a[i] - b[i]));
  return Math.max(place / PLACE_STEP, angle / ANGLE_STEP);
}

function ofShots(traces: readonly Trace[], { fromMs, toMs }: Span, failures: Failures) {
  const part = { count: 0, agreed: 0, seen: 0, lost: 0 };
  traces.forEach(({ shots }, bot) => {
    for (const shot of shots) {
      if (!shot || shot.firedMs < fromMs || shot.firedMs >= toMs) continue;
      const { saw, gave, taken, firedMs, inTime } = shot;
      part.count++;
      if (saw?.hit) part.seen++;
      if (!taken) part.lost++;
      if (saw?.hit === gave?.hit) part.agreed++;
      else failures.add('shot', bot, firedMs, `${difference(saw, gave)}${inTime ? '' : ', late'}`);
    }
  });
  return part;
}

function difference(saw: Sight | undefined, gave: Sight | undefined): string {
  if (!saw || !gave) return `${saw ? 'seen' : 'not seen'}, ${gave ? 'given' : 'not given'}`;
  const apart = (end: 'from' | 'target') =>
    round(Math.hypot(gave[end].x - saw[end].x, gave[end].y - saw[end].y), 2);
  return (
    `${saw.hit ? 'seen' : 'given'} only: ${round(gave.tick - saw.tick, 2)} ticks after the view, ` +
    `target off by ${apart('target')}, shooter by ${apart('from')}`
  );
}

/** Presses that the server took before the finger went down, or once more: over the whole run. */
export function doubled({ pressesMs, firesMs }: Trace): number {
  let [made, most] = [0, 0];
  firesMs.forEach((ms, i) => {
    while (made < pressesMs.length && pressesMs[made] <= ms) made++;
    most = Math.max(most, i + 1 - made);
  });
  return most;
}

/**
 * From connect() until input of one's own is made and the clock is right and stays so, whole ms;
 * the length of the run where it never is.
 */
function convergence({ frames, connectedMs, firstInputMs }: Trace, jitterMs: number): number {
  const closeMs = Math.max(CONVERGED_MS, CONVERGED_SHARE * jitterMs);
  const right = frames.findIndex((one, i) => {
    if (clockErrorMs(one) >= closeMs) return false;
    for (let j = i; j < frames.length && frames[j].atMs < one.atMs + STAYS_FOR_MS; j++)
      if (clockErrorMs(frames[j]) >= closeMs * STAYS_TIMES) return false;
    return true;
  });
  const last = frames[frames.length - 1];
  return round(Math.max((frames[right] ?? last).atMs, firstInputMs) - connectedMs, 0);
}

/** By nearest rank, of sorted samples. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(Math.max(Math.ceil(share * sorted.length) - 1, 0), sorted.length - 1)];
}
