// What only Redis can do to a directory: forget scripts, cut connections, stop, stand still, start
// again empty; and what is to be seen in its keys. Trap: a Redis that is started again has
// forgotten all rooms, which is what shards must live with too.
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Board, type Directory, DirectoryError, type Lease } from '../src/index.ts';
import { type RedisOptions, redis } from '../src/redis.ts';
import {
  bytes,
  claimed,
  facts,
  HOLDS_MS,
  LONG_MS,
  north,
  promises,
  refusal,
  saved,
  south,
  until,
} from './directory-doors.ts';
import { RedisServer, redisMissing } from './redis-server.ts';
import { TcpRelay } from './tcp-relay.ts';

const why = redisMissing ? `, left out: ${redisMissing}` : '';
const lease: Lease = { id: 'r1', epoch: 1 };

const WINS: Board = { name: 'wins', keep: 'sum', order: 'most', places: 9 };

/** Each method, with arguments that are in order. */
const METHODS: Readonly<Record<string, (directory: Directory) => Promise<unknown>>> = {
  announce: (directory) => {
    const counts = { load: 0, rooms: 0, seats: 0, draining: false };
    return directory.announce({ id: 's1', url: '', build: 'b1', ...counts });
  },
  withdraw: (directory) => directory.withdraw('s1'),
  shards: (directory) => directory.shards(),
  someShards: (directory) => directory.someShards(2),
  claim: (directory) => directory.claim(facts('r1'), north),
  renew: (directory) => directory.renew([lease, { id: 'r2', epoch: 1 }]),
  // A shard without rooms must learn that it was cut off: it looks for those of others.
  'renew, of none': (directory) => directory.renew([]),
  handOver: (directory) => directory.handOver(lease, south),
  lock: (directory) => directory.lock(lease, true),
  release: (directory) => directory.release(lease),
  room: (directory) => directory.room('r1'),
  rooms: (directory) => directory.rooms('field'),
  candidates: (directory) => directory.candidates('field', 'b1', '', 5),
  orphans: (directory) => directory.orphans(),
  reserve: (directory) => directory.reserve('r1', promises('p1'), LONG_MS),
  redeem: (directory) => directory.redeem(lease, 'p1'),
  take: (directory) => directory.take(lease, 'p1'),
  leave: (directory) => directory.leave(lease, ['p1']),
  occupy: (directory) => directory.occupy(lease, ['p1']),
  save: (directory) => saved(directory, lease, 1, bytes('state')),
  load: (directory) => directory.load('r1'),
  arrive: (directory) => directory.arrive(lease, ['ada']),
  depart: (directory) => directory.depart(lease, ['ada']),
  whereabouts: (directory) => directory.whereabouts(['ada']),
  post: (directory) => directory.post(lease, WINS, { user: 'ada', score: 1, once: 'x' }),
  top: (directory) => directory.top(WINS, 0, 10),
  standing: (directory) => directory.standing(WINS, 'ada'),
  publish: (directory) => directory.publish('one', bytes('word')),
  subscribe: (directory) => directory.subscribe('one', () => {}),
  secret: (directory) => directory.secret(),
};

/** Asks until it is answered. Any other error than a DirectoryError fails the test. */
function answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const asked = () =>
    ask().catch((error) => {
      if (error instanceof DirectoryError) return error;
      throw error;
    });
  return until(asked, (answer) => !(answer instanceof DirectoryError)) as Promise<Answer>;
}

/** Says a word until it is heard: what is said while a line comes back is lost. */
async function saidAndHeard(
  directory: Directory,
  channel: string,
  heard: readonly Uint8Array[],
): Promise<void> {
  const said = async () => {
    await directory.publish(channel, bytes('word'));
    return heard.length;
  };
  await until(said, (count) => count > 0);
  expect(new Set(heard.map(String))).toEqual(new Set([String(bytes('word'))]));
}

let prefixes = 0;
const opened: Directory[] = [];

function open(url: string, more: Partial<RedisOptions> = {}): Directory {
  const directory = redis({ url, leaseMs: HOLDS_MS, prefix: `faults${prefixes}:`, ...more });
  opened.push(directory);
  return directory;
}

beforeEach(() => {
  prefixes++;
});
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.close();
});

const key = (name: string) => `faults${prefixes}:${name}`;

