// What a seat makes of the STATEs it gets: rows of entities that stay, leave, come back and change
// hands, whether the room has one known set or each seat its own. The random lives are in
// received-walk.test.ts, hostile bodies in received-hostile.test.ts.
import { Packr, Unpackr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { heldBy, readAll, SIGHTS, SPELLINGS, Stage, type Viewer } from '../test/stage.ts';
import { differences } from '../test/truth.ts';
import { fixed, int, list, text } from './builders.ts';
import { defineGame } from './game.ts';
import { EPOCH } from './plan.ts';

const game = defineGame({
  state: { round: int(0, 9) },
  entities: {
    ship: {
      x: fixed(0, 9, 1),
      ammo: int(0, 9).ownerOnly(),
      bag: list(int(0, 9), 4).ownerOnly(),
      name: text(8),
    },
    coin: { n: int(0, 9), own: int(0, 9).ownerOnly() },
  },
  step: { ship() {} },
});
const SHIP = 0;
const COIN = 1;
const ROOMS = SPELLINGS.flatMap((wire) => SIGHTS.map((sight) => ({ wire, sight })));

/** Ids of the coins a seat holds. */
function coinsOf({ received }: Viewer): number[] {
  const { ids, high } = received.tables[COIN];
  return [...ids.slice(1, high + 1)].filter((id) => id !== 0).sort();
}

describe.each(ROOMS)('a seat of a $wire room whose known set is $sight', ({ wire, sight }) => {
  const setting = () => {
    const stage = new Stage(game, { wire });
    return { stage, seat: stage.join(1, sight), other: stage.join(2, sight) };
  };

  test('[S7] that joins late is told everything there is', () => {
    const { stage, seat } = setting();
    const coins = [1, 2, 3].map((n) => stage.spawn('coin', { n }));
    stage.send(seat);
    stage.despawn(coins[1]);
    stage.state.rows[1]!.round = 4;
    stage.send(seat);
    const late = stage.join(3, sight);
    stage.send(late);
    expect(coinsOf(late)).toEqual([coins[0].id, coins[2].id]);
    expect(differences(stage, late)).toEqual([]);
  });

  test('[S8] that skipped STATEs gets what changed since its last one, and no more', () => {
    const { stage, seat, other } = setting();
    const [a, b] = [stage.spawn('coin', { n: 1 }), stage.spawn('coin', { n: 2 })];
    stage.send();
    a.n = 5;
    stage.send(other);
    b.n = 6;
    stage.send(other);
    expect(heldBy(seat, COIN, a).n).toBe(1);
    stage.send();
    expect(other.last.shared).toBeUndefined();
    expect(differences(stage, seat)).toEqual([]);
    stage.send();
    expect(seat.last.shared).toBeUndefined();
  });

  if (wire === 'plain')
    test('[S3, S8] is not told again what it was told, field by field', () => {
      const { stage, seat } = setting();
      const ship = stage.spawn('ship', { x: 1, name: 'a' });
      stage.send();
      ship.x = 2;
      stage.send();
      ship.name = 'b';
      stage.send();
      const [, , , changes] = new Unpackr({ useRecords: false }).unpack(seat.last.shared!);
      expect(changes).toEqual([seat.known?.slotOf(ship.id) ?? 0, [5, 'b']]);
    });

  test('[S8] that skipped a whole life hears nothing of it', () => {
    const { stage, seat, other } = setting();
    stage.send();
    const coin = stage.spawn('coin');
    stage.send(other);
    stage.despawn(coin);
    stage.send(other);
    stage.send();
    expect(coinsOf(seat)).toEqual([]);
    expect(differences(stage, seat)).toEqual([]);
  });

  test('[S7] that resumes keeps the rows of entities it knew and drops the unnamed', () => {
    const { stage, seat, other } = setting();
    const coins = [1, 2, 3].map((n) => stage.spawn('coin', { n, own: n }, 1));
    stage.send();
    const rows = coins.map((coin) => seat.indexOf(COIN, coin.id));
    stage.despawn(coins[0]);
    const fresh = stage.spawn('coin', { n: 9 });
    coins[2].n = 7;
    stage.give(coins[2], 2);
    stage.send(other);
    seat.needsEverything = true;
    stage.send();
    expect(seat.last.everything).toBe(true);
    expect(seat.indexOf(COIN, coins[0].id)).toBe(0);
    expect(seat.indexOf(COIN, coins[1].id)).toBe(rows[1]);
    expect(seat.indexOf(COIN, coins[2].id)).toBe(rows[2]);
    expect(seat.indexOf(COIN, fresh.id)).toBeGreaterThan(0);
    expect(differences(stage, seat)).toEqual([]);
  });

  test('[S4, S5] holds another entity in a slot that was used again while it skipped', () => {
    const { stage, seat, other } = setting();
    const first = stage.spawn('coin', { n: 1 });
    stage.send();
    stage.despawn(first);
    stage.send(other);
    const second = stage.spawn('coin', { n: 2 });
    stage.send(other);
    stage.despawn(second);
    stage.send(other);
    const third = stage.spawn('coin', { n: 3 });
    stage.send();
    expect(coinsOf(seat)).toEqual([third.id]);
    expect(differences(stage, seat)).toEqual([]);
    expect(stage.shared.limit).toBeLessThanOrEqual(2);
  });

  test('[S1, S5] reads a slot that is left and taken in one frame as two entities', () => {
    const { stage, seat } = setting();
    const first = stage.spawn('coin', { n: 1 });
    stage.send();
    const row = seat.indexOf(COIN, first.id);
    stage.despawn(first);
    stage.skip();
    const second = stage.spawn('coin', { n: 2 });
    stage.send();
    expect(coinsOf(seat)).toEqual([second.id]);
    expect(seat.indexOf(COIN, second.id)).not.toBe(row);
  });

  test('[S10] is told of a teleport in the STATE of its tick', () => {
    const { stage, seat } = setting();
    const ship = stage.spawn('ship', { x: 1 });
    stage.send();
    const at = seat.indexOf(SHIP, ship.id);
    const epoch = () => seat.received.tables[SHIP].values[EPOCH][at];
    expect(epoch()).toBe(0);
    ship.x = 8;
    ship.teleport();
    stage.send();
    expect([epoch(), seat.received.tables[SHIP].values[2][at]]).toEqual([1, 8]);
    for (let i = 0; i < 255; i++) ship.teleport();
    stage.send();
    expect(epoch()).toBe(0);
  });

  test('[S3] holds the state of the room, changed field by changed field', () => {
    const { stage, seat, other } = setting();
    stage.send();
    stage.state.rows[1]!.round = 7;
    stage.send(other);
    expect(seat.received.state.values[0][1]).toBe(0);
    stage.send();
    expect(seat.received.state.values[0][1]).toBe(7);
  });
});

describe.each(ROOMS)('an entity that changes hands ($wire, $sight)', ({ wire, sight }) => {
  const setting = () => {
    const stage = new Stage(game, { wire });
    const [one, two] = [stage.join(1, sight), stage.join(2, sight)];
    const ship = stage.spawn('ship', { x: 1.3, ammo: 5, bag: [1, 2], name: 'a' }, 1);
    const coin = stage.spawn('coin', { n: 1, own: 4 }, 1);
    stage.send();
    return { stage, one, two, ship, coin };
  };

  test('[O3] is whole at the new owner, forgotten and rounded at the old', () => {
    const { stage, one, two, ship, coin } = setting();
    expect(heldBy(one, SHIP, ship)).toMatchObject({ x: 1.3, ammo: 5, bag: [1, 2] });
    expect(heldBy(one, COIN, coin).own).toBe(4);
    stage.give(ship, 2);
    stage.give(coin, 2);
    stage.send();
    expect(heldBy(one, SHIP, ship)).toMatchObject({ x: 1, ammo: 0, bag: [], owner: 2 });
    expect(heldBy(one, COIN, coin).own).toBe(0);
    expect(heldBy(two, SHIP, ship)).toMatchObject({ x: 1.3, ammo: 5, bag: [1, 2], owner: 2 });
    expect(heldBy(two, COIN, coin).own).toBe(4);
  });

  test('[O3] there and back between two frames of a seat is whole again at the end', () => {
    const { stage, one, two, ship } = setting();
    stage.give(ship, 2);
    ship.bag.push(3);
    stage.send(two);
    ship.ammo = 6;
    ship.bag.remove(0);
    stage.send(two);
    stage.give(ship, 1);
    stage.send();
    expect(heldBy(one, SHIP, ship)).toMatchObject({ x: 1.3, ammo: 6, bag: [2, 3], owner: 1 });
    expect(heldBy(two, SHIP, ship)).toMatchObject({ x: 1, ammo: 0, bag: [], owner: 1 });
  });

  test('[O3] there and back within one tick costs its owner nothing of the truth', () => {
    const { stage, one, two, ship } = setting();
    stage.give(ship, 2);
    stage.give(ship, 1);
    ship.x = 2.7;
    stage.send();
    expect([one, two].flatMap((seat) => differences(stage, seat))).toEqual([]);
    expect(heldBy(one, SHIP, ship).x).toBe(2.7);
  });

  test('[O2] keeps the exact numbers of its owner while rounded ones pass by', () => {
    const { stage, one, two, ship } = setting();
    ship.x = 3.6;
    stage.send();
    expect(heldBy(one, SHIP, ship).x).toBe(3.6);
    expect(heldBy(two, SHIP, ship).x).toBe(4);
  });

  if (wire === 'plain')
    test('[O2] has its own exact number where a shared body alone names the field', () => {
      const { one, ship } = setting();
      const slot = 0;
      const body = new Packr({ useRecords: false }).pack([2, [], [], [slot, [2, 7]], []]);
      readAll(body, (from) => one.received.readBody(from, 9, false));
      expect(heldBy(one, SHIP, ship).x).toBe(1.3);
    });

  test('[O3] and belongs to nobody is rounded everywhere', () => {
    const { stage, one, two, ship } = setting();
    stage.give(ship, 0);
    stage.send();
    for (const seat of [one, two])
      expect(heldBy(seat, SHIP, ship)).toMatchObject({ x: 1, ammo: 0, bag: [], owner: 0 });
  });
});

describe.each(SPELLINGS)('sight in a %s room', (wire) => {
  test('[S4, S9] an entity out of sight is left once, and in no body until it is back', () => {
    const stage = new Stage(game, { wire });
    const seat = stage.join(1, 'per-seat');
    const coin = stage.spawn('coin', { n: 1 });
    stage.send();
    let hidden = true;
    seat.sees = () => !hidden;
    stage.send();
    expect(coinsOf(seat)).toEqual([]);
    coin.n = 5;
    stage.send();
    expect(seat.last.shared).toBeUndefined();
    hidden = false;
    stage.send();
    expect(heldBy(seat, COIN, coin).n).toBe(5);
  });

  test('[S4, S5] leaving and coming back between two frames of a seat is a new arrival', () => {
    const stage = new Stage(game, { wire });
    const seat = stage.join(1, 'per-seat');
    const [coin, other] = [stage.spawn('coin', { n: 1 }), stage.spawn('coin', { n: 2 })];
    const hidden = new Set<number>();
    seat.sees = (row) => !hidden.has(row.id);
    stage.send();
    hidden.add(coin.id);
    stage.send();
    hidden.delete(coin.id);
    hidden.add(other.id);
    stage.send();
    expect(coinsOf(seat)).toEqual([coin.id]);
    expect(differences(stage, seat)).toEqual([]);
  });
});

describe.each(SPELLINGS)('an entity that waits in a %s room', (wire) => {
  test('[S16] is as it was told last until it is named, whole, and then in step again', () => {
    const stage = new Stage(game, { wire });
    const seat = stage.join(1, 'per-seat');
    const coins = [1, 2, 3].map((n) => stage.spawn('coin', { n }));
    const held = () => coins.map((coin) => heldBy(seat, COIN, coin).n);
    const stale = () =>
      coins.map((coin) => seat.received.staleTicks(COIN, seat.indexOf(COIN, coin.id)));
    stage.send();
    let waiting = coins[1].id;
    seat.defers = (row) => row.id === waiting;
    const send = (n: number) => {
      for (const coin of coins) coin.n = n;
      stage.send();
      return [held(), stale()];
    };
    expect(send(4)).toEqual([
      [4, 2, 4],
      [0, 1, 0],
    ]);
    expect(send(5)).toEqual([
      [5, 2, 5],
      [0, 2, 0],
    ]);
    waiting = 0;
    expect(send(6)).toEqual([
      [6, 6, 6],
      [0, 0, 0],
    ]);
    expect(send(7)[0]).toEqual([7, 7, 7]);
    expect(differences(stage, seat)).toEqual([]);
  });

  test('[S16] and has not arrived yet is not mentioned', () => {
    const stage = new Stage(game, { wire });
    const seat = stage.join(1, 'per-seat');
    stage.send();
    const coin = stage.spawn('coin', { n: 3 });
    seat.defers = () => true;
    stage.send();
    expect(coinsOf(seat)).toEqual([]);
    seat.defers = () => false;
    stage.send();
    expect(heldBy(seat, COIN, coin).n).toBe(3);
  });
});

describe.each(SPELLINGS)('the leave log of a shared set, %s', (wire) => {
  test('[S8] a seat that is further behind than the log reaches gets everything', () => {
    const stage = new Stage(game, { wire });
    const [seat, other] = [stage.join(1), stage.join(2)];
    const kept = stage.spawn('coin', { n: 3 });
    stage.send();
    for (let i = 0; i < 5000; i++) {
      const coin = stage.spawn('coin');
      stage.send(other);
      stage.despawn(coin);
    }
    stage.send();
    expect(seat.last.everything).toBe(true);
    expect(other.last.everything).toBe(false);
    expect([coinsOf(seat), coinsOf(other)]).toEqual([[kept.id], [kept.id]]);
  });
});

describe.each(SPELLINGS)('another room, %s', (wire) => {
  test('[S7] starts from nothing: ids mean other entities there', () => {
    const [first, second] = [new Stage(game, { wire }), new Stage(game, { wire })];
    const seat = first.join(1);
    first.spawn('coin', { n: 1 });
    first.state.rows[1]!.round = 3;
    first.send();
    seat.received.forget();
    expect([coinsOf(seat), seat.received.state.values[0][1]]).toEqual([[], 0]);
    const coin = second.spawn('coin', { n: 8 });
    const next = second.join(1);
    second.send();
    seat.read(next.last);
    expect(heldBy(seat, COIN, coin).n).toBe(8);
  });
});
