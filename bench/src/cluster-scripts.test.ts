// That the simulated store does what Redis does: thousands of random questions to a RedisDirectory
// whose line asks both, and compares each answer. Seeded; a difference names its seed and its step.
// Scripts are told the test's time in place of Redis's own, so that both live in the same moment.
import { Random } from '@tickwire/protocol';
import type { Board, Directory, Lease } from '@tickwire/server';
import { type Line, openLine, RedisDirectory, redisScripts } from '@tickwire/server/parts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from './cluster-costs.ts';
import { commandOf, PLAIN } from './cluster-scripts.ts';
import { type Call, EPOCH_MS, SimulatedStore, type Word } from './cluster-store.ts';
import { findsRedis, type RunningRedis, startRedis } from './redis-program.ts';

const found = findsRedis();

const STEPS = 3_000;
const LEASE_MS = 1_000;
const ROOMS = ['r1', 'r2', 'r3'];
const SEATS = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
const SHARDS = ['north', 'south', 'west'];
const BYTES = new Uint8Array([1, 2, 3]);

const TIME = "redis.call('TIME')";
/** Answers that tell nothing, or that chance decides. */
const UNREAD = new Set(['ZADD', 'ZREM', 'SET', 'SOME_SHARDS']);
/** Hashes of Redis's: in any order. */
const UNORDERED = new Set(['LIST_SHARDS', 'ROWS_OF']);

/** That no store is asked here. */
const UNASKED = new Set('PUBLISH PASS_ON HEAR_OF SUBSCRIBE PING CLUSTER GET SET'.split(' '));
/** What all of it must have come to, or little was compared. */
const WANTED = [
  ...['CLAIM 0', 'CLAIM 1', 'RENEW 0', 'HAND_OVER 0', 'LOCK 0', 'RELEASE 0', 'LOOK null'],
  ...['gone', 'orphan', 'locked', 'full', 'reserved'].map((came) => `RESERVE ${came}`),
  ...['REDEEM 0', 'REDEEM 1', 'REDEEM bytes', 'TAKE 0', 'TAKE taken', 'TAKE full'],
  ...['LEAVE 0', 'OCCUPY 0', 'SAVE 0', 'SAVE 1', 'HMGET null', 'HMGET bytes', 'FORGET 1'],
  ...['ARRIVE 0', 'ARRIVE 1', 'DEPART 0', 'DEPART 1', 'POST 0', 'POST 1', 'POST 2'],
  ...['STANDING null', 'DUE undefined', 'ZRANGE undefined'],
];

/** Asks a real Redis and a simulated store, and passes on what the real one answers. */
class DoubleLine implements Line {
  nowMs = EPOCH_MS;
  step = '';
  /** Commands with the first word of their answers. */
  readonly answers = new Set<string>();
  readonly #real: Line;
  readonly #store = new SimulatedStore(() => 0);

  constructor(real: Line) {
    this.#real = real;
  }

  async ask<Answer>([name, key, ...args]: readonly Word[], bytes?: boolean): Promise<Answer> {
    const { twin } = PLAIN[String(name)];
    const simulated = twin(this.#call([String(key)], args));
    const real = await this.#real.ask<Answer>([name, key, ...args], bytes);
    this.#compare(String(name), real, simulated);
    return real;
  }

  async run<Answer>(
    script: redisScripts.Script,
    keys: readonly string[],
    args: readonly Word[],
    bytes?: boolean,
  ): Promise<Answer> {
    await this.#forget();
    const { name, twin } = commandOf(script);
    const simulated = twin(this.#call(keys, args));
    const [seconds, us] = [Math.floor(this.nowMs / 1_000), (this.nowMs % 1_000) * 1_000];
    const text = script.text.replace(TIME, `{'${seconds}', '${us}'}`);
    const real = await this.#real.run<Answer>(redisScripts.script(text), keys, args, bytes);
    this.#compare(name, real, simulated);
    return real;
  }

  async publish(): Promise<void> {}

  async hear(): Promise<void> {}

  isSteady(): boolean {
    return true;
  }

  async close(): Promise<void> {}

  #call(keys: readonly string[], args: readonly Word[]): Call {
    return { store: this.#store, keys, args, nowMs: this.nowMs };
  }

  /** The real one would, a minute after the room's release. */
  async #forget(): Promise<void> {
    for (const [key, { untilMs }] of this.#store.released) {
      if (untilMs > this.nowMs) continue;
      this.#store.released.delete(key);
      await this.#real.ask(['DEL', key]);
    }
  }

  #compare(name: string, real: unknown, simulated: unknown): void {
    const [first] = Array.isArray(real) ? real : [real];
    this.answers.add(`${name} ${Buffer.isBuffer(first) ? 'bytes' : first}`);
    if (UNREAD.has(name)) return;
    const seen = [real, simulated].map((answer) => readable(answer, UNORDERED.has(name)));
    expect(seen[1], `${this.step}: ${name}`).toEqual(seen[0]);
  }
}

/** Bytes as texts; in order, where there is none. */
function readable(answer: unknown, isUnordered: boolean): unknown {
  if (Buffer.isBuffer(answer)) return answer.toString('latin1');
  if (!Array.isArray(answer)) return answer;
  const all = answer.map((one) => readable(one, false));
  return isUnordered ? all.sort() : all;
}

