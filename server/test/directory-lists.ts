// The chapter of directory-contract.ts about finding rooms: all, of a kind, and with a free seat.
import { expect, test, vi } from 'vitest';
import {
  chapterSuite,
  claimed,
  facts,
  HOLDS_MS,
  LONG_MS,
  promises,
  south,
} from './directory-doors.ts';

export const lists = chapterSuite('lists of rooms', HOLDS_MS, (doors) => {
  const ids = (rooms: readonly { id: string }[]) => rooms.map(({ id }) => id);

  test('rooms are listed by kind or all, the oldest first, without the hidden', async () => {
    const { a, b } = doors;
    await claimed(a, facts('zebra', { kind: 'field' }));
    await claimed(b, facts('middle', { kind: 'lobby' }), south);
    await claimed(a, facts('secret', { kind: 'field', hidden: true }));
    await claimed(b, facts('aardvark', { kind: 'field' }), south);
    // A list may be behind by what another shard has just said.
    await vi.waitFor(async () => {
      expect(ids(await a.rooms())).toEqual(['zebra', 'middle', 'aardvark']);
      expect(ids(await a.rooms('field'))).toEqual(['zebra', 'aardvark']);
      expect(await a.rooms('lobby')).toEqual([await b.room('middle')]);
    });
    expect(await a.rooms('nothing')).toEqual([]);
    expect(await b.room('secret')).toMatchObject({ hidden: true });
  });

  test('candidates are of one kind and match, have a place, the fullest first', async () => {
    const { a, b } = doors;
    const duel = { match: 'duel', seats: 4 };
    for (const id of ['empty', 'half', 'nearly', 'full']) await claimed(a, facts(id, duel));
    await claimed(a, facts('other match', { ...duel, match: 'team' }));
    await claimed(a, facts('other kind', { ...duel, kind: 'lobby' }));
    await claimed(a, facts('hidden', { ...duel, hidden: true }));
    await a.reserve('half', promises('p1', 'p2'), LONG_MS);
    await a.reserve('nearly', promises('p1', 'p2', 'p3'), LONG_MS);
    await a.reserve('full', promises('p1', 'p2', 'p3', 'p4'), LONG_MS);
    await vi.waitFor(async () => {
      expect(ids(await a.candidates('field', 'b1', 'duel', 9))).toEqual([
        'nearly',
        'half',
        'empty',
      ]);
      expect(ids(await b.candidates('field', 'b1', 'duel', 2))).toEqual(['nearly', 'half']);
    });
    expect(ids(await b.candidates('field', 'b1', '', 9))).toEqual([]);
    expect(ids(await b.candidates('lobby', 'b1', 'duel', 9))).toEqual(['other kind']);
  });

  test('a room is a candidate again when a seat of it is free, or it is open', async () => {
    const { a } = doors;
    const lease = await claimed(a, facts('r1', { seats: 1 }));
    const found = async () => ids(await a.candidates('field', 'b1', '', 9));
    expect(await found()).toEqual(['r1']);
    expect(await a.take(lease, 'p1')).toBe('taken');
    expect(await found()).toEqual([]);
    await a.leave(lease, ['p1']);
    expect(await found()).toEqual(['r1']);
    await a.lock(lease, true);
    expect(await found()).toEqual([]);
    await a.renew([lease]);
    expect(await found()).toEqual([]);
    await a.lock(lease, false);
    expect(await found()).toEqual(['r1']);
    await a.occupy(lease, ['p2']);
    expect(await found()).toEqual([]);
    await a.occupy(lease, []);
    expect(await found()).toEqual(['r1']);
    await a.handOver(lease, south);
    expect(await found()).toEqual(['r1']);
  });

  test('{T64} names with signs of keys and patterns in them are only names', async () => {
    const { a, b } = doors;
    const names = [
      '{r:a}',
      'a}:room',
      '*',
      'a:b',
      '\u0000',
      'a b\r\nDEL',
      '\u{1F3B2}',
      '%7B',
      '{',
      '',
    ];
    for (const [seats, name] of names.entries()) {
      const room = facts(name, { kind: name, match: name, seats: seats + 1 });
      const lease = await claimed(a, room);
      await a.take(lease, name);
    }
    for (const [seats, name] of names.entries()) {
      const room = { id: name, kind: name, match: name, seats: seats + 1, taken: 1 };
      expect(await b.room(name)).toMatchObject(room);
      expect(await b.rooms(name)).toMatchObject([room]);
      expect(ids(await b.candidates(name, 'b1', name, 9))).toEqual(seats > 0 ? [name] : []);
    }
    expect(await b.rooms()).toHaveLength(names.length);
  });
});
