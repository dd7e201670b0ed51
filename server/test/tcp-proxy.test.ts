// A whole game over real sockets and a line that is far away, jitters and stalls, once for each
// transport. Trap: time is real here, so every wait is for an event.

import { type ConnectOptions, connect, type GameClient, type Status } from '@tickwire/client';
import { LINE_PROFILES, profileLines } from '@tickwire/protocol/simulator';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { GameRoom, Server } from '../src/index.ts';
import { game, SPEED } from './arcade.ts';
import { serveArcade } from './arcade-server.ts';
import type { LogLine } from './stepper.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { TRANSPORTS } from './test-server.ts';

type Client = GameClient<typeof game>;

const TICK_MS = 1000 / game.tickRate;
/** Both ends round a place to a sixteenth. */
const STEP = 1 / 16;
/** Three seconds: in each direction of each line there is a stall of 300 ms about every 3 s. */
const PLAYED_TICKS = 90;

let server: Server;
let proxy: TcpProxy;
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  await server.close();
  await proxy.close();
});

async function join(sample: ConnectOptions<typeof game>['sample'], statuses: Status[]) {
  const client = await connect(game, { url: proxy.url, room: 'field', WebSocket, sample });
  clients.push(client);
  client.onStatus((status) => statuses.push(status));
  return client;
}

/** Resolves when `holds` answers true at one of the frames drawn. */
function when(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      for (const client of clients) client.view();
      if (holds()) resolve();
      else setTimeout(look, 1000 / 60);
    };
    look();
  });
}

/** True if the client draws every ship where the server has it. */
function agrees(client: Client, room: GameRoom): boolean {
  const truth = [...room.world.all('ship')] as unknown as { id: number; x: number; y: number }[];
  const drawn = [...client.view().all('ship')];
  return (
    drawn.length === truth.length &&
    truth.every(({ id, x, y }) =>
      drawn.some(
        (one) => one.id === id && Math.abs(one.x - x) <= STEP && Math.abs(one.y - y) <= STEP,
      ),
    )
  );
}

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing ? ` (skipped: ${missing})` : '';
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    test('a game on a far line that stalls has no errors and ends in the truth', async () => {
      const log: LogLine[] = [];
      server = await serveArcade(name, {}, log);
      const lines = profileLines(LINE_PROFILES.far, TICK_MS, TICK_MS);
      proxy = await TcpProxy.start({ port: server.port, ...lines, seed: 1 });
      const statuses: Status[] = [];
      const keys = { dx: 1, dy: 0, fire: false };
      const a = await join(() => keys, statuses);
      const b = await join(() => ({ dx: 0, dy: 0, fire: false }), statuses);
      const room = [...server.shard.rooms.values()][0];
      await when(() => b.stats.ticks > PLAYED_TICKS);
      expect(a.stats.rttMs).toBeGreaterThan(2 * (lines.up.latencyMs - lines.up.jitterMs));
      keys.dx = 0;
      await when(() => agrees(a, room) && agrees(b, room));
      const ship = a.view().mine('ship')!;
      // Input starts some round trips after the join; what was played since is all there.
      expect(ship.x).toBeGreaterThan((SPEED * PLAYED_TICKS * TICK_MS) / 1000 / 2);
      expect(statuses.map(({ state }) => state)).toEqual(['live', 'live']);
      expect(log.filter(({ level }) => level > 30).map(({ msg }) => msg)).toEqual([]);
      expect(proxy.connections).toBe(2);
    });
  });
}
