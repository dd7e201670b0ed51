// What players see of servers that fall: twenty rooms with two real clients each on real processes,
// one of which is killed, stopped for 5 s and woken, told to close, or, of four, each in turn.
// Over a redis-server of its own, or over the directory of a parent. Trap: servers, Redis and
// players share the machine, so a busy one shows in every figure.
import { UsageError } from '@tickwire/protocol';
import { type DirectoryName, Fleet, type Node } from './failover-fleet.ts';
import { game } from './failover-game.ts';
import { Player } from './failover-player.ts';
import { machine, round, say } from './figures.ts';
import { wait } from './load-step.ts';

const ROOMS = 20;
const SEATS = 2;
/** Rooms have checkpoints by then, and clients know their lines. */
const WARM_MS = 2_500;
const STALL_MS = 5_000;
/** After all is back: what is late shows itself. */
const CALM_MS = 1_500;
const ROLLING_SHARDS = 4;

export interface FailoverOptions {
  readonly directory: string | undefined;
  readonly seed: number;
}

interface Most {
  readonly p50: number;
  readonly max: number;
}

export interface BackFigures {
  /** From the signal to the last room's first tick elsewhere. */
  readonly roomsBackMs: number;
  /** From the signal to each player's first STATE of the new owner. */
  readonly playersBackMs: Most;
  /** Ticks that players had seen and that the new owner ran again. */
  readonly ticksRolledBack: Most;
  readonly rolledBackMs: number;
  /** Players in the same room, seat and ship. */
  readonly kept: number;
  readonly players: number;
}

export interface StallFigures extends BackFigures {
  /** Of the old owner, after it went on. */
  readonly writesAccepted: number;
  readonly ticksRun: number;
  readonly statesSent: number;
  readonly playersServedTwice: number;
  /** It did not live to be woken: a parent ends a shard that stands still. */
  readonly isEnded: boolean;
  /** From SIGCONT to when it lets rooms go. */
  readonly letGoMs: number;
}

export interface MoveFigures {
  readonly silenceMs: Most;
  /** The same, in as long a time before. */
  readonly usualSilenceMs: Most;
  readonly presses: number;
  readonly pressesLost: number;
  readonly calls: number;
  readonly callsLost: number;
  readonly kept: number;
  readonly players: number;
}

export interface RollingFigures extends MoveFigures {
  readonly shards: number;
  readonly matchesEnded: number;
  readonly seatsLost: number;
}

export async function measureFailover({ directory = 'redis', seed }: FailoverOptions) {
  if (directory !== 'redis' && directory !== 'parent')
    throw new UsageError(`--directory ${directory}: wants redis or parent`);
  const about: { directory: DirectoryName; seed: number } = { directory, seed };
  const kill = await withRooms({ ...about, shards: 2 }, (scene) => drillDeath(scene));
  const stall = await withRooms({ ...about, shards: 2 }, (scene) => drillStall(scene));
  const migration = await withRooms({ ...about, shards: 2 }, (scene) => drillMove(scene));
  const rolling = await withRooms({ ...about, shards: ROLLING_SHARDS }, (scene) =>
    drillRolling(scene),
  );
  const sizes = { rooms: ROOMS, players: ROOMS * SEATS, tickRate: game.tickRate };
  return { machine: machine(), directory, ...sizes, kill, stall, migration, rolling };
}

/** A deployment with players in all of its rooms. */
interface Scene {
  readonly fleet: Fleet;
  readonly players: readonly Player[];
  /** Where the rooms are, unless they are everywhere. */
  readonly owner: Node;
}

interface SceneOptions {
  readonly directory: DirectoryName;
  readonly seed: number;
  readonly shards: number;
}

/** Two shards: the first has all rooms, and players know the second. More: each has its share. */
async function withRooms<T>(
  { directory, seed, shards }: SceneOptions,
  drill: (scene: Scene) => Promise<T>,
): Promise<T> {
  const owners = shards > 2 ? shards : 1;
  const fleet = await Fleet.start({ directory, shards, seed, rooms: ROOMS / owners });
  const players: Player[] = [];
  try {
    const { nodes } = fleet;
    for (const [index, node] of nodes.slice(0, owners).entries()) {
      const entry = nodes[(index + 1) % nodes.length];
      const joins = (await fleet.open(node)).flatMap((id) => Array<string>(SEATS).fill(id));
      const joined = joins.map((id, i) =>
        Player.join(entry.port, id, seed * 1_000 + i, players.length + i),
      );
      players.push(...(await Promise.all(joined)));
    }
    await wait(WARM_MS);
    return await drill({ fleet, players, owner: nodes[0] });
  } finally {
    for (const player of players) player.leave();
    fleet.end();
  }
}

async function drillDeath(scene: Scene): Promise<BackFigures> {
  const atMs = Date.now();
  process.kill(scene.owner.pid, 'SIGKILL');
  const figures = await back(scene, atMs);
  tell('kill -9', figures);
  return figures;
}

