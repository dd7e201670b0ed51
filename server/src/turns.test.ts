import { describe, expect, test } from 'vitest';
import type { RoomSeat } from './seat.ts';
import { Turns } from './turns.ts';

let seats = 0;
/** A seat as far as its turn goes. */
const seatOf = (rows: number) =>
  ({ id: ++seats, line: {}, known: { count: rows } }) as unknown as RoomSeat;

/** Who was sent to, and who has to wait. */
function turn(turns: Turns, takes = (_seat: RoomSeat) => true): RoomSeat[][] {
  const sent: RoomSeat[] = [];
  const missed: RoomSeat[] = [];
  turns.take(
    (seat) => takes(seat) && sent.push(seat) > 0,
    (seat) => missed.push(seat),
  );
  return [sent, missed];
}

describe('turns', () => {
  test('tells so many rows in a STATE, longest waiting first', () => {
    const turns = new Turns(20);
    const seats = Array.from({ length: 5 }, () => seatOf(992));
    for (const seat of seats) turns.wait(seat);
    expect(turn(turns)).toEqual([seats.slice(0, 2), seats.slice(2)]);
    for (const seat of seats.slice(2).reverse()) turns.wait(seat);
    expect(turn(turns)).toEqual([seats.slice(2, 4), seats.slice(4)]);
    expect(turn(turns)).toEqual([seats.slice(4), []]);
    expect(turn(turns)).toEqual([[], []]);
  });

  test('gives one seat its turn, however much it sees', () => {
    const turns = new Turns(60);
    const seats = [seatOf(100_000), seatOf(1)];
    for (const seat of seats) turns.wait(seat);
    expect(turn(turns)).toEqual([[seats[0]], [seats[1]]]);
  });

  test('lets others past a seat whose line takes nothing, and past one that is gone', () => {
    const turns = new Turns(20);
    const [behind, gone, here] = [seatOf(1), seatOf(1), seatOf(1)];
    for (const seat of [behind, gone, here]) turns.wait(seat);
    gone.line = undefined;
    expect(turn(turns, (seat) => seat !== behind)).toEqual([[here], []]);
    expect(turn(turns)).toEqual([[behind], []]);
  });
});
