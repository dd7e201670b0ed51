// How play feels on a bad line: `npm run bench -- lines [--profile NAME] [--plot]`. Bots play
// through each named line in virtual time, and what they saw is held against what the server did.
// Deterministic for a seed; judges nothing.
import { UsageError } from '@tickwire/protocol';
import { LINE_PROFILES, type LineProfile, type ProfileName } from '@tickwire/protocol/simulator';
import { say } from './figures.ts';
import { addBots } from './lines-bot.ts';
import { type LineFigures, measure, type Span } from './lines-measure.ts';
import { type Played, plotLines, sayLegend, sayPlayed } from './lines-report.ts';
import { playStalls } from './lines-stall.ts';
import type { Trace } from './lines-trace.ts';
import { LinesWorld } from './lines-world.ts';

const BOTS = 8;
/** By then the loops have seen what their line is like. */
const WARM_MS = 20_000;
const MEASURED_MS = 120_000;
/** After that, until the last shots have been judged by the worst of lines. */
const REST_MS = 3000;

export interface LinesOptions {
  readonly seed: number;
  /** One of the names; left out: all. */
  readonly profile?: string;
  /** Writes plots. */
  readonly plot: boolean;
}

/** Throws UsageError for a profile that does not exist. */
export async function measureLines(options: LinesOptions): Promise<Record<string, LineFigures>> {
  const { seed, profile, plot } = options;
  const played: Played[] = [];
  const names = namesOf(profile);
  sayLegend();
  for (const name of names) {
    const startedMs = performance.now();
    const line = LINE_PROFILES[name];
    const run = await playLine(line, seed);
    const measured = measure(run.traces, run.span, line.rttJitterMs);
    const one = { name, ...run, measured, stalls: await playStalls(line, seed) };
    sayPlayed(one, performance.now() - startedMs);
    played.push(one);
  }
  if (plot) for (const path of plotLines(played)) say(`\nwrote ${path}`);
  return Object.fromEntries(played.map(({ name, measured }) => [name, measured.figures]));
}

function namesOf(profile: string | undefined): ProfileName[] {
  const names = Object.keys(LINE_PROFILES) as ProfileName[];
  if (profile === undefined) return names;
  if (!names.includes(profile as ProfileName))
    throw new UsageError(`--profile ${profile}: one of ${names.join(', ')}`);
  return [profile as ProfileName];
}

/** Plays on one line; the traces from the start, and the part of them that counts. */
export async function playLine(
  profile: LineProfile,
  seed: number,
  { bots = BOTS, warmMs = WARM_MS, measuredMs = MEASURED_MS } = {},
): Promise<{ traces: Trace[]; span: Span }> {
  const world = await LinesWorld.start(seed, bots);
  const fromMs = addBots(world, profile, bots) + warmMs;
  const toMs = fromMs + measuredMs;
  await world.run(toMs);
  for (const bot of world.bots) bot.holdFire();
  await world.run(toMs + REST_MS);
  await world.close();
  return { traces: world.bots.map(({ trace }) => trace), span: { fromMs, toMs } };
}
