// What a body costs to read is bounded by its bytes and by what its reader holds (K6): reader and
// writer count alike in rooms that go by chance, and the surest odds buy no one more. Work is
// counted here, in answers, rows, asks and columns, and never timed.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RangeDecoder } from '../src/coder.ts';
import {
  ANSWERS_PER_BYTE,
  BODY_ANSWERS,
  CodingTables,
  Context,
  defineGame,
  fixed,
  int,
  list,
  MAX_SLOTS,
  MAX_STEP_TICKS,
  MsgpackWriter,
  map,
  ODDS,
  PackedSink,
  PackedSource,
  PlainSource,
  ProtocolError,
  Random,
  Received,
  type Row,
  record,
  Tracks,
} from '../src/index.ts';
import { readAll, SIGHTS, SPELLINGS, Stage } from './stage.ts';

const game = defineGame({
  tickRate: 20,
  state: { round: int(0, 9) },
  entities: {
    ship: {
      x: fixed(0, 100, 1 / 16).smooth({ by: 'vx' }),
      vx: fixed(-40, 40, 1 / 4),
      y: fixed(0, 100, 1 / 16).smooth(),
      fuel: int(0, 99).ownerOnly(),
    },
    crate: { hp: int(0, 9) },
    shop: {
      stock: map(int(0, 9999), map(int(0, 9999), int(0, 9), 4096), 4096),
      rows: list(record({ deep: record({ a: int(0, 9), b: int(0, 9) }) }), 4096),
    },
  },
  step: { ship() {} },
});
const SEAT = 1;
const [SHOP, STOCK, ROWS] = [2, 2, 3];
/** Whether a field is named in an arrival: this context of its flags (PROTOCOL.md 8.6). */
const ARRIVAL = 4;
/** Of a crate: that it is there, 2 of its kind, 8 of a step of its id, 6 of its age, 3 fields. */
const ANSWERS_OF_CRATE = 20;

afterEach(() => void vi.restoreAllMocks());

/** How often something is called from now on. */
function calls(of: object, name: string): () => number {
  const spy = vi.spyOn(of as Record<string, () => void>, name);
  return () => spy.mock.calls.length;
}

/** Asks of a source for candidates, from now on. */
function asks(): () => number {
  const counts = [PlainSource, PackedSource].flatMap(({ prototype }) =>
    ['offered', 'chosen'].map((name) => calls(prototype, name)),
  );
  return () => counts.reduce((sum, count) => sum + count(), 0);
}

const capacities = ({ tables }: Received) => tables.map(({ capacity }) => capacity);

describe.each(SIGHTS)('[K6] in a packed room, its known set %s', (sight) => {
  test.each([1, 2, 3, 4])('a reader is granted what the writer was (seed %i)', (seed) => {
    const chance = new Random(seed);
    const stage = new Stage(game, { wire: 'packed', log: 12 });
    const rows: Row[] = [];
    const granted = { write: 0, read: 0 };
    const { grant: write } = PackedSink.prototype;
    const { grant: read } = PackedSource.prototype;
    vi.spyOn(PackedSink.prototype, 'grant').mockImplementation(function (
      this: PackedSink,
      answers,
    ) {
      granted.write += answers;
      write.call(this, answers);
    });
    vi.spyOn(PackedSource.prototype, 'grant').mockImplementation(function (
      this: PackedSource,
      answers,
    ) {
      granted.read += answers;
      read.call(this, answers);
    });
    const viewers = [SEAT, SEAT + 1].map((id) => stage.join(id, sight));
    for (const viewer of viewers) {
      viewer.sees = (row) => (row.id + stage.tick / 8) % 5 > 1;
      viewer.defers = () => chance.next() < 0.2;
    }
    let compared = 0;
    for (let n = 0; n < 200; n++) {
      while (rows.length < 60 || chance.next() < 0.5)
        rows.push(stage.spawn('ship', { vx: 1 }, chance.integer(3)) as unknown as Row);
      for (let i = chance.integer(12); i > 0; i--)
        stage.despawn(rows.splice(chance.integer(rows.length), 1)[0]);
      for (let i = 0; i < 5; i++) {
        const row = rows[chance.integer(rows.length)];
        row.y = chance.integer(100);
        row.fuel = chance.integer(99);
      }
      stage.round();
      for (const viewer of viewers) {
        if (chance.next() < 0.3) continue;
        if (chance.next() < 0.05) viewer.needsEverything = true;
        // A body that says nothing is written, and not read.
        granted.write = granted.read = 0;
        stage.write(viewer);
        if (viewer.last.shared && viewer.last.own) compared++;
        else granted.write = -1;
        viewer.read(viewer.last);
        if (granted.write >= 0) expect(granted.read).toBe(granted.write);
      }
      stage.next();
    }
    expect(compared).toBeGreaterThan(50);
  });
});

