// A line that is quiet but stands still for 600 ms, three times: what a player sees of it. Called
// by lines.ts for each profile, whose distance it takes and nothing else. Both directions are held,
// so inputs pile up as STATEs do.
import type { LineProfile } from '@tickwire/protocol/simulator';
import { round } from './figures.ts';
import { addBots } from './lines-bot.ts';
import { MAX_SPEED, TICK_MS } from './lines-game.ts';
import { doubled } from './lines-measure.ts';
import type { Frame, Trace } from './lines-trace.ts';
import { LinesWorld } from './lines-world.ts';

const BOTS = 4;
const STALL_MS = 600;
/** From the last join to the first stall, and from one to the next, ms: the loops rest by then. */
const WARM_MS = 8000;
const GAP_MS = 8000;
const STALLS = 3;
/** Shown time that runs this much faster than time, in two drawn frames in a row: fast-forward. */
const FORWARD = 1.5;
/** Beside a round trip, from the end of a stall until it must be seen no more, ms: the issue's. */
const GRACE_MS = 150;
/** Caught up: as far behind as before the stall, but for this, ms. */
const CAUGHT_UP_MS = 50;

export interface StallFigures {
  /** From the end of the stall until news of it moved on the screen, ms: the worst. */
  readonly shownAgainMs: number;
  /** What the issue allows: a round trip and 150 ms. */
  readonly allowedMs: number;
  /** From its end until others are shown no later than before, ms: the worst, 7,400 at most. */
  readonly caughtUpMs: number;
  /** Drawn frames in fast-forward. */
  readonly forwardFrames: number;
  /** The fastest drawn motion of others meanwhile, in multiples of the fastest ship. */
  readonly fastest: number;
  readonly inputsDoubled: number;
}

export async function playStalls(profile: LineProfile, seed: number): Promise<StallFigures> {
  const quiet = { ...profile, rttJitterMs: 0, lossPercent: 0, stallMs: 0 };
  const world = await LinesWorld.start(seed, BOTS);
  let atMs = addBots(world, quiet, BOTS) + WARM_MS;
  const stalls: number[] = [];
  for (let i = 0; i < STALLS; i++, atMs += GAP_MS) {
    await world.run(atMs);
    for (const { up, down } of world.bots) up.heldUntilMs = down.heldUntilMs = atMs + STALL_MS;
    stalls.push(atMs);
  }
  await world.run(atMs);
  await world.close();
  const traces = world.bots.map(({ trace }) => trace);
  const parts = traces.flatMap((trace) => stalls.map((ms) => afterStall(trace, ms)));
  return {
    shownAgainMs: round(Math.max(...parts.map((part) => part.shownAgainMs)), 0),
    allowedMs: profile.rttMs + GRACE_MS,
    caughtUpMs: round(Math.max(...parts.map((part) => part.caughtUpMs)), 0),
    forwardFrames: parts.reduce((sum, part) => sum + part.forwardFrames, 0),
    fastest: round(Math.max(...parts.map((part) => part.fastest)) / MAX_SPEED, 2),
    inputsDoubled: Math.max(...traces.map(doubled)),
  };
}

function afterStall({ frames }: Trace, stalledMs: number) {
  const endMs = stalledMs + STALL_MS;
  const first = frames.findIndex(({ atMs }) => atMs >= stalledMs);
  const end = frames.findIndex(({ atMs }) => atMs >= endMs);
  const after = frames.slice(
    end,
    frames.findLastIndex(({ atMs }) => atMs < stalledMs + GAP_MS),
  );
  const newest = frames[end - 1].newestTick;
  const before = delayMs(frames[first - 1]);
  const rates = after.map((frame, i) => rateOf(frames[end + i - 1], frame));
  const since = (found = frames[end + after.length]) => found.atMs - endMs;
  return {
    shownAgainMs: since(
      after.find(
        ({ newestTick, shownTick }, i) =>
          newestTick > newest && shownTick <= newestTick && rates[i] > 0,
      ),
    ),
    caughtUpMs: since(after.find((frame) => delayMs(frame) <= before + CAUGHT_UP_MS)),
    // One frame that leaves the stall behind is a skip.
    forwardFrames: rates.filter((rate, i) => rate > FORWARD && rates[i - 1] > FORWARD).length,
    fastest: Math.max(...after.map((frame) => frame.fastest)),
  };
}

function delayMs({ serverTick, shownTick }: Frame): number {
  return (serverTick - shownTick) * TICK_MS;
}

/** Shown time by time. */
function rateOf(before: Frame, { shownTick, atMs }: Frame): number {
  return ((shownTick - before.shownTick) * TICK_MS) / (atMs - before.atMs);
}
