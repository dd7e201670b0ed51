// The bench as a gate: bytes and allocations against bench/baseline.json, never time. Bytes of a
// fixed seed are the same on every machine; allocations are sampled and depend on what V8 inlines,
// which differs from process to process, hence the margin and the second chance. `smoke --write`
// makes what is measured the new baseline.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ArenaRun } from './arena-run.ts';
import { machine, round, say } from './figures.ts';
import { coreBytes } from './size.ts';
import { type RoomFigures, type RoomRun, runRoom, SEED } from './smoke-room.ts';
import type { SizeName } from './tick.ts';

const BASELINE = new URL('../baseline.json', import.meta.url);
const ROOM_PROGRAM = fileURLToPath(new URL('./smoke-room.ts', import.meta.url));
/** Bytes of the client's core, gzipped (DESIGN, promise 8). */
const SIZE_TARGET = 16_384;
/** Bytes of a STATE without news and of an INPUT that changes nothing. */
const EMPTY_BYTES = 8;
/** Bytes of STATE may move by this share: a change of the game's workload, not of the wire. */
const STATE_SHARE = 0.02;
/** The client may grow by this share before somebody looks. */
const SIZE_SHARE = 0.02;
/**
 * Garbage of the hot files per seat and tick beyond the baseline: one number object and a half. An
 * array, a view or a closure for each seat is more, in every process.
 */
const GARBAGE_MARGIN_BYTES = 24;
/** Further processes that a room is run in where it made more garbage than that. */
const CHANCES = 2;
const STILL_TICKS = 50;
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
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline;
  const everyone = await figuresOf('everyone', baseline.everyone);
  const interest = await figuresOf('interest', baseline.interest);
  const empty = await emptyBytes();
  const measured: Baseline = { machine: machine(), clientGzipBytes, everyone, interest };
  if (write) {
    writeFileSync(BASELINE, `${JSON.stringify(measured, undefined, 2)}\n`);
    return measured;
  }
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

async function figuresOf(name: SizeName, baseline: RoomFigures): Promise<RoomFigures> {
  say(`smoke: ${name}`);
  let run = await runRoom(name);
  for (let i = 0; i < CHANCES && run.garbagePerSeatTick > mostGarbage(baseline); i++) {
    say(`smoke: ${run.garbagePerSeatTick} B of garbage per seat and tick; in a new process`);
    for (const place of run.places) say(place);
    const given = [...process.execArgv, ROOM_PROGRAM, name];
    const other = JSON.parse(
      execFileSync(process.execPath, given, { encoding: 'utf8' }),
    ) as RoomRun;
    if (other.garbagePerSeatTick < run.garbagePerSeatTick) run = other;
  }
  const { statePerSeatTick, garbagePerSeatTick } = run;
  return { statePerSeatTick, garbagePerSeatTick };
}

function mostGarbage(baseline: RoomFigures): number {
  return baseline.garbagePerSeatTick + GARBAGE_MARGIN_BYTES;
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
      most: mostGarbage(baseline),
    },
  ];
}

function verdict({ what, measured, least, most }: Check): boolean {
  const holds = measured >= least && measured <= most;
  const range = least > 1 ? `${round(least, 1)}..${round(most, 1)}` : `at most ${round(most, 1)}`;
  say(`${holds ? 'ok    ' : 'FAILED'}  ${what}: ${measured}, wants ${range}`);
  return holds;
}