async function drillStall(scene: Scene): Promise<StallFigures> {
  const { fleet, players, owner } = scene;
  const atMs = Date.now();
  process.kill(owner.pid, 'SIGSTOP');
  let isEnded = false;
  const woken = wait(STALL_MS).then(() => {
    try {
      process.kill(owner.pid, 'SIGCONT');
    } catch {
      isEnded = true;
    }
    return Date.now();
  });
  const figures = await back(scene, atMs);
  const wokenMs = await woken;
  const gone = () => fleet.of(owner.pid, wokenMs).find((said) => said.is === 'has');
  await fleet.until(() => isEnded || gone() !== undefined);
  await wait(CALM_MS);
  const since = fleet.of(owner.pid, wokenMs);
  const writes = since.flatMap((said) => (said.is === 'wrote' ? said.rooms : []));
  const fromOld = players.map(({ arrivals }) =>
    arrivals.filter(({ atMs: at, port }) => at >= wokenMs && port === owner.port),
  );
  tell('SIGSTOP', figures);
  return {
    ...figures,
    writesAccepted: writes.length,
    ticksRun: since.filter(({ is }) => is === 'late').length,
    statesSent: sum(fromOld.map(({ length }) => length)),
    playersServedTwice: players.filter((player) => player.twice(owner.port, atMs) > 0).length,
    isEnded,
    letGoMs: isEnded ? 0 : (gone()?.atMs ?? Number.NaN) - wokenMs,
  };
}

/** All rooms elsewhere, and all players in them. */
async function back({ fleet, players, owner }: Scene, atMs: number): Promise<BackFigures> {
  const ids = new Set(players.map(({ client }) => client.room));
  const firsts = () =>
    fleet.said.flatMap((said) =>
      said.is === 'first' && said.atMs >= atMs && said.pid !== owner.pid ? [said] : [],
    );
  await fleet.until(() => firsts().length >= ids.size);
  await fleet.until(() => players.every(({ backMs }) => backMs.length > 0));
  await wait(CALM_MS);
  const rolledBack = [...ids].map((id) => {
    const seen = players.filter(({ client }) => client.room === id).map((player) => player.seen);
    const first = firsts().find(({ room }) => room === id)?.count ?? 0;
    return Math.max(0, Math.max(...seen) - first);
  });
  const ticksRolledBack = most(rolledBack);
  return {
    roomsBackMs: Math.max(...firsts().map((said) => said.atMs)) - atMs,
    playersBackMs: most(players.map(({ backMs }) => (backMs[0] ?? Number.NaN) - atMs)),
    ticksRolledBack,
    rolledBackMs: round((ticksRolledBack.max * 1_000) / game.tickRate, 0),
    kept: players.filter(({ isKept }) => isKept).length,
    players: players.length,
  };
}

async function drillMove({ fleet, players, owner }: Scene): Promise<MoveFigures> {
  const atMs = Date.now();
  process.kill(owner.pid, 'SIGTERM');
  await fleet.until(() => players.every(({ backMs }) => backMs.length > 0));
  await wait(CALM_MS);
  const figures = await moved(players, atMs);
  tell('SIGTERM', figures);
  return figures;
}

async function drillRolling({ fleet, players }: Scene): Promise<RollingFigures> {
  const atMs = Date.now();
  for (const node of fleet.nodes) await fleet.restart(node);
  await fleet.until(() => players.every(({ client }) => client.status.state === 'live'));
  await wait(CALM_MS);
  const figures = await moved(players, atMs);
  tell('rolling', figures);
  return {
    ...figures,
    shards: ROLLING_SHARDS,
    matchesEnded: fleet.said.filter((said) => said.is === 'ended' && said.atMs >= atMs).length,
    seatsLost: figures.players - figures.kept,
  };
}

async function moved(players: readonly Player[], atMs: number): Promise<MoveFigures> {
  const nowMs = Date.now();
  for (const player of players) player.rest();
  await wait(CALM_MS);
  const beforeMs = Math.max(atMs - WARM_MS, atMs - (nowMs - atMs));
  return {
    silenceMs: most(players.map((player) => player.silenceMs(atMs, nowMs))),
    usualSilenceMs: most(players.map((player) => player.silenceMs(beforeMs, atMs))),
    presses: sum(players.map(({ presses }) => presses)),
    pressesLost: sum(players.map(({ pressesLost }) => pressesLost)),
    calls: sum(players.map(({ calls }) => calls.sent)),
    callsLost: sum(players.map(({ callsLost }) => callsLost)),
    kept: players.filter(({ isKept }) => isKept).length,
    players: players.length,
  };
}

/** By nearest rank. */
function most(samples: readonly number[]): Most {
  const sorted = [...samples].sort((a, b) => a - b);
  return { p50: sorted[Math.ceil(sorted.length / 2) - 1], max: sorted.at(-1) ?? Number.NaN };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function tell(name: string, figures: object): void {
  say(`failover: ${name}: ${JSON.stringify(figures)}`);
}
