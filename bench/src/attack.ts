// Two hundred honest players while five attackers do what they can: how late ticks begin with and
// without them, in windows that take turns in one run. The server has a core for itself; players
// and attackers share the other, and the players come first. Trap: attackers in full flow also fill
// the kernel's loopback, which runs on whichever core sends.

import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { AttackFigures } from './attack-swarm.ts';
import { machine, round, type Spread, say, spread } from './figures.ts';
import type { GeneratorFigures } from './generator.ts';
import { asked, ended, Pair, program, wait } from './load-step.ts';
import type { ServerFigures } from './load-watch.ts';
import { HZ } from './workload.ts';

export interface AttackOptions {
  readonly seed: number;
  /** Of all windows together. */
  readonly seconds: number;
  /** One attacker alone: which of them costs what. */
  readonly only?: string | undefined;
}

const SEATS = 200;
/** Below what one address may hold, with what it may open at once. */
const SEATS_PER_ADDRESS = 50;
/** The nice value of a session that goes before others: wants to be root. */
const FIRST = '-15';
const WARM_MS = 3_000;
const WINDOW_MS = 2_000;
/** After attackers were told to stop: their sockets end, and are not the next window's. */
const CALM_MS = 500;

/** All windows of one kind. */
interface Side {
  readonly beganLateMs: number[];
  readonly rttMs: number[];
  readonly serverCore: number[];
  readonly generatorCore: number[];
  missed: number;
}

export interface SideFigures {
  /** How late ticks began. */
  readonly beganLateMs: Spread;
  readonly ticks: number;
  /** Round trips of honest players. */
  readonly rttMs: Spread;
  /** Ticks whose STATE an honest player did not get. */
  readonly missed: number;
  readonly serverCore: number;
  readonly generatorCore: number;
}

export async function measureAttack({ seed, seconds, only }: AttackOptions): Promise<object> {
  const ships = { entities: SEATS, seats: SEATS, mode: 'coast', seed } as const;
  const pair = await Pair.start({ room: { ships, exposed: true } });
  const swarm = program('./attack-swarm.ts');
  try {
    const pinned = await pin(pair, swarm);
    say(`attack: ${SEATS} players join; ${pinned ? 'the server has core 0' : 'nothing is pinned'}`);
    swarm.send(pair.listening);
    if (only) swarm.send({ only });
    const seats = { seats: SEATS, tickRate: HZ, seed, seatsPerAddress: SEATS_PER_ADDRESS };
    const joined = await pair.join({ server: pair.listening, ...seats });
    await wait(WARM_MS);
    const calm = newSide();
    const attacked = newSide();
    const swarms: AttackFigures[] = [];
    let closed = 0;
    for (let windows = Math.ceil((seconds * 1000) / WINDOW_MS / 2); windows > 0; windows--) {
      await window(pair, calm);
      swarm.send('start');
      closed = await window(pair, attacked);
      swarms.push(await asked<AttackFigures>(swarm, 'stop'));
      await wait(CALM_MS);
    }
    const figures = { calm: figuresOf(calm), attacked: figuresOf(attacked) };
    const [with_, without] = [figures.attacked, figures.calm].map((side) => side.beganLateMs.p99);
    const timesLate = round(with_ / without, 2);
    const attackers = sumOf(swarms);
    report({ ...figures, timesLate, closed }, attackers);
    return { machine: machine(), pinned, joined, closed, ...figures, timesLate, attackers };
  } finally {
    await Promise.all([pair.end(), ended(swarm)]);
  }
}

function newSide(): Side {
  return { beganLateMs: [], rttMs: [], serverCore: [], generatorCore: [], missed: 0 };
}

/** One window; answers how many honest players are gone by then. */
async function window(pair: Pair, side: Side): Promise<number> {
  pair.measure();
  await wait(WINDOW_MS);
  const began = await pair.samples();
  const { server, generator }: { server: ServerFigures; generator: GeneratorFigures } =
    await pair.report();
  side.beganLateMs.push(...began);
  side.rttMs.push(...generator.rttMs);
  side.serverCore.push(server.core);
  side.generatorCore.push(generator.core);
  side.missed += generator.missed;
  return generator.closed;
}

function figuresOf(side: Side): SideFigures {
  const mean = (values: readonly number[]) =>
    round(values.reduce((sum, value) => sum + value, 0) / values.length, 2);
  return {
    beganLateMs: spread(side.beganLateMs),
    ticks: side.beganLateMs.length,
    rttMs: spread(side.rttMs),
    missed: side.missed,
    serverCore: mean(side.serverCore),
    generatorCore: mean(side.generatorCore),
  };
}

/** Of all windows; `core` is their mean. */
function sumOf(swarms: readonly AttackFigures[]): AttackFigures {
  const sum = (of: 'lines' | 'bytes') => {
    const totals: Record<string, number> = {};
    for (const figures of swarms)
      for (const [name, count] of Object.entries(figures[of]))
        totals[name] = (totals[name] ?? 0) + count;
    return totals;
  };
  const core = round(swarms.reduce((total, figures) => total + figures.core, 0) / swarms.length, 2);
  return { lines: sum('lines'), bytes: sum('bytes'), core };
}

function report(
  figures: { calm: SideFigures; attacked: SideFigures; timesLate: number; closed: number },
  attackers: AttackFigures,
): void {
  for (const name of ['calm', 'attacked'] as const) {
    const { beganLateMs: late, rttMs, missed, serverCore, generatorCore } = figures[name];
    const ticks = `ticks ${late.p50} / ${late.p99} / ${late.max} ms late`;
    const trips = `round trips ${rttMs.p50} / ${rttMs.p99} ms`;
    const cores = `cores ${serverCore} and ${generatorCore}`;
    say(`attack: ${name}: ${ticks}, ${trips}, ${missed} missed, ${cores}`);
  }
  const lines = Object.entries(attackers.lines).map(([name, count]) => `${count} of ${name}`);
  say(`attack: lines ${lines.join(', ')}; the attackers' share of a core ${attackers.core}`);
  say(`attack: ${figures.timesLate} times as late, ${figures.closed} honest players gone`);
}

/**
 * The server on core 0, all others on core 1, and what else runs on this machine behind both. False
 * where this machine has no way to, or does not let us: figures are then worth what it is idle.
 */
async function pin(pair: Pair, swarm: ChildProcess): Promise<boolean> {
  const { server, generator } = pair.pids;
  const run = promisify(execFile);
  const onto = (core: number, pid: number) =>
    run('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)]);
  try {
    await onto(0, server);
    await Promise.all([onto(1, generator), onto(1, swarm.pid!)]);
    // The whole session goes before those of others; within it the swarm has put itself last.
    await writeFile(`/proc/${server}/autogroup`, FIRST);
    return true;
  } catch {
    return false;
  }
}
