// A thousand shards and a million seats in virtual time: what the code between shards asks of one
// Redis, how long players wait for it, and where it ends. What is real and what is modelled stands
// at the top of cluster-shard.ts; the costs of Redis in cluster-costs.ts. Answers figures by phase,
// and draws load and commands over time. The same seed gives the same figures everywhere.
import { type JoiningFigures, simulateJoining } from './cluster-joining.ts';
import { type CommandCost, measureCosts } from './cluster-measure.ts';
import type { RedisSecond } from './cluster-redis.ts';
import { busyOf, ClusterRun, commandsOf, type PhaseFigures } from './cluster-run.ts';
import { machine, round, say } from './figures.ts';
import { type Line, writePlot } from './plot.ts';
import type { Asked } from './usage.ts';

/**
 * What one Redis can just carry, in a few minutes of real time; a thousand shards take half an
 * hour.
 */
const SHARDS = 200;
const SEATS = 200_000;
const MINUTES = 2;
/** Empty shards that come to full ones: a few seconds of real time. */
const JOINING = { full: 40, fresh: 10 };

export interface ClusterFigures {
  readonly machine: Record<string, string>;
  readonly shards: number;
  readonly seats: number;
  readonly minutes: number;
  readonly seed: number;
  readonly rooms: number;
  /** Real time that it took. */
  readonly tookSeconds: number;
  readonly happened: number;
  readonly phases: Readonly<Record<string, PhaseFigures>>;
  readonly joining: JoiningFigures;
  /** All are 0, or the code is wrong. */
  readonly broken: {
    readonly ownedTwice: number;
    readonly overpromised: number;
    readonly down: number;
  };
}

export async function measureCluster(asked: Asked): Promise<ClusterFigures | CommandCost[]> {
  if (asked.measure) return measureCosts();
  const { shards = SHARDS, seats = SEATS, minutes = MINUTES, seed } = asked;
  const size = {
    shards,
    seats,
    minutes,
    seed,
    leaseMs: asked.lease,
    slowness: asked.slowness,
    nodes: asked.nodes ?? 1,
  };
  say(`cluster: ${shards} shards, ${seats} seats, ${minutes} min of virtual time`);
  const began = performance.now();
  const run = new ClusterRun(size);
  await run.run(say);
  const tookSeconds = round((performance.now() - began) / 1_000, 1);
  say(`cluster: wrote ${plotOf(run)}`);
  const joining = await simulateJoining({ ...JOINING, seed });
  const { spreadBefore, spreadAfter, evenAfterSeconds } = joining;
  say(`cluster: joining: spread ${spreadBefore}, ${spreadAfter} after ${evenAfterSeconds} s`);
  const { world, phases } = run;
  return {
    machine: machine(),
    ...size,
    rooms: world.homes.size,
    tookSeconds,
    happened: world.clock.happened,
    phases: Object.fromEntries(phases),
    joining,
    broken: {
      ownedTwice: world.ownedTwice,
      overpromised: run.overpromised,
      down: world.downMs.size,
    },
  };
}

/** The spread of load, and what Redis is asked, by the second. */
function plotOf(run: ClusterRun): string {
  const { shards, seats } = run.size;
  const over = (name: string, ours: boolean, of: (second: number) => number): Line => {
    const points = run.seconds.map((_, second) => [second + 1, of(second)] as const);
    return { name, ours, points };
  };
  const nodes = run.world.redis.seconds(0, run.seconds.length);
  const sum = (second: number, of: (one: RedisSecond) => number) =>
    nodes.reduce((all, seconds) => all + of(seconds[second]), 0);
  const busiest = (second: number) => Math.max(...nodes.map((seconds) => busyOf(seconds[second])));
  const store = nodes.length > 1 ? `${nodes.length} nodes of Redis` : 'one Redis';
  return writePlot('cluster', {
    title: `${shards} shards, ${seats.toLocaleString('en')} seats, ${store}`,
    note: phasesOf(run),
    xTitle: 's of virtual time',
    linearX: true,
    linearY: true,
    panels: [
      {
        title: 'seats of shards: sd over mean',
        lines: [over('spread', true, (second) => run.seconds[second].spread)],
      },
      {
        title: 'Redis: 100,000 commands/s; the busiest core',
        lines: [
          over('commands', true, (second) => sum(second, commandsOf) / 100_000),
          over('busy', false, busiest),
        ],
      },
    ],
  });
}

function phasesOf({ phases }: ClusterRun): string {
  let at = 0;
  const said = [...phases].map(([name, { seconds }]) => {
    const from = at;
    at += seconds;
    return `${name} from ${from} s`;
  });
  return said.join(', ');
}
