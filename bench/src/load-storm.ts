// Everybody at once: as many players as a room has seats say HELLO in the same instant, to a
// process that has just started and, after they left, once more. Answers the latest tick of each
// storm and how many bodies were encoded for those who were told everything. Trap: what joining
// costs between ticks shows as ticks that begin late.
import { say } from './figures.ts';
import { Pair, wait } from './load-step.ts';
import type { ServerFigures } from './load-watch.ts';
import { HZ } from './workload.ts';

export interface StormFigures {
  readonly joined: number;
  /** The latest tick of the storm: how late it began, and ended. */
  readonly beganLateMs: number;
  readonly endedLateMs: number;
  /** Most seats that one tick told everything, and most bodies one tick encoded for them. */
  readonly mostJoined: number;
  readonly mostFullBodies: number;
}

const ENTITIES = 1000;
const SEATS = 200;
const ROOMS: Readonly<Record<string, { readonly radius?: number }>> = {
  everyone: {},
  views: { radius: 400 },
};
/** What a storm leaves behind is over by then, ms. */
const CALM_MS = 1_000;

export async function measureStorms(seed: number): Promise<object> {
  const figures: Record<string, object> = {};
  for (const [name, sight] of Object.entries(ROOMS)) {
    const ships = { entities: ENTITIES, seats: SEATS, ...sight, mode: 'coast', seed } as const;
    const pair = await Pair.start({ room: { ships, countsJoins: true } });
    try {
      const cold = await storm(pair, seed);
      pair.leave();
      await wait(CALM_MS);
      const warm = await storm(pair, seed);
      figures[name] = { cold, warm };
      for (const [when, { beganLateMs, endedLateMs, ...rest }] of Object.entries({ cold, warm })) {
        const bodies = `${rest.mostFullBodies} bodies for ${rest.mostJoined} seats in one tick`;
        say(`load: storm, ${name}, ${when}: ${beganLateMs} / ${endedLateMs} ms late, ${bodies}`);
      }
    } finally {
      await pair.end();
    }
  }
  return figures;
}

async function storm(pair: Pair, seed: number): Promise<StormFigures> {
  await wait(CALM_MS);
  pair.measure();
  const { listening: server } = pair;
  const joined = await pair.join({ server, seats: SEATS, tickRate: HZ, seed, storm: true });
  await wait(CALM_MS);
  const { beganLateMs, endedLateMs, ...rest }: ServerFigures = (await pair.report()).server;
  const { mostJoined, mostFullBodies } = rest;
  const latest = { beganLateMs: beganLateMs.max, endedLateMs: endedLateMs.max };
  return { joined, ...latest, mostJoined, mostFullBodies };
}
