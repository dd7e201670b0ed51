// Who takes rooms over whose owners are gone, how soon, and which of them nobody shall have again:
// a few shards in virtual time over one directory. Their rooms are names; that those go on from
// checkpoints is failover.test.ts'.
import { beforeEach, describe, expect, test } from 'vitest';
import { DirectoryError, type Lease, MemoryDirectory, type RoomEntry } from '../src/index.ts';
import { Orphans } from '../src/orphans.ts';
import { Tally } from '../src/tally.ts';

const STEP_MS = 50;
const RENEW_MS = 650;
const ANNOUNCE_MS = 2_000;
const WELL_MS = 10_000;
const log = { warn() {}, error() {}, info() {} } as never;

let nowMs: number;
let directory: MemoryDirectory;
let shards: Shard[];
let tally: Tally;
/** Of rooms that were looked at without an owner. */
let looks: number;

/** A shard without a network, without rooms. */
class Shard {
  readonly owner: { shard: string; url: string };
  readonly build: string;
  readonly rooms = new Map<string, { over: boolean; lease: Lease; sinceMs: number }>();
  readonly draining = false;
  full = false;
  load = 0;
  /** 0 <= n < 1. */
  chance = 0;
  alive = true;
  /** Takes rooms over. */
  looking = true;
  readonly orphans: Orphans;
  #dueMs = nowMs;

  constructor(name: string, build = 'b1') {
    this.owner = { shard: name, url: '' };
    this.build = build;
    const options = { directory, shard: this as never, log, tally };
    const leases = { hold: true, settled: true } as never;
    const rest = { now: () => nowMs, chance: () => this.chance, load: () => this.load };
    this.orphans = new Orphans({ ...options, leases, ...rest });
    shards.push(this);
  }

  readonly succession = {
    knows: ({ build }: RoomEntry) => build === this.build,
    takeOver: (entry: RoomEntry) => this.open(entry.id),
    end: async (entry: RoomEntry) => {
      const claim = await directory.claim(entry, this.owner);
      return claim.won && directory.release({ id: entry.id, epoch: claim.epoch });
    },
  };

  async open(id: string) {
    const facts = { id, kind: 'field', build: this.build, seats: 4, match: '', hidden: false };
    const claim = await directory.claim(facts, this.owner);
    if (!claim.won) return undefined;
    const room = { over: false, lease: { id, epoch: claim.epoch }, sinceMs: nowMs };
    await directory.occupy(room.lease, []);
    this.rooms.set(id, room);
    return room;
  }

  async work(): Promise<void> {
    if (!this.alive) return;
    if (nowMs % RENEW_MS === 0)
      await directory.renew([...this.rooms.values()].map(({ lease }) => lease));
    if (nowMs % ANNOUNCE_MS === 0) await this.announce();
    if (!this.looking || nowMs < this.#dueMs) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#dueMs = nowMs + (await this.orphans.look());
  }

  async announce(): Promise<void> {
    const { build, load } = this;
    const rest = { url: '', rooms: this.rooms.size, seats: 0, draining: false };
    await directory.announce({ id: this.owner.shard, build, load, ...rest });
  }
}

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  looks = 0;
  shards = [];
  tally = new Tally();
  directory = new MemoryDirectory({ leaseMs: 2_000, now: () => nowMs });
  const { orphans } = directory;
  directory.orphans = async (passed) => {
    const found = await orphans.call(directory, passed);
    looks += found.length;
    return found;
  };
});

async function run(ms: number, each: () => unknown = () => {}): Promise<void> {
  for (const endMs = nowMs + ms; nowMs < endMs; nowMs += STEP_MS) {
    await Promise.all(shards.map((shard) => shard.work()));
    await each();
  }
}

/** Shards that have said how busy they are. */
async function started(...given: readonly Shard[]): Promise<void> {
  await Promise.all(given.map((shard) => shard.announce()));
}

const ownerOf = async (id: string) => {
  const entry = await directory.room(id);
  return entry && !entry.orphan ? entry.shard : undefined;
};

describe('{T62} a room that ends the process of who has it', () => {
  test('is ended after three of them, and the rooms beside it live', async () => {
    const innocent = Array.from({ length: 8 }, (_, i) => `good${i}`);
    const [a, b] = [new Shard('a'), new Shard('b')];
    for (const id of [...innocent.slice(0, 4), 'bad']) await a.open(id);
    for (const id of innocent.slice(4)) await b.open(id);
    await run(20_000);
    let deaths = 0;
    let restarts: { atMs: number }[] = [];
    await run(120_000, () => {
      for (const shard of shards.filter(({ alive }) => alive)) {
        const bad = shard.rooms.get('bad');
        if (!bad || nowMs - bad.sinceMs < 1_500) continue;
        shard.alive = false;
        deaths++;
        restarts.push({ atMs: nowMs + 1_000 });
      }
      for (const { atMs } of restarts.filter(({ atMs }) => atMs <= nowMs))
        new Shard(`again${atMs}`);
      restarts = restarts.filter(({ atMs }) => atMs > nowMs);
    });
    expect(deaths).toBe(3);
    expect([tally.givenUp, await directory.room('bad')]).toEqual([1, undefined]);
    const owners = await Promise.all(innocent.map(ownerOf));
    expect(owners).not.toContain(undefined);
  });

  test('and one that only fell, each time long after it came, never is', async () => {
    await new Shard('s0').open('r1');
    for (let i = 1; i <= 6; i++) {
      const next = new Shard(`s${i}`);
      await run(WELL_MS + 3_000);
      shards[i - 1].alive = false;
      await run(3_000);
      expect(await ownerOf('r1')).toBe(next.owner.shard);
    }
    expect(tally.givenUp).toBe(0);
  });
});

