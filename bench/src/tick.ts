// What a tick costs: time, bytes to each seat and bytes allocated, for the three rooms the issue
// names. In-process rooms measure the framework alone; the third is measured over real sockets too.
// Times are noisy on a shared machine, bytes are not.
import { allocationOf } from './allocation.ts';
import type { ArenaSize } from './arena.ts';
import { ArenaRun } from './arena-run.ts';
import { machine, round, type Spread, say, spread } from './figures.ts';
import { measureLoad } from './load.ts';

/** Ticks before anything is counted: code is optimised, tables have grown. */
const WARM_TICKS = 300;
const TIMED_TICKS = 300;
/** Ticks the heap is sampled over. */
const SAMPLED_TICKS = 200;

/** The files whose header promises to allocate nothing per tick. */
export const HOT_FILES: readonly string[] = [
  ...['table', 'live-table', 'state-writer', 'body-writer', 'known-set', 'plain', 'msgpack-writer'],
  ...['history', 'quantize', 'tracks', 'track-odds', 'departures', 'coder', 'packed-sink'],
  ...['packed-input-sink', 'packed-source'],
]
  .map((name) => `protocol/src/${name}`)
  .concat(
    [
      ...['replication', 'visibility', 'grid', 'input-queue', 'intake', 'budget'],
      ...['arrivals', 'priority-buckets'],
    ].map((name) => `server/src/${name}`),
  );

export type SizeName = 'everyone' | 'interest' | 'players60';

export const sizeOf: Readonly<Record<SizeName, (seed: number) => ArenaSize>> = {
  everyone: (seed) => ({ tickRate: 20, seats: 200, others: 0, seed }),
  interest: (seed) => ({ tickRate: 20, seats: 100, others: 900, radius: 400, seed }),
  players60: (seed) => ({ tickRate: 60, seats: 64, others: 0, seed }),
};

export interface Bytes {
  /** STATE frames per seat and tick, and of them the seat's own part. */
  readonly statePerSeatTick: number;
  readonly ownPerSeatTick: number;
}

export interface Allocated {
  /** Bytes per tick in the hot files together, and in everything of ours. */
  readonly hotPerTick: number;
  readonly oursPerTick: number;
  readonly files: Readonly<Record<string, number>>;
}

export function bytesOver(run: ArenaRun, ticks: number): Bytes {
  const { replication } = run.room;
  const before = { bytes: replication.bytes, own: replication.ownBytes };
  for (let i = 0; i < ticks; i++) run.tick();
  const seatTicks = ticks * run.size.seats;
  return {
    statePerSeatTick: round((replication.bytes - before.bytes) / seatTicks, 3),
    ownPerSeatTick: round((replication.ownBytes - before.own) / seatTicks, 3),
  };
}

export async function allocatedOver(
  run: ArenaRun,
  ticks: number,
  show?: (place: string) => void,
): Promise<Allocated> {
  const { files, places } = await allocationOf(() => {
    for (let i = 0; i < ticks; i++) run.tick();
  });
  const perTick: Record<string, number> = {};
  let hot = 0;
  let ours = 0;
  for (const [file, bytes] of [...files].sort((a, b) => b[1] - a[1])) {
    if (!/^(protocol|server)\//.test(file)) continue;
    perTick[file] = Math.round(bytes / ticks);
    ours += bytes / ticks;
    if (HOT_FILES.includes(file)) hot += bytes / ticks;
  }
  for (const [place, bytes] of [...places].sort((a, b) => b[1] - a[1]).slice(0, 12))
    show?.(`  ${String(Math.round(bytes / ticks)).padStart(8)} B/tick  ${place}`);
  return { hotPerTick: Math.round(hot), oursPerTick: Math.round(ours), files: perTick };
}

interface TickFigures extends Bytes {
  readonly seats: number;
  readonly entities: number;
  readonly tickMs: Spread;
  readonly allocated: Allocated;
}

async function measureRoom(name: SizeName, seed: number): Promise<TickFigures> {
  const size = sizeOf[name](seed);
  say(`${name}: ${size.seats} seats, ${size.seats + size.others} ships, ${size.tickRate} Hz`);
  const run = await ArenaRun.start(size);
  for (let i = 0; i < WARM_TICKS; i++) run.tick();
  const samples: number[] = [];
  const bytes = bytesOver(run, TIMED_TICKS);
  for (let i = 0; i < TIMED_TICKS; i++) {
    const began = performance.now();
    run.tick();
    samples.push(performance.now() - began);
  }
  const allocated = await allocatedOver(run, SAMPLED_TICKS, say);
  await run.close();
  const tickMs = spread(samples);
  say(`${name}: p50 ${tickMs.p50} ms, p99 ${tickMs.p99} ms, ${bytes.statePerSeatTick} B/seat/tick`);
  return { seats: size.seats, entities: size.seats + size.others, tickMs, ...bytes, allocated };
}

export async function measureTick(seed: number): Promise<object> {
  const everyone = await measureRoom('everyone', seed);
  const interest = await measureRoom('interest', seed);
  const players60 = await measureRoom('players60', seed);
  const sockets = await measureLoad(sizeOf.players60(seed));
  return { machine: machine(), everyone, interest, players60: { ...players60, sockets } };
}
