// Two directories that are asked the same must answer the same: thousands of random questions, put
// to the one in memory and to the one on Redis. Seeded; a difference names its seed and its step.
// Epochs are each store's own, so leases are named by the order in which they were won.
import { Random } from '@tickwire/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Board,
  type Directory,
  type Lease,
  MemoryDirectory,
  type RoomEntry,
} from '../src/index.ts';
import { redis } from '../src/redis.ts';
import {
  bytes,
  facts,
  HOLDS_MS,
  LONG_MS,
  north,
  promises,
  saved,
  south,
} from './directory-doors.ts';
import { RedisServer, redisMissing } from './redis-server.ts';

const STEPS = 2_000;
const ROOMS = ['r1', 'r2', 'r3'];
const SEATS = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
const MATCHES = ['', 'duel'];

/** One of the two, and the leases that were won from it. */
class Twin {
  readonly directory: Directory;
  readonly leases: Lease[] = [{ id: 'r1', epoch: 1 }];

  constructor(directory: Directory) {
    this.directory = directory;
  }

  won(id: string, epoch: number): string {
    this.leases.push({ id, epoch });
    return this.named(id, epoch);
  }

  named(id: string, epoch: number): string {
    return `lease ${this.leases.findIndex((one) => one.id === id && one.epoch === epoch)}`;
  }

  entry(room: RoomEntry | undefined): unknown {
    return room && { ...room, epoch: this.named(room.id, room.epoch) };
  }
}

type Question = (twin: Twin) => Promise<unknown>;

/** Seats are users here. */
function usersQuestions(at: number, users: readonly string[]): Record<string, Question> {
  return {
    arrive: ({ directory, leases }) => directory.arrive(leases[at], users),
    depart: ({ directory, leases }) => directory.depart(leases[at], users),
    // The stores' clocks differ by as little as the arrivals.
    whereabouts: async ({ directory }) => {
      const found = await directory.whereabouts(SEATS);
      const told = found.map((rooms) => rooms.map(({ room, kind }) => `${room} ${kind}`).sort());
      return `${told.flat().length > 0 ? 'told' : 'nobody'} ${JSON.stringify(told)}`;
    },
  };
}

/** Few users and few scores, so that many are equal, and some fall off. */
function boardQuestions(chance: Random, at: number): Record<string, Question> {
  const one = <Value>(values: readonly Value[]): Value => values[chance.integer(values.length)];
  const keep = one(['sum', 'best', 'last'] as const);
  const order = one(['most', 'least'] as const);
  const board: Board = { name: `b${keep}`, keep, order, places: 12 };
  const user = `u${chance.integer(20)}`;
  const score = one([0, -0, 1, -1, 2.5, 1 / 3, -7, 1e15, chance.next()]);
  const once = one([undefined, 'over', `n${chance.integer(30)}`]);
  const [from, count] = [chance.integer(14), 1 + chance.integer(14)];
  return {
    post: ({ directory, leases }) => directory.post(leases[at], board, { user, score, once }),
    top: ({ directory }) => directory.top(board, from, count),
    standing: ({ directory }) => directory.standing(board, user),
  };
}