type Ask = (directory: Directory, lease: Lease, won: (lease: Lease) => void) => Promise<unknown>;

/** The questions of one step: chance has decided what each is about. */
function questions(chance: Random): Record<string, Ask> {
  const one = <Value>(values: readonly Value[]): Value => values[chance.integer(values.length)];
  const some = (values: readonly string[]) => values.filter(() => chance.integer(2) === 0);
  const [id, seat, shard] = [one(ROOMS), one(SEATS), one(SHARDS)];
  const owner = { shard, url: `wss://${shard}.example/` };
  const facts = { id, kind: one(['field', 'duel']), build: 'b', seats: 3, match: one(['', 'x']) };
  const promises = some(SEATS).map((name) => ({ seat: name, identity: Buffer.from(name) }));
  const keep = one(['sum', 'best', 'last'] as const);
  const board: Board = { name: keep, keep, order: one(['most', 'least'] as const), places: 4 };
  const post = { user: seat, score: chance.integer(9) - 4, once: one([undefined, 'a', 'b']) };
  const load = { load: 1, rooms: 1, seats: 1, draining: false };
  const isYes = chance.integer(2) === 0;
  return {
    claim: async (directory, _, won) => {
      const claim = await directory.claim({ ...facts, hidden: isYes }, owner);
      if (claim.won) won({ id, epoch: claim.epoch });
    },
    hold: async (directory, lease, won) => {
      const known = { ...facts, hidden: false, id: lease.id };
      const claim = await directory.claim(known, owner, lease.epoch);
      if (claim.won) won({ id: lease.id, epoch: claim.epoch });
    },
    renew: (directory, lease) => directory.renew([lease]),
    renewAgain: (directory, lease) => directory.renew([lease]),
    handOver: async (directory, { id, epoch: old }, won) => {
      const epoch = await directory.handOver({ id, epoch: old }, owner);
      if (epoch !== false) won({ id, epoch });
    },
    lock: (directory, lease) => directory.lock(lease, isYes),
    release: async (directory, lease) => chance.integer(4) === 0 && directory.release(lease),
    room: (directory) => directory.room(id),
    rooms: (directory) => directory.rooms(one([undefined, 'field'])),
    candidates: (directory) => directory.candidates('field', 'b', facts.match, 2),
    orphans: (directory) => directory.orphans(),
    reserve: (directory) => directory.reserve(id, promises, one([5, 500, 5_000])),
    redeem: async (directory, lease) => {
      const promise = { seat, identity: Buffer.from(seat) };
      if (isYes) await directory.reserve(lease.id, [promise], 500);
      return directory.redeem(lease, seat, chance.integer(2) === 0);
    },
    take: (directory, lease) => directory.take(lease, seat),
    leave: (directory, lease) => directory.leave(lease, some(SEATS)),
    occupy: (directory, lease) => directory.occupy(lease, some(SEATS).slice(0, 3)),
    save: (directory, lease) =>
      directory.save([{ lease, tick: chance.integer(9), bytes: BYTES.slice(chance.integer(3)) }]),
    load: (directory) => directory.load(id),
    arrive: (directory, lease) => directory.arrive(lease, some(SEATS)),
    depart: (directory, lease) => directory.depart(lease, some(SEATS)),
    whereabouts: (directory) => directory.whereabouts(SEATS),
    post: (directory, lease) => directory.post(lease, board, post),
    top: (directory) => directory.top(board, chance.integer(3), 3),
    standing: (directory) => directory.standing(board, seat),
    announce: (directory) => directory.announce({ ...owner, id: shard, build: 'b', ...load }),
    withdraw: (directory) => directory.withdraw(shard),
    shards: (directory) => directory.shards(),
    someShards: (directory) => directory.someShards(2),
  };
}

describe.skipIf(!found)('the simulated store', () => {
  let server: RunningRedis;
  let real: ReturnType<typeof openLine>;

  beforeAll(async () => {
    server = await startRedis();
    real = openLine(server.url);
  });

  afterAll(async () => {
    await real.close();
    server.stop();
  });

  test.each([1, 2, 3])('answers what a real Redis answers, seed %i', async (seed) => {
    const chance = new Random(seed);
    const line = new DoubleLine(real);
    const parts = { leaseMs: LEASE_MS, prefix: `seed${seed}:`, isParted: false };
    const directory = new RedisDirectory({ ...parts, line, ear: () => real }, () => 0.5);
    const leases: Lease[] = [{ id: 'r1', epoch: 1 }];
    for (let at = 0; at < STEPS; at++) {
      const asks = questions(chance);
      const names = Object.keys(asks);
      const name = names[chance.integer(names.length)];
      // Mostly one of the newest.
      const back = chance.integer(
        chance.integer(4) === 0 ? leases.length : Math.min(3, leases.length),
      );
      const lease = leases[leases.length - 1 - back];
      line.step = `seed ${seed}, step ${at}, ${name}`;
      await asks[name](directory, lease, (won) => leases.push(won));
      line.nowMs += chance.integer(10) === 0 ? chance.integer(15_000) : chance.integer(120);
    }
    expect(WANTED.filter((answer) => !line.answers.has(answer))).toEqual([]);
    const asked = new Set(Array.from(line.answers, (answer) => answer.split(' ')[0]));
    expect(COMMANDS.filter((name) => !asked.has(name) && !UNASKED.has(name))).toEqual([]);
  });
});
