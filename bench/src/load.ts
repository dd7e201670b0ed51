// A room over real sockets until it is late: views of 400 units, everyone seeing everybody, players
// at 60 Hz, the age of a state, and a storm of joins. The server has one core to itself and its
// players another; above 80 % of theirs the figures are the players'. A bare uWebSockets.js loop
// and a Colyseus server stand in the same run, with lateness defined alike.

import { loadavg } from 'node:os';
import type { ArenaSize } from './arena.ts';
import { machine, round, say } from './figures.ts';
import type { ShipsSize } from './interest-room.ts';
import { installPeers, type PeerFigures, runPeer } from './load-peer.ts';
import {
  type Climb,
  type Climbs,
  compared,
  isInTime,
  plotLateness,
  type Ratio,
  type Rung,
  sayStep,
} from './load-report.ts';
import { runStep, type StepFigures } from './load-step.ts';
import { measureStorms } from './load-storm.ts';
import { HZ } from './workload.ts';

export interface LoadOptions {
  readonly seed: number;
  /** Only this many seats, instead of more and more. */
  readonly seats?: number;
  /** Colyseus beside it. */
  readonly peers: boolean;
  /** A minute instead of six: fewer and shorter steps. */
  readonly quick: boolean;
}

/** Seats that a searched-for count is rounded to. */
const GRAIN = 50;
const VIEW_RADIUS = 400;

const TIMES = { warmMs: 3_000, measuredMs: 5_000 } as const;
const QUICK_TIMES = { warmMs: 1_500, measuredMs: 2_000 } as const;

/** Seats by scenario and server, rising until one is too many; they meet, to compare CPU. */
const LADDERS = {
  views: { ours: [750, 1500, 2000, 2500, 3000], peer: [500, 750, 1000, 1500, 2000] },
  everyone: { ours: [1000, 2000, 3000, 4000], peer: [1000, 2000, 3000, 4000] },
} as const;
const QUICK_LADDERS = {
  views: { ours: [750], peer: [750] },
  everyone: { ours: [1500], peer: [1500] },
} as const;

export async function measureLoads(options: LoadOptions): Promise<object> {
  /** Processes that wanted a core before this began: figures are worth what it is near 0. */
  const loadBefore = round(loadavg()[0], 2);
  if (options.peers) await installPeers();
  const views = await measureViews(options);
  const everyone = await measureEveryone(options);
  const players60 = await measurePlayers60(options);
  const age = await measureAge(options);
  const storm = await measureStorms(options.seed);
  const plot = plotLateness(views.climbs, everyone.climbs);
  say(`plot: ${plot}`);
  const load = {
    views: { ...views.climbs, ...views.ratios },
    everyone: { ...everyone.climbs, ...everyone.ratios },
  };
  return { machine: machine(), loadBefore, load: { ...load, players60, age, storm }, plot };
}

/** The room of `tick`, over sockets. */
export function measureLoad(size: ArenaSize): Promise<StepFigures> {
  say(`sockets: ${size.seats} players at ${size.tickRate} Hz`);
  const { seats, tickRate, seed } = size;
  return runStep({ server: { room: { players: size } }, seats, tickRate, seed, ...TIMES });
}

/** One scenario: who climbed how far, and how ours compares. */
interface Scenario {
  readonly climbs: Climbs;
  readonly ratios: Readonly<Record<string, Ratio>>;
}

async function measureViews(options: LoadOptions): Promise<Scenario> {
  const room = { entities: 1000, radius: VIEW_RADIUS };
  const { ours, peer } = ladders('views', options);
  const tickwire = await climb('views, ours', ours, (seats) => shipsStep(room, seats, options));
  if (!options.peers) return { climbs: { tickwire }, ratios: {} };
  const colyseus = await climb('views, Colyseus', peer, (seats) => peerStep(room, seats, options));
  const ratios = { timesColyseus: compared(tickwire, colyseus) };
  return { climbs: { tickwire, colyseus }, ratios };
}