/** What is asked of both, with all that chance decides about it. */
function question(chance: Random, leases: number): [name: string, ask: Question] {
  const one = <Value>(values: readonly Value[]): Value => values[chance.integer(values.length)];
  const id = one(ROOMS);
  const [seat, other] = [one(SEATS), one(SEATS)];
  const party = [...new Set([seat, other, one(SEATS)])];
  const owner = one([north, south]);
  // Mostly the newest: an old one is refused, and that is soon tried.
  const back = chance.next() < 0.7 ? chance.integer(3) : chance.integer(leases);
  const at = Math.max(leases - 1 - back, 0);
  const tick = chance.integer(50);
  const more = { seats: 1 + chance.integer(5), match: one(MATCHES), hidden: chance.next() < 0.2 };
  const locked = chance.next() < 0.3;
  const questions: Record<string, Question> = {
    claim: async (twin) => {
      const claim = await twin.directory.claim(facts(id, more), owner);
      return claim.won ? twin.won(id, claim.epoch) : claim;
    },
    handOver: async (twin) => {
      const lease = twin.leases[at];
      const epoch = await twin.directory.handOver(lease, owner);
      return epoch === false ? false : twin.won(lease.id, epoch);
    },
    release: async ({ directory, leases }) => {
      const released = await directory.release(leases[at]);
      // A room of the same id that is opened in the same ms may have the same epoch.
      if (released) await new Promise((resolve) => setTimeout(resolve, 5));
      return released;
    },
    renew: ({ directory, leases }) => directory.renew(leases.slice(-4)),
    lock: ({ directory, leases }) => directory.lock(leases[at], locked),
    reserve: ({ directory }) => directory.reserve(id, promises(...party), LONG_MS),
    redeem: async ({ directory, leases }) => {
      const redeemed = await directory.redeem(leases[at], seat, locked);
      // Of a taken seat it frees a place, of which a renewal tells the list.
      return directory.renew([leases[at]]).then(() => redeemed);
    },
    take: ({ directory, leases }) => directory.take(leases[at], seat),
    leave: ({ directory, leases }) => directory.leave(leases[at], party),
    occupy: ({ directory, leases }) => directory.occupy(leases[at], party),
    save: ({ directory, leases }) => saved(directory, leases[at], tick, bytes(`tick ${tick}`)),
    load: async (twin) => {
      const loaded = await twin.directory.load(id);
      return loaded && { ...loaded, epoch: twin.named(id, loaded.epoch) };
    },
    room: async (twin) => twin.entry(await twin.directory.room(id)),
    rooms: async (twin) => (await twin.directory.rooms()).map((room) => twin.entry(room)),
    candidates: async (twin) => {
      const found = await twin.directory.candidates('field', 'b1', more.match, 99);
      // Which of two equally full ones comes first is nobody's business.
      const key = (room: RoomEntry) => `${room.seats - room.taken} ${room.id}`;
      return found.map(key).sort();
    },
    orphans: ({ directory }) => directory.orphans(),
    ...{ ...usersQuestions(at, party), ...boardQuestions(chance, at) },
  };
  // Rooms end seldom, or they would never be full.
  const names = Object.keys(questions).filter((name) => name !== 'release' || chance.next() < 0.2);
  const name = one([...names, 'claim', 'reserve', 'redeem']);
  return [name, questions[name]];
}

const why = redisMissing ? `, left out: ${redisMissing}` : '';

describe.skipIf(redisMissing !== undefined)(`memory and Redis${why}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  test.each([1, 2, 3])('answer alike, seed %i', async (seed) => {
    const chance = new Random(seed);
    const now = () => Date.now();
    const memory = new Twin(new MemoryDirectory({ leaseMs: HOLDS_MS, now }));
    const options = { url: server.url, leaseMs: HOLDS_MS, prefix: `twin${seed}:` };
    const onRedis = new Twin(redis(options));
    const seen = new Set<string>();
    for (let step = 0; step < STEPS; step++) {
      const [name, ask] = question(chance, memory.leases.length);
      const [expected, found] = [await ask(memory), await ask(onRedis)];
      expect([step, name, found]).toEqual([step, name, expected]);
      seen.add(`${name} ${typeof expected === 'object' ? '' : String(expected).split(' ')[0]}`);
    }
    for (const answer of ['reserve full', 'reserve locked', 'reserve reserved', 'reserve gone'])
      expect(seen).toContain(answer);
    for (const answer of ['whereabouts told', 'post posted', 'post known', 'post false'])
      expect(seen).toContain(answer);
    for (const answer of ['redeem spent', 'redeem false', 'redeem ', 'take full', 'save false'])
      expect(seen).toContain(answer);
    await onRedis.directory.close();
  });
});