describe('{S57} rooms of a shard that is gone', () => {
  async function leave(count: number): Promise<string[]> {
    const gone = new Shard('gone');
    const ids = Array.from({ length: count }, (_, i) => `r${i}`);
    for (const id of ids) await gone.open(id);
    await gone.announce();
    shards.splice(shards.indexOf(gone), 1);
    return ids;
  }

  test('go to the one that has less to do, and soon', async () => {
    const [busy, idle] = [new Shard('busy'), new Shard('idle')];
    busy.load = 800;
    await started(busy, idle);
    const ids = await leave(20);
    await run(2_400);
    expect(await Promise.all(ids.map(ownerOf))).toEqual(ids.map(() => 'idle'));
  });

  test('go to a busy one soon enough where the other one does not take them', async () => {
    const [busy, idle] = [new Shard('busy'), new Shard('idle')];
    busy.load = 800;
    idle.looking = false;
    await started(busy, idle);
    const ids = await leave(20);
    await run(2_700);
    expect(await Promise.all(ids.map(ownerOf))).toEqual(ids.map(() => 'busy'));
  });

  test.each([
    ['has as many rooms as it may', { full: true }],
    ['is late with those that it has', { load: 950 }],
  ])('are left to others by one that %s, but not for ever', async (_, more) => {
    const [full, other] = [Object.assign(new Shard('full'), more), new Shard('other')];
    other.looking = false;
    await started(full, other);
    await leave(1);
    await run(2_800);
    expect(await ownerOf('r0')).toBeUndefined();
    await run(800);
    expect(await ownerOf('r0')).toBe('full');
  });

  test('are taken at once by a full one that is alone', async () => {
    const full = Object.assign(new Shard('full'), { full: true });
    await started(full);
    await leave(1);
    await run(2_400);
    expect(await ownerOf('r0')).toBe('full');
  });
});

describe('rooms of a game that no shard knows', () => {
  test('are looked at seldom, and ended after minutes', async () => {
    const old = new Shard('old', 'b0');
    for (let i = 0; i < 10; i++) await old.open(`r${i}`);
    old.alive = false;
    new Shard('new');
    await run(60_000);
    expect(looks).toBeLessThanOrEqual(30);
    expect((await directory.room('r0'))?.orphan).toBe(true);
    await run(300_000);
    expect(await directory.rooms()).toEqual([]);
  });

  test('go on where one comes that knows it, however long others did not', async () => {
    const old = new Shard('old', 'b0');
    await old.open('r0');
    old.alive = false;
    new Shard('new');
    await run(60_000);
    new Shard('older', 'b0');
    await run(1_000);
    expect(await ownerOf('r0')).toBe('older');
    await run(300_000);
    expect(await ownerOf('r0')).toBe('older');
  });
});

test('{S54} a room is taken over though nobody says which other shards there are', async () => {
  const [a, b] = [new Shard('a'), new Shard('b')];
  b.load = 500;
  await started(a, b);
  await a.open('one');
  // As a cluster of Redis whose node has the list is away.
  directory.shards = () => Promise.reject(new DirectoryError('unreachable', 'away'));
  a.alive = false;
  await run(5_000);
  expect(await ownerOf('one')).toBe('b');
});

test('shards that claim the same rooms leave them to each other', async () => {
  const dead = new Shard('dead');
  const heirs = Array.from({ length: 6 }, (_, i) =>
    Object.assign(new Shard(`s${i}`), { load: 500 }),
  );
  for (const [i, shard] of heirs.entries()) shard.chance = i / heirs.length;
  await started(dead, ...heirs);
  for (let i = 0; i < 60; i++) await dead.open(`r${i}`);
  dead.alive = false;
  let lost = 0;
  const { claim } = directory;
  directory.claim = async (...asked) => {
    const answer = await claim.apply(directory, asked);
    if (!answer.won) lost++;
    return answer;
  };
  await run(3_000);
  expect(heirs.map(({ rooms }) => rooms.size)).toEqual([10, 10, 10, 10, 10, 10]);
  // One each, where it came to what the next one had.
  expect(lost).toBeLessThanOrEqual(heirs.length);
});
