// The chapters of directory-contract.ts about seats: promised, redeemed, taken, given back.
import { expect, test } from 'vitest';
import type { Reservation } from '../src/index.ts';
import {
  bytes,
  chapterSuite,
  claimed,
  facts,
  HOLDS_MS,
  LONG_MS,
  promises,
  SHORT_MS,
  south,
  until,
} from './directory-doors.ts';

export const promisedSeats = chapterSuite('promised seats', HOLDS_MS, (doors) => {
  const granted = (all: readonly Reservation[]) => all.filter((one) => one === 'reserved').length;

  test('400 who race for 16 seats get exactly 16', async () => {
    const { a, b } = doors;
    await claimed(a, facts('r1', { seats: 16 }));
    const race = Array.from({ length: 400 }, (_, i) =>
      (i % 2 ? a : b).reserve('r1', promises(`p${i}`), LONG_MS),
    );
    const answers = await Promise.all(race);
    expect(granted(answers)).toBe(16);
    expect(answers.filter((answer) => answer === 'full')).toHaveLength(384);
    expect((await a.room('r1'))?.taken).toBe(16);
  });

  test('a party gets all its seats or none', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1', { seats: 5 }));
    expect(await b.reserve('r1', promises('a1', 'a2', 'a3'), LONG_MS)).toBe('reserved');
    expect(await b.reserve('r1', promises('b1', 'b2', 'b3'), LONG_MS)).toBe('full');
    expect(await a.redeem(lease, 'b1')).toBe('spent');
    expect(await b.reserve('r1', promises('c1', 'c2'), LONG_MS)).toBe('reserved');
    expect((await a.room('r1'))?.taken).toBe(5);
  });

  test('the same seat is promised once however often it is asked for', async () => {
    const { a, b } = doors;
    await claimed(a, facts('r1', { seats: 2 }));
    for (let again = 0; again < 3; again++)
      expect(await b.reserve('r1', promises('p1', 'p2'), LONG_MS)).toBe('reserved');
    expect((await a.room('r1'))?.taken).toBe(2);
  });

  test('a promise is redeemed once, and answers who it was for, byte by byte', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    const identity = Uint8Array.from({ length: 256 }, (_, value) => value);
    await b.reserve('r1', [{ seat: 'p1', identity }, ...promises('p2')], LONG_MS);
    expect(await a.redeem(lease, 'p1')).toEqual(identity);
    expect(await a.redeem(lease, 'p1')).toBe('spent');
    expect(await a.redeem(lease, 'never')).toBe('spent');
    expect(await b.redeem(lease, 'p2')).toEqual(bytes('who p2'));
    expect((await b.room('r1'))?.taken).toBe(2);
  });

  test('who did not hear the answer is told it again, while the seat is taken', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1', { seats: 3 }));
    await b.reserve('r1', promises('p1', 'p2'), LONG_MS);
    // Asked again or not, a promise is a promise.
    expect(await a.redeem(lease, 'p1', true)).toEqual(bytes('who p1'));
    for (let i = 0; i < 2; i++) expect(await a.redeem(lease, 'p1', true)).toEqual(bytes('who p1'));
    expect(await a.redeem(lease, 'p1')).toBe('spent');
    expect(await a.redeem(lease, 'never', true)).toBe('spent');
    expect(await a.redeem({ ...lease, epoch: 1 }, 'p1', true)).toBe(false);
    expect((await a.room('r1'))?.taken).toBe(2);
    // A seat that was left is nobody's, and a promise that was not redeemed stays one.
    await a.leave(lease, ['p1', 'p2']);
    expect(await a.redeem(lease, 'p1', true)).toBe('spent');
    expect(await a.redeem(lease, 'p2')).toEqual(bytes('who p2'));
    // Nor does a seat without a promise have an identity, or one that came back by a checkpoint.
    await a.take(lease, 't1');
    expect(await a.redeem(lease, 't1', true)).toBe('spent');
    await b.reserve('r1', promises('p3'), LONG_MS);
    const next = { ...lease, epoch: Number(await a.handOver(lease, south)) };
    await b.occupy(next, ['p2']);
    expect(await b.redeem(next, 'p2', true)).toBe('spent');
    expect(await b.redeem(next, 'p3')).toEqual(bytes('who p3'));
  });

  test('is told it also where the owner has said meanwhile who sits there', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    await b.reserve('r1', promises('p1', 'p2'), LONG_MS);
    for (const seat of ['p1', 'p2']) await a.redeem(lease, seat);
    await a.occupy(lease, ['p1']);
    expect(await a.redeem(lease, 'p1')).toBe('spent');
    expect(await a.redeem(lease, 'p1', true)).toEqual(bytes('who p1'));
    expect(await a.redeem(lease, 'p2', true)).toBe('spent');
    // As one that has gone on with it does, and one that has claimed it again.
    const next = { ...lease, epoch: Number(await a.handOver(lease, south)) };
    await b.occupy(next, ['p1']);
    await a.reserve('r1', promises('p3', 'p4'), LONG_MS);
    await b.redeem(next, 'p3');
    await b.occupy(next, ['p1', 'p3']);
    expect(await b.redeem(next, 'p3', true)).toEqual(bytes('who p3'));
    const claim = await b.claim(facts('r1'), south, next.epoch);
    const last = { ...lease, epoch: claim.won ? claim.epoch : 0 };
    await b.redeem(last, 'p4');
    await b.occupy(last, ['p1', 'p3', 'p4']);
    for (const seat of ['p3', 'p4'])
      expect(await b.redeem(last, seat, true)).toEqual(bytes(`who ${seat}`));
    expect((await a.room('r1'))?.taken).toBe(3);
  });

  test('a promise that nobody used is over, and its seat free', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1', { seats: 1 }));
    expect(await b.reserve('r1', promises('p1'), SHORT_MS)).toBe('reserved');
    const next = () => b.reserve('r1', promises('p2'), LONG_MS);
    await until(next, (answer) => answer === 'reserved');
    expect(await a.redeem(lease, 'p1')).toBe('spent');
    expect(await a.redeem(lease, 'p2')).toEqual(bytes('who p2'));
  });

  test('a locked room promises nothing, and keeps what it promised', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1'));
    await b.reserve('r1', promises('p1'), LONG_MS);
    expect(await a.lock(lease, true)).toBe(true);
    expect(await b.room('r1')).toMatchObject({ locked: true, taken: 1 });
    expect(await b.reserve('r1', promises('p2'), LONG_MS)).toBe('locked');
    expect(await a.redeem(lease, 'p1')).toEqual(bytes('who p1'));
    expect(await a.lock(lease, false)).toBe(true);
    expect(await b.reserve('r1', promises('p2'), LONG_MS)).toBe('reserved');
    expect(await b.reserve('no such room', promises('p3'), LONG_MS)).toBe('gone');
  });
});