test('[K6] where one of 5,000 changes, a body of 5,000 answers is not filled up', () => {
  const stage = new Stage(game, { wire: 'packed' });
  const seat = stage.join(SEAT);
  const crates = Array.from({ length: 5000 }, () => stage.spawn('crate'));
  stage.send();
  // As a room learns it where what rests goes on to rest.
  const odds = stage.odds.odds.slice();
  odds.fill(ODDS[0], game.kinds[1].changed + 2, game.kinds[1].changed + 9);
  stage.odds = new CodingTables(1, odds);
  for (let n = 0; n < 40; n++) stage.skip();
  stage.send();
  expect(seat.last.shared).toBeUndefined();
  crates[4000].hp = 3;
  stage.send();
  crates[4000].hp = 4;
  const answers = calls(RangeDecoder.prototype, 'bit');
  stage.send();
  expect(answers()).toBeGreaterThan(5000);
  expect(seat.last.shared!.length).toBeLessThan(12);
});

describe.each(SPELLINGS)('{T43} [F4] a %s body', (wire) => {
  /** A body of the most slots there may be, and in the highest of them nothing, or a crate. */
  function highest(takes: boolean): Uint8Array {
    if (wire === 'plain') {
      const out = new MsgpackWriter();
      const arrivals = takes ? [MAX_SLOTS - 1, [1, 9, []]] : [];
      out.value([MAX_SLOTS, [], arrivals, [], []]);
      return out.bytes().slice();
    }
    return packed((sink) => {
      sink.level(Context.Grown, 1, 1);
      sink.count(Context.Limit, MAX_SLOTS);
      sink.select(Context.Left, true, 0);
      sink.close();
      sink.select(Context.Entered, true, takes ? 1 : 0);
      if (takes) {
        sink.pass(Context.First, MAX_SLOTS - 1);
        sink.offer(Context.First, MAX_SLOTS - 1, true);
        arrive(sink, 9, 0);
      }
      sink.close();
      sink.select(Context.Changed, true, 0);
      sink.close();
      sink.offer(game.state.fields[0].contexts.flags + ARRIVAL, 0, false);
      sink.option(Context.Defers, false);
    });
  }
  const odds = wire === 'packed' ? game.priors.odds : undefined;
  const received = () => {
    const made = new Received(game);
    if (wire === 'packed') made.expectPacked(1 / game.tickRate, 1);
    return made;
  };

  test.each([false, true])('of 65,536 slots costs what it says (taken: %s)', (takes) => {
    const seat = received();
    const before = capacities(seat);
    const asked = asks();
    readAll(highest(takes), (from) => seat.readBody(from, 1, true), odds);
    expect(seat.tables[1].count).toBe(takes ? 1 : 0);
    expect(asked()).toBeLessThan(20);
    expect(capacities(seat)).toEqual(before);
  });

  test('after one of 65,536 slots costs no more than any', () => {
    const seat = received();
    readAll(highest(true), (from) => seat.readBody(from, 1, true), odds);
    const asked = asks();
    for (let tick = 2; tick < 12; tick++)
      readAll(highest(true), (from) => seat.readBody(from, tick, true), odds);
    expect(asked()).toBeLessThan(10 * 20);
    expect(capacities(seat)).toEqual(capacities(received()));
  });
});

test('{T43} [T2] a STATE that stands for 16,384 moves each row on in a few rounds', () => {
  const stage = new Stage(game, { wire: 'packed' });
  const seat = stage.join(SEAT);
  const ships = Array.from({ length: 50 }, (_, i) =>
    stage.spawn('ship', { x: i, vx: (i % 9) - 4 }),
  );
  for (let n = 0; n < 6; n++) {
    for (const ship of ships) ship.y = n;
    stage.send();
  }
  const { received } = seat;
  expect(received.tables[0].tracks!.moving.some((moves) => moves === 1)).toBe(true);
  const rounds = calls(Tracks.prototype, 'predict');
  received.pass(received.tick + MAX_STEP_TICKS);
  expect(rounds()).toBeLessThan(ships.length * 2 * 16);
  expect(rounds()).toBeGreaterThan(0);
});

