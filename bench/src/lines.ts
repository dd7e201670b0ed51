// How play feels on a bad line: `npm run bench -- lines [--profile NAME] [--plot]`. Bots play
// through each named line in virtual time, and what they saw is held against what the server did.
// Deterministic for a seed; judges nothing.

import { UsageError } from '@tickwire/protocol';
import {
  LINE_PROFILES,
  type LineProfile,
  type ProfileName,
  profileLines,
} from '@tickwire/protocol/simulator';
import { say } from './figures.ts';
import { Bot, FRAME_MS } from './lines-bot.ts';
import { SEND_EVERY, TICK_MS } from './lines-game.ts';
import { type LineFigures, type Measured, measure } from './lines-measure.ts';
import { LinesWorld } from './lines-world.ts';

const BOTS = 8;
/** Between two joins, ms: no two bots share a phase of tick and frame. */
const JOIN_GAP_MS = 137;
/** By then the loops have seen what their line is like. */
const WARM_MS = 20_000;
const MEASURED_MS = 120_000;

export async function measureLines(options: {
  seed: number;
  profile?: string;
}): Promise<Record<string, LineFigures>> {
  const names = namesOf(options.profile);
  const figures: Record<string, LineFigures> = {};
  for (const name of names) {
    const startedMs = performance.now();
    const measured = await playLine(LINE_PROFILES[name], options.seed);
    say(`lines: ${name}, ${Math.round(performance.now() - startedMs)} ms`);
    sayMeasured(measured);
    figures[name] = measured.figures;
  }
  return figures;
}

function namesOf(profile: string | undefined): ProfileName[] {
  const names = Object.keys(LINE_PROFILES) as ProfileName[];
  if (profile === undefined) return names;
  if (!names.includes(profile as ProfileName))
    throw new UsageError(`--profile ${profile}: one of ${names.join(', ')}`);
  return [profile as ProfileName];
}

export async function playLine(
  profile: LineProfile,
  seed: number,
  { bots = BOTS, warmMs = WARM_MS, measuredMs = MEASURED_MS } = {},
): Promise<Measured> {
  const world = await LinesWorld.start(seed, bots);
  for (let i = 0; i < bots; i++) {
    const bot = new Bot(world, i, profileLines(profile, TICK_MS, TICK_MS * SEND_EVERY));
    world.add(bot, i * JOIN_GAP_MS);
    world.every(FRAME_MS, (i * FRAME_MS) / bots, () => bot.draw());
  }
  const fromMs = world.nowMs + bots * JOIN_GAP_MS + warmMs;
  await world.run(fromMs + measuredMs);
  await world.close();
  return measure(
    world.bots.map(({ trace }) => trace),
    { fromMs, toMs: fromMs + measuredMs },
    profile.rttJitterMs,
  );
}

function sayMeasured({ figures, details }: Measured): void {
  const { failures, ...rest } = details;
  for (const [name, value] of Object.entries({ ...figures, ...rest })) say(`  ${name}: ${value}`);
  for (const line of failures) say(`  ! ${line}`);
}
