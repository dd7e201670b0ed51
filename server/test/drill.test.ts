// The drills of a deployment, small: real shards over a real Redis, one of which is killed, stands
// still for a while, or is restarted, while real clients play. What must hold whatever the machine
// does is shown here; how long it takes is `npm run bench -- failover`.
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type GameClient } from '@tickwire/client';
import { FrameType } from '@tickwire/protocol';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { game } from './arcade.ts';
import { freePort } from './ports.ts';
import { Program, stopPrograms } from './program.ts';
import { RedisServer, redisMissing } from './redis-server.ts';

const ROOMS = 2;
const PRESS_EVERY = 10;
/** Short, so that cases are. */
const LEASE_MS = 1_500;
/** Where nobody is to lose a room, however busy the machine is. */
const LONG_LEASE_MS = 20_000;
const soon = { timeout: 25_000, interval: 20 };

/** A player who flies, presses, and notes from which port each STATE came. */
class Pilot {
  readonly states: number[] = [];
  readonly client: GameClient<typeof game>;
  readonly before: string;
  /** Times that it was live again. */
  back = 0;
  fresh = 0;
  presses = 0;
  playing = true;
  #inputs = 0;

  static async join(port: number, room: string): Promise<Pilot> {
    const states: number[] = [];
    let pilot: Pilot | undefined;
    class Watched extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols);
        const from = Number(new URL(url).port);
        this.on('message', (data) => {
          const isState = new Uint8Array(data as ArrayBuffer)[1] === FrameType.State;
          // A shard that is stopped amid a tick sends the rest of it when it goes on, to lines that
          // their clients have given up.
          if (isState && this.readyState === WebSocket.OPEN) states.push(from);
        });
      }
    }
    const sample = () => pilot?.sample() ?? { dx: 0, dy: 0, fire: false };
    const url = `ws://127.0.0.1:${port}`;
    pilot = new Pilot(await connect(game, { url, room, WebSocket: Watched, sample }), states);
    return pilot;
  }

  private constructor(client: GameClient<typeof game>, states: number[]) {
    this.client = client;
    this.states = states;
    this.before = this.identity;
    let broken = false;
    client.onStatus((status) => {
      if (status.state === 'live' && broken) this.back++;
      if (status.state === 'live' && status.fresh) this.fresh++;
      broken = status.state !== 'live';
    });
  }

  get identity(): string {
    const { client } = this;
    return `${client.room} ${client.seat} ${client.newest().mine('ship')?.id}`;
  }

  get shots(): number | undefined {
    return this.client.newest().mine('ship')?.shots;
  }

  sample(): { dx: 1; dy: 0; fire: boolean } {
    // One at a time: of two that come late, a tick counts one.
    const fire = this.playing && ++this.#inputs % PRESS_EVERY === 0 && this.shots === this.presses;
    if (fire) this.presses++;
    return { dx: 1, dy: 0, fire };
  }
}

let redis: RedisServer;
let drills = 0;
let pilots: Pilot[] = [];
let shards: Program[] = [];
beforeAll(async () => {
  if (!redisMissing) redis = await RedisServer.start();
});
afterEach(async () => {
  for (const { client } of pilots) client.leave();
  for (const { process } of shards) process.kill('SIGKILL');
  await stopPrograms();
  [pilots, shards] = [[], []];
});
afterAll(() => redis?.stop());

async function shard(opens: number, leaseMs: number, port?: number): Promise<Program> {
  const program = new Program('./drill-server.ts', {
    PORT: String(port ?? (await freePort())),
    REDIS: redis.url,
    PREFIX: `drill${drills}:`,
    OPENS: String(opens),
    LEASE: String(leaseMs),
  });
  shards.push(program);
  await program.until(() => program.lines.some(({ up }) => up !== undefined));
  program.port = Number(program.lines.find(({ up }) => up !== undefined)!.up);
  return program;
}

/** Two shards, the first of which has all rooms; a player in each, who knows the second. */
async function scene(leaseMs = LEASE_MS): Promise<[owner: Program, other: Program]> {
  drills++;
  const owner = await shard(ROOMS, leaseMs);
  const other = await shard(0, leaseMs);
  for (let i = 0; i < ROOMS; i++) pilots.push(await Pilot.join(other.port, `field-${i}`));
  await vi.waitFor(() => {
    for (const { shots } of pilots) expect(shots).toBeGreaterThan(2);
    const saved = new Set(owner.lines.map((line) => line.saved));
    for (let i = 0; i < ROOMS; i++) expect(saved).toContain(`field-${i}`);
  }, soon);
  return [owner, other];
}

/** All are back where they were, and play on. */
async function expectBack(): Promise<void> {
  await vi.waitFor(() => {
    for (const { back, client } of pilots)
      expect([back > 0, client.status.state]).toEqual([true, 'live']);
  }, soon);
  for (const pilot of pilots) expect([pilot.identity, pilot.fresh]).toEqual([pilot.before, 0]);
  const shots = pilots.map((pilot) => pilot.shots!);
  await vi.waitFor(() => {
    for (const [i, pilot] of pilots.entries()) expect(pilot.shots).toBeGreaterThan(shots[i]);
  }, soon);
}

/** Each press was counted once. */
async function expectPresses(): Promise<void> {
  for (const pilot of pilots) pilot.playing = false;
  await vi.waitFor(() => {
    for (const { shots, presses } of pilots) expect(shots).toBe(presses);
  }, soon);
  await wait(300);
  for (const { shots, presses } of pilots) expect(shots).toBe(presses);
}

const skipped = redisMissing ? ` (skipped: ${redisMissing})` : '';
const drill = (name: string, run: () => Promise<void>) =>
  test.skipIf(redisMissing !== undefined)(`${name}${skipped}`, run, 120_000);

drill('players of a shard that is killed are in the same seats on another', async () => {
  const [owner] = await scene();
  owner.process.kill('SIGKILL');
  await expectBack();
});

drill('{S54} a shard that stood still does nothing more for rooms that others have', async () => {
  const [owner, other] = await scene();
  owner.process.kill('SIGSTOP');
  await expectBack();
  const served = pilots.map(({ states }) => states.length);
  owner.process.kill('SIGCONT');
  await owner.until(() => owner.lines.some(({ has }) => has === 0));
  await wait(500);
  expect(owner.lines.filter(({ late }) => late !== undefined)).toEqual([]);
  // On a busy machine the other may have stood still as well: what it lost is given out anew.
  const anew = owner.lines.map((line) => line.anew);
  for (const [i, { states, client }] of pilots.entries()) {
    expect(states.length).toBeGreaterThan(served[i]);
    const by = new Set(states.slice(served[i]));
    if (!anew.includes(client.room)) expect(by).toEqual(new Set([other.port]));
  }
  await vi.waitFor(() => {
    for (const { client } of pilots) expect(client.status.state).toBe('live');
  }, soon);
});

drill('shards are restarted one after the other, and no player loses anything', async () => {
  let running = await scene(LONG_LEASE_MS);
  for (let i = 0; i < running.length; i++) {
    const [first] = running;
    expect(await first.stop()).toBe(0);
    await expectBack();
    running = [running[1], await shard(0, LONG_LEASE_MS, first.port)];
  }
  await expectPresses();
  for (const pilot of pilots) expect([pilot.identity, pilot.fresh]).toEqual([pilot.before, 0]);
  expect(shards.flatMap(({ lines }) => lines).filter(({ ended }) => ended)).toEqual([]);
});