describe('{T43} [K6] at the surest odds', () => {
  /** Odds that make an arrival of the next id, all at its defaults, cost next to nothing. */
  const sure = game.priors.odds.map(() => ODDS[0]);
  // Taken; kind 1; the length of a step of 1.
  for (const context of [Context.First, Context.Kind + 1, Context.IdStep + 3 + 31])
    sure[context] = ODDS[ODDS.length - 1];

  test.each([
    ['a few bytes', 12],
    ['a KB', 1024],
  ])('%s bring no more rows than they pay for', (_name, length) => {
    const received = new Received(game);
    received.expectPacked(1 / game.tickRate, 1);
    const answers = calls(RangeDecoder.prototype, 'bit');
    const random = new Random(length);
    let most = 0;
    for (let i = 0; i < 60; i++) {
      const body = crates(20_000).subarray(0, length).slice();
      // Beside what a writer says, bytes by chance at its end.
      if (i > 0) body.set([random.integer(256), random.integer(256)], body.length - 2);
      const before = answers();
      try {
        readAll(body, (from) => received.readBody(from, i + 1, true), sure);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
      most = Math.max(most, received.tables[1].count);
      expect(answers() - before).toBeLessThanOrEqual(allowed(length) + 1);
      received.forget();
    }
    expect(most).toBeGreaterThan(allowed(length) / ANSWERS_OF_CRATE - 2);
    expect(most).toBeLessThanOrEqual(allowed(length) / ANSWERS_OF_CRATE);
  });

  const allowed = (length: number) => BODY_ANSWERS + ANSWERS_PER_BYTE * length;

  /** Everything, as a writer that fills up says it: so many crates with ids from 1 on. */
  function crates(count: number): Uint8Array {
    return packed((sink) => {
      sink.level(Context.Grown, 1, 1);
      sink.count(Context.Limit, MAX_SLOTS);
      sink.select(Context.Left, true, 0);
      sink.close();
      sink.select(Context.Entered, false, count);
      for (let i = 0; i < count; i++) {
        sink.offer(Context.First, i, true);
        arrive(sink, i + 1, i);
      }
      sink.close();
    }, sure);
  }
});

test('{T43} [S13] a map inside a map is copied once in a body, however often named', () => {
  const held = Array.from({ length: 4000 }, (_, i) => [i, 1]).flat();
  const received = new Received(game);
  const out = new MsgpackWriter();
  const read = (arrivals: unknown[], changes: unknown[], tick: number) => {
    out.reset();
    out.value([1, [], arrivals, changes, []]);
    readAll(out.bytes().slice(), (from) => received.readBody(from, tick, tick === 1));
  };
  /** Entry 3 of the map under key 7, in as many changes of that map. */
  const changed = (times: number) => {
    const entries = Array.from({ length: times }, (_, i) => [7, 0, [0, 0, 1, 3, i]]);
    return [0, [STOCK, [0, 0, times, ...entries.flat()]]];
  };
  read([0, [SHOP, 1, [STOCK, [1, 1, 7, [1, 4000, ...held]]]]], [], 1);
  read([], changed(1), 2);
  expect(() => read([], changed(2), 3)).toThrow(expect.objectContaining({ code: 'bad-state' }));
});

test('{T43} a record that names nothing is the one that its declaration starts as', () => {
  const received = new Received(game);
  const out = new MsgpackWriter();
  out.value([1, [], [0, [SHOP, 1, [ROWS, [2, 0, [], 1, []]]]], [], []]);
  readAll(out.bytes(), (from) => received.readBody(from, 1, true));
  const [a, b] = received.tables[SHOP].objects[1][1] as { deep: object }[];
  expect(a).toEqual({ deep: { a: 0, b: 0 } });
  expect(b.deep).toBe(a.deep);
});

/** A body's bytes as packed, without the head of its bin. */
function packed(says: (sink: PackedSink) => void, odds = game.priors.odds): Uint8Array {
  const out = new MsgpackWriter();
  const sink = new PackedSink(out, new CodingTables(1, odds));
  sink.open();
  says(sink);
  sink.close();
  sink.finish();
  const bytes = out.bytes();
  return bytes.slice(bytes[0] === 0xc4 ? 2 : bytes[0] === 0xc5 ? 3 : 5);
}

/** A crate of that id, after one of `before`, all at its defaults. */
function arrive(sink: PackedSink, id: number, before: number): void {
  sink.open();
  sink.level(Context.Kind, 1, game.kinds.length - 1);
  if (before === 0) sink.level(Context.Id, id, 2 ** 32 - 1);
  else sink.change(Context.IdStep, id, before, 2 ** 32 - 1);
  sink.count(Context.Age, 0);
  for (const f of game.kinds[1].fields) sink.offer(f.contexts.flags + ARRIVAL, 0, false);
  sink.close();
}