export const takenSeats = chapterSuite('taken seats', HOLDS_MS, (doors) => {
  test('a seat is taken without a promise while one is free', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1', { seats: 3 }));
    await b.reserve('r1', promises('p1'), LONG_MS);
    expect(await a.take(lease, 'p2')).toBe('taken');
    expect(await a.take(lease, 'p3')).toBe('taken');
    expect(await a.take(lease, 'p4')).toBe('full');
    expect(await b.reserve('r1', promises('p5'), LONG_MS)).toBe('full');
    expect((await b.room('r1'))?.taken).toBe(3);
  });

  test('a seat that is taken again is the same seat, also in a full room', async () => {
    const { a } = doors;
    const lease = await claimed(a, facts('r1', { seats: 1 }));
    expect(await a.take(lease, 'p1')).toBe('taken');
    expect(await a.take(lease, 'p1')).toBe('taken');
    expect((await a.room('r1'))?.taken).toBe(1);
  });

  test('seats that are left are free again, and leaving twice frees one', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1', { seats: 3 }));
    await b.reserve('r1', promises('p1'), LONG_MS);
    await a.redeem(lease, 'p1');
    await a.take(lease, 'p2');
    await a.take(lease, 'p3');
    expect(await a.leave(lease, ['p1', 'p2', 'never'])).toBe(true);
    expect(await a.leave(lease, ['p1'])).toBe(true);
    expect(await a.leave(lease, [])).toBe(true);
    expect((await b.room('r1'))?.taken).toBe(1);
    expect(await b.reserve('r1', promises('p4', 'p5'), LONG_MS)).toBe('reserved');
  });

  test('after a restore only those seats are taken that came back', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1', { seats: 4 }));
    for (const seat of ['p1', 'p2', 'p3']) await a.take(lease, seat);
    await b.reserve('r1', promises('p4'), LONG_MS);
    expect(await a.occupy(lease, ['p2', 'p9'])).toBe(true);
    expect((await b.room('r1'))?.taken).toBe(3);
    expect(await a.leave(lease, ['p1', 'p3'])).toBe(true);
    expect((await b.room('r1'))?.taken).toBe(3);
    expect(await a.occupy(lease, [])).toBe(true);
    expect((await b.room('r1'))?.taken).toBe(1);
  });

  test('thousands of seats are taken and left at once', async () => {
    const { a, b } = doors;
    const lease = await claimed(a, facts('r1', { seats: 10_000 }));
    const seats = Array.from({ length: 9_000 }, (_, i) => `p${i}`);
    expect(await a.occupy(lease, seats)).toBe(true);
    expect((await b.room('r1'))?.taken).toBe(9_000);
    expect(await a.leave(lease, seats.slice(1))).toBe(true);
    expect((await b.room('r1'))?.taken).toBe(1);
  });

  test('seats stay taken and promised when a room is handed over', async () => {
    const { a, b } = doors;
    const old = await claimed(a, facts('r1'));
    await a.take(old, 'p1');
    await a.reserve('r1', promises('p2'), LONG_MS);
    const lease = { id: 'r1', epoch: Number(await a.handOver(old, south)) };
    expect(await b.redeem(lease, 'p2')).toEqual(bytes('who p2'));
    expect(await b.leave(lease, ['p1', 'p2'])).toBe(true);
    expect((await a.room('r1'))?.taken).toBe(0);
  });
});
