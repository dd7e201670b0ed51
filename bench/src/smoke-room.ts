// What one of smoke's rooms costs in bytes and garbage, in the process that asks: what V8 inlines
// there decides about the garbage. Called by smoke.ts; run as a program, which smoke.ts does where
// its own process made more than it should, it prints the figures of the room that it is given.
import { fileURLToPath } from 'node:url';
import { ArenaRun } from './arena-run.ts';
import { round } from './figures.ts';
import { allocatedOver, bytesOver, type SizeName, sizeOf } from './tick.ts';

/** The seed of the baseline. */
export const SEED = 1;
const WARM_TICKS = 600;
const COUNTED_TICKS = 200;
/** Windows of which the least garbage counts: in one of them V8 may still run bytecode. */
const WINDOWS = 4;
/** Bytes for each seat and tick that are nobody's garbage: an array grew, a sample fell. */
const ENOUGH_BYTES = 1;
/** Places that are named, of those which make most garbage. */
const NAMED = 6;

export interface RoomFigures {
  readonly statePerSeatTick: number;
  readonly garbagePerSeatTick: number;
}

export interface RoomRun extends RoomFigures {
  /** What made most garbage in the last window. */
  readonly places: readonly string[];
}

export async function runRoom(name: SizeName): Promise<RoomRun> {
  const run = await ArenaRun.start(sizeOf[name](SEED));
  for (let i = 0; i < WARM_TICKS; i++) run.tick();
  const { statePerSeatTick } = bytesOver(run, COUNTED_TICKS);
  let garbage = Number.POSITIVE_INFINITY;
  let places: string[] = [];
  for (let i = 0; i < WINDOWS && garbage > ENOUGH_BYTES; i++) {
    places = [];
    const { hotPerTick } = await allocatedOver(run, COUNTED_TICKS, (place) => places.push(place));
    garbage = Math.min(garbage, hotPerTick / run.size.seats);
  }
  await run.close();
  const ours = places.filter((place) => /(protocol|server)\//.test(place)).slice(0, NAMED);
  return { statePerSeatTick, garbagePerSeatTick: round(garbage, 2), places: ours };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(JSON.stringify(await runRoom(process.argv[2] as SizeName)));