describe.skipIf(redisMissing !== undefined)(`a Redis with faults${why}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  test('scripts that it forgot are sent again', async () => {
    const directory = open(server.url);
    const mine = await claimed(directory, facts('r1', { seats: 50 }));
    await server.ask('SCRIPT', 'FLUSH');
    const race = Array.from({ length: 60 }, (_, i) =>
      directory.reserve('r1', promises(`p${i}`), LONG_MS),
    );
    const answers = await Promise.all(race);
    expect(answers.filter((answer) => answer === 'reserved')).toHaveLength(50);
    await server.ask('SCRIPT', 'FLUSH');
    expect(await directory.redeem(mine, 'p0')).toEqual(bytes('who p0'));
  });

  test('connections that it cut come back, and hear again', async () => {
    const directory = open(server.url);
    const heard: Uint8Array[] = [];
    await directory.subscribe('one', (message) => heard.push(message));
    const mine = await claimed(directory, facts('r1'));
    for (const type of ['normal', 'pubsub']) {
      await server.ask('CLIENT', 'KILL', 'TYPE', type);
      await answered(() => directory.room('r1'));
    }
    expect(await directory.renew([mine])).toEqual({ lost: [], unheard: [] });
    await saidAndHeard(directory, 'one', heard);
  });

  test('what it has no memory for is refused, and works when it has some', async () => {
    const directory = open(server.url);
    const mine = await claimed(directory, facts('r1'));
    await server.ask('CONFIG', 'SET', 'maxmemory', '1');
    expect(await refusal(saved(directory, mine, 1, bytes('state')))).toBe('failed');
    await server.ask('CONFIG', 'SET', 'maxmemory', '0');
    expect(await saved(directory, mine, 1, bytes('state'))).toBe(true);
  });

  test('keys that somebody else wrote to are refused, not misread', async () => {
    const directory = open(server.url);
    await server.ask('SET', key('{r:r1}:room'), 'mine');
    await server.ask('SET', key('secret'), 'short');
    await server.ask('HSET', key('{shards}:until'), 'field', 'value');
    for (const method of ['claim', 'room', 'reserve', 'save', 'secret', 'shards'])
      expect([method, await refusal(METHODS[method](directory))]).toEqual([method, 'failed']);
  });

  test('{T64} names that are too long or no Unicode are refused', async () => {
    const directory = open(server.url);
    for (const name of ['x'.repeat(257), 'half \ud800 a pair']) {
      expect(await refusal(directory.room(name))).toBe('failed');
      expect(await refusal(directory.rooms(name))).toBe('failed');
      expect(await refusal(directory.claim(facts('r1', { kind: name }), north))).toBe('failed');
      expect(await refusal(directory.publish(name, bytes('')))).toBe('failed');
    }
    expect(await directory.rooms()).toEqual([]);
  });
});

describe.skipIf(redisMissing !== undefined)(`a Redis that is not there${why}`, () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => server.stop());

  test('is unreachable at once for every method, and asked again when it is back', async () => {
    const directory = open(server.url);
    const heard: Uint8Array[] = [];
    await directory.subscribe('news', (message) => heard.push(message));
    const before = await claimed(directory, facts('r1'));
    const secret = await directory.secret();
    await server.end();
    await until(
      () => refusal(directory.room('r1')),
      (code) => code === 'unreachable',
    );
    for (const [method, ask] of Object.entries(METHODS))
      expect([method, await refusal(ask(directory))]).toEqual([method, 'unreachable']);
    await server.run();
    expect(await answered(() => directory.room('r1'))).toBeUndefined();
    expect(await directory.renew([before])).toEqual({ lost: ['r1'], unheard: [] });
    const after = await claimed(directory, facts('r1'));
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(await saved(directory, before, 9, bytes('stale'))).toBe(false);
    expect(await directory.secret()).toEqual(secret);
    await saidAndHeard(directory, 'news', heard);
  });

  test('is unreachable from the start, and is found when it comes', async () => {
    await server.end();
    const directory = open(server.url);
    for (const [method, ask] of Object.entries(METHODS))
      expect([method, await refusal(ask(directory))]).toEqual([method, 'unreachable']);
    await server.run();
    expect(await answered(() => directory.rooms())).toEqual([]);
    const never = open(server.url);
    await server.end();
    await never.close();
  });

  test('answers nothing: late, and again as soon as it goes on', async () => {
    const directory = open(server.url);
    const mine = await claimed(directory, facts('r1'));
    server.pause();
    const asked = Object.values(METHODS).map((ask) => refusal(ask(directory)));
    // By the first who listens, whose connection is only now opened: not there yet, or late.
    const codes = new Set(await Promise.all(asked));
    server.resume();
    expect([...codes].sort().filter((code) => code !== 'unreachable')).toEqual(['late']);
    await answered(() => directory.room('r1'));
    expect(await answered(() => directory.renew([mine]))).toBeDefined();
  });

  test('lets nobody in who has a wrong password, and says so without it', async () => {
    await server.ask('CONFIG', 'SET', 'requirepass', 'right');
    const directory = open(server.url.replace('//', '//:wrong@'));
    const refused = directory.room('r1').catch((error) => error);
    expect(await refused).toMatchObject({ code: 'unreachable' });
    expect((await refused).message).toContain('WRONGPASS');
    expect((await refused).message).not.toContain('wrong@');
    const other = open(server.url.replace('//', '//:right@'));
    expect(await other.room('r1')).toBeUndefined();
  });

  test('that became a replica is unreachable, and asked on a new connection', async () => {
    const directory = open(server.url);
    const mine = await claimed(directory, facts('r1'));
    const lines = () => server.ask<string>('INFO', 'stats');
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await lines())![1]);
    await server.ask('REPLICAOF', '127.0.0.1', '1');
    const before = await connections();
    expect(await refusal(saved(directory, mine, 1, bytes('state')))).toBe('unreachable');
    // Each look is a connection too.
    let looks = 0;
    const others = async () => {
      await saved(directory, mine, 1, bytes('state')).catch(() => {});
      looks++;
      return (await connections()) - before - looks;
    };
    await until(others, (count) => count > 0);
    await server.ask('REPLICAOF', 'NO', 'ONE');
    expect(await answered(() => saved(directory, mine, 1, bytes('state')))).toBe(true);
  });

  test('is refused to who has closed', async () => {
    const directory = open(server.url);
    await claimed(directory, facts('r1'));
    // Redis knows the script.
    await directory.room('r1');
    const last = directory.room('r1');
    await directory.close();
    await directory.close();
    expect(await last).toMatchObject(north);
    for (const [method, ask] of Object.entries(METHODS))
      expect([method, await refusal(ask(directory))]).toEqual([method, 'unreachable']);
    // The one that asks.
    const lines = async () => (await server.ask<string>('CLIENT', 'LIST')).trim().split('\n');
    await until(lines, (connections) => connections.length === 1);
  });
});

/** A line to Redis that can fall silent, and can hold answers back. */
class SilentRelay extends TcpRelay {
  /** Lines that are there now say nothing more, and stay open. */
  silent = new Set<Socket>();
  /** Answers wait until so many of these words were asked. */
  held: { word: string; times: number } | undefined;
  readonly #all = new Set<Socket>();

  static open(port: number): Promise<SilentRelay> {
    return new SilentRelay(port).listen();
  }

  get redisUrl(): string {
    return this.url.replace('http:', 'redis:');
  }

  silence(): void {
    for (const socket of this.#all) this.silent.add(socket);
  }

  protected join(client: Socket, server: Socket): void {
    this.#all.add(client);
    let asked = '';
    let waiting: Buffer[] = [];
    client.on('data', (data) => {
      if (this.silent.has(client)) return;
      server.write(data);
      if (!this.held) return;
      asked += data.toString('latin1');
      if (asked.split(this.held.word).length <= this.held.times) return;
      this.held = undefined;
      for (const answer of waiting) client.write(answer);
      waiting = [];
    });
    server.on('data', (data) => {
      if (this.silent.has(client)) return;
      if (this.held) waiting.push(data);
      else client.write(data);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }
}

describe.skipIf(redisMissing !== undefined)(`a line to Redis${why}`, () => {
  let server: RedisServer;
  let relay: SilentRelay;
  beforeAll(async () => {
    server = await RedisServer.start();
    relay = await SilentRelay.open(server.port);
  });
  afterAll(async () => {
    await relay.close();
    await server.stop();
  });

  test('that is dead but open is given up for a new one, for questions and messages', async () => {
    const directory = open(relay.redisUrl);
    const heard: Uint8Array[] = [];
    await directory.subscribe('one', (message) => heard.push(message));
    await claimed(directory, facts('r1'));
    relay.silence();
    expect(await refusal(directory.room('r1'))).toBe('late');
    expect(await answered(() => directory.room('r1'))).toMatchObject(north);
    await saidAndHeard(directory, 'one', heard);
  });

  test('carries all renewals of a shard at once, and not one after another', async () => {
    const directory = open(relay.redisUrl);
    const leases = await Promise.all(
      Array.from({ length: 200 }, (_, i) => claimed(directory, facts(`room ${i}`))),
    );
    relay.held = { word: 'EVALSHA', times: leases.length };
    expect(await directory.renew(leases)).toEqual({ lost: [], unheard: [] });
    expect(relay.held).toBeUndefined();
  });
});
