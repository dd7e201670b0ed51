// Empty shards join full ones in a simulated cluster: how long it takes until they have their share
// of the rooms, how many rooms were handed over for it, and whether any player lost a seat. Called
// by cluster.ts; nothing else happens meanwhile but that players come and go.
import { Players } from './cluster-players.ts';
import { ClusterWorld } from './cluster-world.ts';
import { deviation, round } from './figures.ts';

export interface Joining {
  readonly full: number;
  readonly fresh: number;
  readonly seed: number;
  /** False: rooms stay where they are. */
  readonly balance?: boolean;
}

export interface JoiningFigures extends Joining {
  /** Standard deviation of the shards' seats over their mean: as they join, and in the end. */
  readonly spreadBefore: number;
  readonly spreadAfter: number;
  readonly mostOverMean: number;
  /** From then on it was no more than it is in the end; undefined: it never was less. */
  readonly evenAfterSeconds: number | undefined;
  readonly roomsMoved: number;
  /** Times that a room came to a shard that had had it before. */
  readonly cameBack: number;
  readonly seatsLost: number;
}

const SEATS_OF_ROOM = 16;
/** A shard of 1,000 players. */
const ROOMS_OF_SHARD = 62;
/** Of the full ones. */
const LOAD = 0.95;
/** By then rooms are old enough to be handed over, and loads are measured. */
const JOIN_MS = 70_000;
const END_MS = JOIN_MS + 120_000;

export async function simulateJoining(joining: Joining): Promise<JoiningFigures> {
  const { full, fresh, seed, balance = true } = joining;
  const seats = full * ROOMS_OF_SHARD * SEATS_OF_ROOM;
  const size = { shards: full, seats, minutes: END_MS / 60_000, seed, usualLoad: LOAD, balance };
  const world = new ClusterWorld(size);
  const players = new Players(world);
  const { clock } = world;
  const giveBack = clock.takeTimers();
  const spreads: number[] = [];
  try {
    for (let i = 0; i < full; i++)
      clock.after(0, async () => players.seat(await world.start(), seats / full));
    await clock.runUntil(1_000);
    players.wanted = seats;
    await clock.runUntil(JOIN_MS);
    for (let i = 0; i < fresh; i++) void world.start();
    for (let ms = JOIN_MS; ms < END_MS; ms += 1_000) {
      await clock.runUntil(ms + 1_000);
      spreads.push(deviation(world.shards.map((shard) => shard.seats)));
    }
  } finally {
    giveBack();
  }
  const loads = world.shards.map((shard) => shard.seats);
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  const last = spreads[spreads.length - 1];
  const even = spreads.findIndex((spread) => spread <= last * 1.05);
  return {
    ...joining,
    spreadBefore: round(spreads[0], 3),
    spreadAfter: round(last, 3),
    mostOverMean: round(Math.max(...loads) / mean, 2),
    evenAfterSeconds: even > 0 ? even + 1 : undefined,
    roomsMoved: world.shards.reduce((sum, { tally }) => sum + tally.handedOver, 0),
    cameBack: world.cameBack,
    seatsLost: players.figures.seatsLost,
  };
}
