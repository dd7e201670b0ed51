import { MsgpackReader, MsgpackWriter, Random } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { Outbox, type PendingEvent } from './outbox.ts';

const event = (order: number, more: Partial<PendingEvent> = {}): PendingEvent => ({
  tick: order,
  event: 0,
  payload: new Uint8Array(10),
  order,
  nearId: 0,
  ...more,
});

const make = (more = {}) => new Outbox({ pendingEvents: 4, pendingEventBytes: 1000, ...more });

/** What the next STATE brings: lost ones, then the orders of the events. */
function tell(outbox: Outbox, stateTick: number, ackTick: number): number[] {
  outbox.decide(() => false);
  const told = [outbox.takeMissing(), ...outbox.waiting.map(({ order }) => order)];
  outbox.told(stateTick, ackTick);
  return told;
}

const orders = (outbox: Outbox) => outbox.waiting.map(({ order }) => order);

describe('an outbox', () => {
  test('[E1] tells each event once, in order', () => {
    const outbox = make();
    outbox.queue(event(1));
    outbox.queue(event(2));
    expect(outbox.due).toBe(true);
    expect(tell(outbox, 2, 0)).toEqual([0, 1, 2]);
    expect(outbox.due).toBe(false);
    outbox.queue(event(3));
    expect(tell(outbox, 3, 2)).toEqual([0, 3]);
  });

  test('[E1] puts those near what the seat came to know in their place', () => {
    const outbox = make();
    outbox.queueUnsure(event(1, { nearId: 7 }));
    outbox.queue(event(2));
    outbox.queueUnsure(event(3, { nearId: 8 }));
    outbox.decide((id) => id === 7);
    expect(orders(outbox)).toEqual([1, 2]);
  });

  test('[E3] tells again on a new line what did not come', () => {
    const outbox = make();
    for (const order of [1, 2]) outbox.queue(event(order));
    tell(outbox, 2, 0);
    outbox.queue(event(3));
    tell(outbox, 3, 0);
    outbox.queue(event(4));
    expect(outbox.resume(1)).toBe(0);
    expect(orders(outbox)).toEqual([2, 3, 4]);
    expect(tell(outbox, 9, 5)).toEqual([0, 2, 3, 4]);
    expect(outbox.resume(4)).toBe(0);
    expect(outbox.due).toBe(false);
  });

  test('[E3] forgets what an acknowledged later STATE shows to have come', () => {
    const outbox = make();
    for (const order of [1, 2, 3]) {
      outbox.queue(event(order));
      tell(outbox, order, order - 1);
    }
    // Nobody claims so little; whoever does is told that the rest is gone.
    expect(outbox.resume(0)).toBe(1);
    expect(orders(outbox)).toEqual([2, 3]);
  });

  test('[E3] lets the oldest go, and says how many before the next', () => {
    const outbox = make();
    outbox.queue(event(1));
    tell(outbox, 1, 0);
    for (const order of [2, 3, 4, 5, 6, 7]) outbox.queue(event(order));
    expect(outbox.lost).toBe(2);
    expect(tell(outbox, 7, 0)).toEqual([2, 4, 5, 6, 7]);
    expect(outbox.number).toBe(7);
    expect(outbox.resume(5)).toBe(0);
    expect(orders(outbox)).toEqual([6, 7]);
  });

  test('[E3] bounds what waits by bytes, but not what one tick says', () => {
    const outbox = make({ pendingEventBytes: 25 });
    for (const order of [1, 2, 3]) outbox.queue(event(order, { tick: 1 }));
    expect(orders(outbox)).toEqual([1, 2, 3]);
    outbox.queue(event(4));
    expect(orders(outbox)).toEqual([3, 4]);
    tell(outbox, 4, 0);
    expect(outbox.resume(2)).toBe(0);
    expect(orders(outbox)).toEqual([3, 4]);
  });

  test('[E3] loses and doubles nothing that it does not say, wherever lines break', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const outbox = make({ pendingEvents: 2 + random.integer(30) });
      const got: number[] = [];
      let seen = 0;
      let emitted = 0;
      let ackTick = 0;
      let up = true;
      // On its way: what each STATE brought.
      let line: (() => void)[] = [];
      const count = (lost: number) => {
        for (let i = 0; i < lost; i++) got.push(++seen);
      };
      for (let tick = 1; tick <= 200; tick++) {
        for (let i = random.integer(3); i > 0; i--) outbox.queue(event(++emitted));
        if (!up && random.integer(5) === 0) {
          const lost = outbox.resume(seen);
          up = true;
          // The notice arrives with the WELCOME, or both are lost.
          line = [() => count(lost)];
          ackTick = tick;
        }
        if (up && outbox.due && random.integer(3) > 0) {
          const [missing, ...told] = tell(outbox, tick, ackTick);
          line.push(() => count(missing));
          for (const order of told)
            line.push(() => {
              seen++;
              got.push(order);
            });
        }
        for (let i = random.integer(6); i > 0; i--) line.shift()?.();
        if (line.length === 0 && up) ackTick = tick;
        if (up && random.integer(10) === 0) {
          up = false;
          line = [];
        }
      }
      expect(got, `seed ${seed}`).toEqual(got.map((_, i) => i + 1));
      expect(got.length).toBeGreaterThan(20);
    }
  });
});