async function measureEveryone(options: LoadOptions): Promise<Scenario> {
  const room = { entities: 200 };
  const { ours, peer } = ladders('everyone', options);
  const tickwire = await climb('everyone, ours', ours, (seats) => shipsStep(room, seats, options));
  const { seed } = options;
  const stateBytes = Math.round(tickwire.steps[0].bytesPerState);
  const server = { bare: { stateBytes, tickRate: HZ } };
  const bare = await climb(`everyone, bare loop of ${stateBytes} B`, ours, (seats) =>
    runStep({ server, seats, tickRate: HZ, seed, ...timesOf(options) }),
  );
  const shareOfBare = compared(tickwire, bare);
  if (!options.peers) return { climbs: { tickwire, bare }, ratios: { shareOfBare } };
  const run = (seats: number) => peerStep(room, seats, options);
  const colyseus = await climb('everyone, Colyseus', peer, run);
  const ratios = { shareOfBare, timesColyseus: compared(tickwire, colyseus) };
  return { climbs: { tickwire, bare, colyseus }, ratios };
}

async function measurePlayers60(options: LoadOptions): Promise<object> {
  const { seed } = options;
  const size: ArenaSize = { tickRate: 60, seats: 64, others: 0, seed };
  const { seats, tickRate } = size;
  const times = timesOf(options);
  const server = { room: { players: size } };
  const tickwire = await runStep({ server, seats, tickRate, seed, ...times });
  sayStep(`${seats} players at ${tickRate} Hz, ours`, tickwire);
  if (!options.peers) return { tickwire };
  const colyseus = await runPeer({ entities: seats, seats, tickRate, seed, ...times });
  sayStep(`${seats} players at ${tickRate} Hz, Colyseus`, colyseus);
  return { tickwire, colyseus };
}

/** How old a state is when it comes, against what its sending took. */
async function measureAge(options: LoadOptions): Promise<object> {
  const step = await shipsStep({ entities: 200 }, 200, options);
  sayStep('age at 200 seats', step);
  const beyondSendMs = round(step.ageMs.p50 - step.sendMs.p50, 3);
  say(`  a state is ${step.ageMs.p50} ms old, the send loop takes ${step.sendMs.p50} ms`);
  return { ...step, beyondSendMs };
}

function shipsStep(
  room: Pick<ShipsSize, 'entities' | 'radius'>,
  seats: number,
  options: LoadOptions,
): Promise<StepFigures> {
  const { seed } = options;
  const server = { room: { ships: { ...room, seats, seed, mode: 'coast' } } } as const;
  return runStep({ server, seats, tickRate: HZ, seed, ...timesOf(options) });
}

function peerStep(
  room: { readonly entities: number; readonly radius?: number },
  seats: number,
  options: LoadOptions,
): Promise<PeerFigures | undefined> {
  return runPeer({ ...room, seats, tickRate: HZ, seed: options.seed, ...timesOf(options) });
}

/** More and more seats until they are too many, and then once between the last two. */
async function climb(
  name: string,
  ladder: readonly number[],
  run: (seats: number) => Promise<Rung | undefined>,
): Promise<Climb> {
  const steps: Rung[] = [];
  let most = 0;
  let tooMany = 0;
  const holds = async (seats: number) => {
    const step = await run(seats);
    sayStep(`${name}: ${seats} seats`, step);
    if (step) steps.push(step);
    if (step && isInTime(step)) most = Math.max(most, step.seatsServed);
    else tooMany = seats;
  };
  for (const seats of ladder) if (tooMany === 0) await holds(seats);
  const between = Math.round((most + tooMany) / 2 / GRAIN) * GRAIN;
  if (most > 0 && between > most && between < tooMany) await holds(between);
  return { most, steps };
}

function ladders(scenario: keyof typeof LADDERS, { seats, quick }: LoadOptions) {
  if (seats !== undefined) return { ours: [seats], peer: [seats] };
  return (quick ? QUICK_LADDERS : LADDERS)[scenario];
}

function timesOf({ quick }: LoadOptions): { warmMs: number; measuredMs: number } {
  return quick ? QUICK_TIMES : TIMES;
}
