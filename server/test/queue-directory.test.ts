// Players who wait for a match while the directory is away: they are told that they wait, lose no
// place, and have their match when it is back. Two servers on one virtual clock over one directory.
import { CloseCode, FrameType } from '@tickwire/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Server } from '../src/index.ts';
import { QueueOwners } from '../src/queue-owners.ts';
import { arcade } from './arcade.ts';
import { ShardStage } from './shard-stage.ts';
import type { Stepper } from './stepper.ts';
import type { WaitingPlayer } from './waiting-player.ts';

let stage: ShardStage;
let stepper: Stepper;
let a: Server;
let b: Server;

beforeEach(async () => {
  stage = await ShardStage.start({ field: arcade({ seats: 8, match: { queue: { players: 4 } } }) });
  ({ stepper, a, b } = stage);
});
afterEach(() => stepper.close());

const comes = (to: Server) => stage.comes(to);
/** Has a place: here, or at the other server. */
const isMatched = ({ frames }: WaitingPlayer) =>
  frames.some((bytes) => bytes[1] === FrameType.Welcome || bytes[1] === FrameType.Moved);
const matched = (players: readonly WaitingPlayer[]) => players.map(isMatched);
const gapsOf = ({ told }: WaitingPlayer) => told.slice(1).map(({ atMs }, i) => atMs - told[i].atMs);

const CODES = [['unreachable'], ['late']] as const;

test.each(CODES)(
  'who waits is told so while the directory is %s, and is matched then',
  async (code) => {
    const players = [await comes(a), await comes(b), await comes(a)];
    await stepper.advance(2_500);
    expect(players.map(({ last }) => last.waiting)).toEqual([3, 3, 3]);
    stage.away = code;
    await stepper.advance(10_000);
    // Who comes meanwhile waits as well.
    players.push(await comes(b));
    await stepper.advance(20_000);
    expect(matched(players)).toEqual([false, false, false, false]);
    expect(players.map(({ closed }) => closed)).toEqual(Array(4).fill(undefined));
    for (const player of players) expect(Math.max(...gapsOf(player))).toBeLessThanOrEqual(3_000);
    // Once for each server, and not each time.
    const said = stepper.log.filter(({ msg }) => msg === 'a queue was not told who waits');
    expect(said).toHaveLength(2);
    stage.away = undefined;
    await stepper.advance(1_000);
    expect(matched(players)).toEqual([true, true, true, true]);
  },
);

test.each(CODES)('a shard is not taken for gone where the directory is %s', async (code) => {
  const players = [await comes(a), await comes(b), await comes(a)];
  await stepper.advance(2_500);
  // For less than the list of shards is believed.
  stage.away = code;
  players.push(await comes(a), await comes(b));
  await stepper.advance(500);
  stage.away = undefined;
  await stepper.advance(750);
  expect(matched(players).filter((is) => is)).toHaveLength(4);
});

test.each(CODES)('those who are enough wait until a room can be opened: %s', async (code) => {
  const { build, owner } = a.shard;
  const owners = new QueueOwners({
    directory: stage.directory,
    shard: owner.shard,
    build,
    now: () => 0,
  });
  const name = await owners.of({ kind: 'field', match: '' });
  const keeper = name === owner.shard ? a : b;
  const players = [await comes(keeper), await comes(keeper), await comes(keeper)];
  stage.away = code;
  players.push(await comes(keeper));
  await stepper.advance(15_000);
  expect(matched(players)).toEqual([false, false, false, false]);
  expect(keeper.seating.waiting.size).toBe(4);
  for (const player of players) expect(Math.max(...gapsOf(player))).toBeLessThanOrEqual(3_000);
  stage.away = undefined;
  await stepper.advance(2_000);
  expect(matched(players)).toEqual([true, true, true, true]);
  expect(stepper.server.edge.refusals.get('directory')).toBe(undefined);
  expect(players.map(({ closed }) => closed)).not.toContain(CloseCode.Overloaded);
});