describe('an outbox that is kept', () => {
  /** Another one, that goes on from its bytes. */
  function kept(outbox: Outbox, isFinal: boolean, more = {}): Outbox {
    const out = new MsgpackWriter();
    const events = [...new Set(outbox.kept())];
    outbox.write(out, (one) => events.indexOf(one));
    const from = new MsgpackReader();
    from.reset(out.bytes());
    const other = make(more);
    other.read(from, events, isFinal);
    from.end();
    return other;
  }

  test('goes on as it was', () => {
    const outbox = make();
    for (const order of [1, 2, 3]) outbox.queue(event(order));
    tell(outbox, 3, 0);
    outbox.queueUnsure(event(4, { nearId: 7 }));
    outbox.queue(event(5));
    outbox.queueUnsure(event(6, { nearId: 7 }), true);
    const other = kept(outbox, true);
    expect([other.number, other.due]).toEqual([3, true]);
    expect([other.mayHave(3), other.mayHave(4)]).toEqual([true, false]);
    expect(other.resume(1)).toBe(0);
    other.decide(() => true);
    // The last was for the room's next STATE, which this one is not.
    expect(orders(other)).toEqual([2, 3, 4, 5]);
    expect(kept(make(), true).due).toBe(false);
  });

  test('counts on from what a process told that is gone, once', () => {
    const outbox = make();
    for (const order of [1, 2]) outbox.queue(event(order));
    tell(outbox, 3, 0);
    for (const order of [3, 4]) outbox.queue(event(order));
    const other = kept(outbox, false);
    expect(other.mayHave(9)).toBe(true);
    other.queue(event(5));
    // 1 to 4, and five that nobody here knows of.
    expect(other.resume(9)).toBe(1);
    expect([orders(other), other.number, other.lost]).toEqual([[5], 10, 1]);
    expect(other.mayHave(11)).toBe(false);
    expect(kept(outbox, false).resume(4)).toBe(0);
  });

  test('tells nothing twice and nothing too little, whatever happened meanwhile', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = new Random(seed);
      const more = { pendingEvents: random.integer(2) ? 3 : 64 };
      const outbox = make(more);
      /** What its player is told, as the player counts: orders, and 0 for a lost one. */
      const stream: number[] = [];
      let order = 0;
      const happen = (steps: number) => {
        for (let i = 0; i < steps; i++) {
          if (random.integer(3) > 0) outbox.queue(event(++order));
          else {
            const [lost, ...told] = tell(outbox, order, 0);
            stream.push(...new Array(lost).fill(0), ...told);
          }
        }
      };
      happen(random.integer(12));
      const other = kept(outbox, false, more);
      const known = order;
      const [told, waits] = [stream.length, orders(outbox)];
      happen(random.integer(12));
      for (let i = random.integer(8); i > 0; i--) other.queue(event(++order));
      const seen = random.integer(stream.length + 1);
      const missed = other.resume(seen);
      const again = orders(other);
      const had = stream.slice(0, seen).filter((one) => one <= known);
      expect(
        again.filter((one) => had.includes(one)),
        `seed ${seed}`,
      ).toEqual([]);
      expect(again, `seed ${seed}`).toEqual([...again].sort((a, b) => a - b));
      expect(other.number, `seed ${seed}`).toBe(seen + missed);
      if (more.pendingEvents === 3) continue;
      const wanted = [...stream.slice(0, told), ...waits].filter((one) => !had.includes(one));
      expect(
        again.filter((one) => one <= known),
        `seed ${seed}`,
      ).toEqual(wanted);
      expect(missed, `seed ${seed}`).toBe(seen > told + waits.length ? 1 : 0);
    }
  });
});
