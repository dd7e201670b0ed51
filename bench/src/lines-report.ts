// What `lines` found, for people: what its figures mean and what explains them, failures, frozen
// time against delay, and the plots. Reads traces and figures, measures nothing that is judged.
import { round, say } from './figures.ts';
import { SEND_EVERY, TICK_MS } from './lines-game.ts';
import { type LineFigures, type Measured, quantile, type Span } from './lines-measure.ts';
import type { StallFigures } from './lines-stall.ts';
import type { Frame, Trace } from './lines-trace.ts';
import { type Line, writePlot } from './plot.ts';

/** A profile's run. */
export interface Played {
  readonly name: string;
  readonly traces: readonly Trace[];
  readonly span: Span;
  readonly measured: Measured;
  readonly stalls: StallFigures;
}

const LEGEND: Readonly<Record<keyof LineFigures, string>> = {
  clockErrorP50Ms: "how far off the client's word for the server's present is",
  clockErrorP99Ms: 'the same, at worst in 99 of 100 frames',
  lateInputShare: 'ticks that were stepped without their input',
  leadTicks: 'ticks that input is made ahead of the server, median',
  shownDelayP50Ms: 'how late others are shown, median',
  shownDelayP95Ms: 'the same, at worst in 95 of 100 frames',
  frozenShare: 'drawn frames in which others stood still',
  jumps: 'motions of others that no ship is capable of',
  backward: 'drawn frames that showed an earlier tick than the one before',
  correctionsAboveStep: 'own moves that the server saw otherwise, though their input was in time',
  hitAgreement: 'shots that client and server judge alike',
  inputToScreenFrames: 'drawn frames from a key to the own ship moving, the worst',
  convergedMs: 'from connect until play is as it will be, the slowest client',
};

/** What the figures mean; shares are of 1. */
export function sayLegend(): void {
  for (const [figure, meaning] of Object.entries(LEGEND)) say(`  ${figure.padEnd(24)}${meaning}`);
}

export function sayPlayed({ name, measured, stalls, traces, span }: Played, tookMs: number): void {
  const { failures, ...details } = measured.details;
  say(`\nlines: ${name} (${round(tookMs / 1000, 1)} s)`);
  // The figures themselves are what the bench answers.
  for (const [figure, value] of Object.entries(details)) say(`  ${figure.padEnd(24)}${value}`);
  const { shownAgainMs, allowedMs, caughtUpMs, forwardFrames, fastest, inputsDoubled } = stalls;
  say(
    `  after 600 ms of silence: shown again in ${shownAgainMs} ms (${allowedMs} allowed), ` +
      `caught up in ${caughtUpMs} ms, ${forwardFrames} frames in fast-forward, at most ` +
      `${fastest} x the fastest ship, ${inputsDoubled} presses doubled`,
  );
  const curve = frozenCurve(traces, span);
  const shares = curve.map(([ms, share]) => `${ms}: ${round(share * 100, 2)}`);
  say(`  % frozen by a fixed delay, ms: ${shares.join('  ')}`);
  for (const line of failures) say(`  ! ${line}`);
}

/** Delays that are tried, ms from one to the next, and how rare frozen frames may become. */
const CURVE_STEP_MS = 10;
const CURVE_LEAST = 0.0005;

/**
 * Share of drawn frames that would have stood still, had others been shown at a fixed delay behind
 * the server's present and no guess been made: from when each STATE really came. Ascending delays,
 * from where half of the frames move.
 */
export function frozenCurve(traces: readonly Trace[], span: Span): [ms: number, share: number][] {
  const frames = traces.map((trace) => framesOf(trace, span));
  const curve: [number, number][] = [];
  for (let ms = SEND_EVERY * TICK_MS; ms < 5000; ms += CURVE_STEP_MS) {
    let frozen = 0;
    let all = 0;
    for (const one of frames) {
      frozen += frozenAt(one, ms / TICK_MS);
      all += one.length;
    }
    const share = frozen / all;
    if (share < 0.5) curve.push([round(ms, 0), share]);
    if (share < CURVE_LEAST) break;
  }
  return curve;
}

function frozenAt(frames: readonly Frame[], delayTicks: number): number {
  let frozen = 0;
  let shown = -Infinity;
  for (const { serverTick, newestTick } of frames) {
    const next = Math.max(Math.min(serverTick - delayTicks, newestTick), shown);
    if (next === shown) frozen++;
    shown = next;
  }
  return frozen;
}

function framesOf({ frames }: Trace, { fromMs, toMs }: Span): Frame[] {
  return frames.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
}

/** Answers the paths of the plots: frozen time against delay, and one line over time. */
export function plotLines(played: readonly Played[]): string[] {
  return [plotFrozen(played), plotTime(played.find(({ name }) => name === 'wifi') ?? played[0])];
}

function plotFrozen(played: readonly Played[]): string {
  const percent = (share: number) => Math.max(share, CURVE_LEAST) * 100;
  return writePlot('lines-frozen', {
    title: 'Frozen time against delay',
    note: 'lines: % of drawn frames that stand still at a fixed delay; dots: what the client does',
    xTitle: 'delay behind the server, ms',
    linearX: true,
    panels: [
      {
        title: '% of drawn frames',
        lines: played.flatMap(({ name, traces, span, measured: { figures } }): Line[] => [
          {
            name,
            ours: false,
            points: frozenCurve(traces, span).map(([ms, share]) => [ms, percent(share)]),
          },
          {
            name: `client on ${name}`,
            ours: true,
            points: [[figures.shownDelayP50Ms, percent(figures.frozenShare)]],
          },
        ]),
      },
    ],
  });
}

/** Seconds of the plot over time, from the first connect, and of what one point is the median. */
const TIME_S = 60;
const POINT_S = 0.25;

function plotTime({ name, traces: [trace] }: Played): string {
  const startMs = trace.connectedMs;
  const shown = trace.frames.map(({ atMs, serverTick, shownTick }) => [
    (atMs - startMs) / 1000,
    (serverTick - shownTick) * TICK_MS,
  ]);
  const [{ atMs, serverTick }] = trace.frames;
  const lead = trace.leads.map((ticks, tick) => [
    (atMs + (tick - ticks - serverTick) * TICK_MS - startMs) / 1000,
    ticks * TICK_MS,
  ]);
  return writePlot('lines-time', {
    title: `One client on ${name}, from its connect`,
    note: `ms, medians of ${POINT_S} s: others are shown so late, own input is made so early`,
    xTitle: 'seconds',
    linearX: true,
    linearY: true,
    panels: [
      {
        title: 'ms',
        lines: [
          { name: 'shown delay', ours: true, points: medians(shown) },
          { name: 'input lead', ours: false, points: medians(lead) },
        ],
      },
    ],
  });
}

/** Points of which each is the median of POINT_S. */
function medians(points: readonly (readonly number[] | undefined)[]): [number, number][] {
  const slots: number[][] = [];
  for (const point of points) {
    if (point === undefined || point[0] >= TIME_S) continue;
    (slots[Math.floor(point[0] / POINT_S)] ??= []).push(point[1]);
  }
  return slots.flatMap((slot, i): [number, number][] => [
    [i * POINT_S, quantile(Float64Array.from(slot).sort(), 0.5)],
  ]);
}
