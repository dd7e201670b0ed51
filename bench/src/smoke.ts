// The bench as a gate: bytes and allocations against bench/baseline.json, never time. Bytes of a
// fixed seed are the same on every machine; allocations are sampled and depend a little on what V8
// optimises when, hence the margin. `smoke --write` makes what is measured the new baseline.
import { readFileSync, writeFileSync } from 'node:fs';
import { ArenaRun } from './arena-run.ts';
import { machine, round, say } from './figures.ts';
import { coreBytes } from './size.ts';
import { allocatedOver, bytesOver, type SizeName, sizeOf } from './tick.ts';

const BASELINE = new URL('../baseline.json', import.meta.url);
/** The seed of the baseline. */
const SEED = 1;
/** Bytes of the client's core, gzipped (DESIGN, promise 8). */
const SIZE_TARGET = 16_384;
/** Bytes of a STATE without news and of an INPUT that changes nothing. */
const EMPTY_BYTES = 8;
/** Bytes of STATE may move by this share: a change of the game's workload, not of the wire. */
const STATE_SHARE = 0.02;
/** The client may grow by this share before somebody looks. */
const SIZE_SHARE = 0.02;
/**
 * Garbage of the hot files per seat and tick beyond the baseline: three number objects, which V8
 * makes of the floats handed to a sink in runs where it does not inline the call. An array, a view
 * or a closure for each seat is more.
 */
const GARBAGE_MARGIN_BYTES = 48;
const WARM_TICKS = 600;
const COUNTED_TICKS = 200;
const STILL_TICKS = 50;
/** Windows of which the least garbage counts: in one of them V8 may still run bytecode. */
const WINDOWS = 4;

interface RoomFigures {
  readonly statePerSeatTick: number;
  readonly garbagePerSeatTick: number;
}

interface Baseline {
  readonly machine: Readonly<Record<string, string>>;
  readonly clientGzipBytes: number;
  readonly everyone: RoomFigures;
  readonly interest: RoomFigures;
}

interface Check {
  readonly what: string;
  readonly measured: number;
  readonly least: number;
  readonly most: number;
}

/** Measures and judges; with `write` the measured figures become the baseline. */
export async function judge(write: boolean): Promise<object> {
  say('smoke: bundling the client');
  const clientGzipBytes = await coreBytes();
  const everyone = await figuresOf('everyone');
  const interest = await figuresOf('interest');
  const empty = await emptyBytes();
  const measured: Baseline = { machine: machine(), clientGzipBytes, everyone, interest };
  if (write) writeFileSync(BASELINE, `${JSON.stringify(measured, undefined, 2)}\n`);
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline;
  const checks: Check[] = [
    sizeCheck(clientGzipBytes, baseline.clientGzipBytes),
    ...roomChecks('everyone', everyone, baseline.everyone),
    ...roomChecks('interest', interest, baseline.interest),
    { what: 'bytes of an empty STATE', measured: empty.state, least: 1, most: EMPTY_BYTES },
    { what: 'bytes of an unchanged INPUT', measured: empty.input, least: 1, most: EMPTY_BYTES },
  ];
  for (const check of checks) if (!verdict(check)) process.exitCode = 1;
  return { ...measured, empty };
}

async function figuresOf(name: SizeName): Promise<RoomFigures> {
  say(`smoke: ${name}`);
  const run = await ArenaRun.start(sizeOf[name](SEED));
  for (let i = 0; i < WARM_TICKS; i++) run.tick();
  const { statePerSeatTick } = bytesOver(run, COUNTED_TICKS);
  let garbage = Number.POSITIVE_INFINITY;
  for (let i = 0; i < WINDOWS && garbage > GARBAGE_MARGIN_BYTES; i++) {
    const { hotPerTick } = await allocatedOver(run, COUNTED_TICKS);
    garbage = Math.min(garbage, hotPerTick / run.size.seats);
  }
  await run.close();
  return { statePerSeatTick, garbagePerSeatTick: round(garbage, 2) };
}

/** The shortest frames there are: of a room in which nothing happens. */
async function emptyBytes(): Promise<{ state: number; input: number }> {
  const run = await ArenaRun.start({ tickRate: 20, seats: 2, others: 0, still: true, seed: SEED });
  for (let i = 0; i < STILL_TICKS; i++) run.tick();
  await run.close();
  return { state: run.players[0].leastState, input: run.unchangedInputBytes };
}

/** At the target nothing more is asked; above it the client must not grow. */
function sizeCheck(measured: number, baseline: number): Check {
  const most = Math.max(SIZE_TARGET, Math.floor(baseline * (1 + SIZE_SHARE)));
  return { what: `gzipped bytes of the client (target ${SIZE_TARGET})`, measured, least: 1, most };
}

function roomChecks(name: string, measured: RoomFigures, baseline: RoomFigures): Check[] {
  const state = baseline.statePerSeatTick;
  return [
    {
      what: `${name}: STATE bytes per seat and tick`,
      measured: measured.statePerSeatTick,
      least: state * (1 - STATE_SHARE),
      most: state * (1 + STATE_SHARE),
    },
    {
      what: `${name}: garbage of the hot files per seat and tick`,
      measured: measured.garbagePerSeatTick,
      least: 0,
      most: baseline.garbagePerSeatTick + GARBAGE_MARGIN_BYTES,
    },
  ];
}

function verdict({ what, measured, least, most }: Check): boolean {
  const holds = measured >= least && measured <= most;
  const range = least > 1 ? `${round(least, 1)}..${round(most, 1)}` : `at most ${round(most, 1)}`;
  say(`${holds ? 'ok    ' : 'FAILED'}  ${what}: ${measured}, wants ${range}`);
  return holds;
}
