// How many more seats two shards on two cores serve than one shard on one, and than a server alone,
// which saves no checkpoints, at equal lateness: rooms of sixteen, players who come in by either
// shard and go where they are sent. All climb to where ticks are late, by doubling and then by
// halves. Trap: cores are small (a third of one),
// because players need the rest of a machine of two.
import { Cores } from './cores.ts';
import { machine, round, say } from './figures.ts';
import { isInTime, LATE_MS } from './load-report.ts';
import { runShards, type ShardsStep } from './shards-step.ts';
import { HZ } from './workload.ts';

export interface ShardsOptions {
  readonly seed: number;
  /** Only this many seats of either, instead of more and more. */
  readonly seats?: number;
}

const SEATS_PER_ROOM = 16;
/** Ships beside the players'. */
const OTHERS = 16;
/**
 * Of a core: two such, and the players of both take another half. A pause of 10 ms, of the garbage
 * collector say, lasts 20 on half a core.
 */
const SHARE = 0.5;
/** Well below what a whole core serves, in such rooms. */
const FIRST = 1_280;
/** One shard has at least this share of what a server alone has. */
const FIRST_SHARE = 0.75;
/** Two have at least so many times as many, or all is lost anyhow. */
const LEAST_TIMES = 1.4;
/** Steps up, of a server alone and of shards, until it is too many. */
const GROWTH = { one: 2, shards: 1.25 } as const;
/** The search ends where too many is this little more than enough. */
const CLOSE = 1.05;
/** Of each search: what is known then is taken. All three end within six minutes. */
const SEARCH_MS = 100_000;
/** Of a step that is late with a core to spare. */
const TRIES = 3;
/** Of its core: a server that is late with less waited for somebody else's work. */
const STARVED = 0.92;
const TIMES = { warmMs: 2_000, settleMs: 1_000, measuredMs: 4_000 } as const;

interface Climb {
  readonly most: number;
  readonly steps: readonly ShardsStep[];
}

export async function measureShards({ seed, seats }: ShardsOptions): Promise<object> {
  const cores = new Cores(2, SHARE);
  try {
    const { kind, all } = cores;
    const [{ share }] = all;
    const search = (shards: number, first: number, growth: number) =>
      climb({ seed, only: seats, cores, shards, first, growth });
    const alone = await search(0, FIRST * share, GROWTH.one);
    const near = alone.most || FIRST * share;
    const one = await search(1, near * FIRST_SHARE, GROWTH.shards);
    const two = await search(2, near * LEAST_TIMES, GROWTH.shards);
    // With --seats one of them may serve none.
    const timesOf = ({ most }: Climb) => (most > 0 ? round(two.most / most, 2) : 0);
    const [times, timesAlone] = [timesOf(one), timesOf(alone)];
    say(`shards: ${two.most} seats of two shards on two cores, ${one.most} of one: ${times} times`);
    say(`  a server alone, without checkpoints: ${alone.most}: ${timesAlone} times`);
    return { machine: machine(), cores: { kind, share }, times, timesAlone, alone, one, two };
  } finally {
    await cores.end();
  }
}

interface ClimbOptions {
  readonly seed: number;
  readonly only: number | undefined;
  /** 0: one process without a parent. */
  readonly shards: number;
  readonly first: number;
  readonly growth: number;
  readonly cores: Cores;
}

async function climb({ seed, only, shards, first, growth, cores }: ClimbOptions): Promise<Climb> {
  const steps: ShardsStep[] = [];
  const room = { tickRate: HZ, seats: SEATS_PER_ROOM, others: OTHERS, seed };
  const holds = async (seats: number): Promise<boolean> => {
    const task = { shards, room, most: 2 * seats };
    for (let tries = 1; ; tries++) {
      const step = await runShards({ task, seats, seed, cores, ...TIMES });
      sayStep(shards, step);
      const isLate = !isInTime(step);
      if (isLate && isStarved(step, cores) && tries < TRIES) {
        say('  late with a core to spare: something else runs on this machine; once more');
        continue;
      }
      steps.push(step);
      return !isLate;
    }
  };
  if (only !== undefined) return { most: (await holds(only)) ? only : 0, steps };
  const began = performance.now();
  let most = 0;
  let tooMany = roomsOf(first);
  while (await holds(tooMany)) {
    most = tooMany;
    tooMany = roomsOf(tooMany * growth);
  }
  while (tooMany > most * CLOSE && performance.now() - began < SEARCH_MS) {
    const between = roomsOf((most + tooMany) / 2);
    if (between <= most || between >= tooMany) break;
    if (await holds(between)) most = between;
    else tooMany = between;
  }
  return { most, steps };
}

/** As many seats, in whole rooms. */
function roomsOf(seats: number): number {
  return Math.round(seats / SEATS_PER_ROOM) * SEATS_PER_ROOM;
}

/** Those that were late had not used up their cores. */
function isStarved({ shards, parentCore }: ShardsStep, { all }: Cores): boolean {
  return shards.every(({ core, beganLateMs }, index) => {
    const used = core + (index === 0 ? parentCore : 0);
    return beganLateMs.p99 <= LATE_MS || used < STARVED * all[index].share;
  });
}

function sayStep(count: number, step: ShardsStep): void {
  const { seats, seatsServed, shards, parentCore, generatorCores, beganLateMs } = step;
  const name = count === 0 ? 'a server alone' : `${count} shards`;
  const began = `began ${beganLateMs.p50} / ${beganLateMs.p99} ms late`;
  const each = shards.map((shard) => `${shard.core} (${shard.seats} seats)`).join(' and ');
  const parent = count === 0 ? '' : `, parent ${parentCore}`;
  const players = `players ${generatorCores.join(' and ')}`;
  const cpu = `${step.cpuUsPerSeatTick} us a seat and tick`;
  say(`shards: ${name}: ${seats} seats: ${began}, ${seatsServed} served, ${cpu}`);
  const closed = step.closed > 0 ? `, ${step.closed} closed (${step.reason})` : '';
  say(`  cores ${each}${parent}, ${players}${closed}`);
}
