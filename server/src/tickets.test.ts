import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Identity } from './identity.ts';
import { Tickets } from './tickets.ts';

const ada: Identity = { auth: { name: 'Ada' }, user: 'ada', untilMs: Number.POSITIVE_INFINITY };
const guest: Identity = { ...ada, user: undefined };
const WALL_MS = 1_800_000_000_000;

/** Tickets with a clock that a test sets. */
function desk(key = Buffer.alloc(32, 7)) {
  const clock = { ms: 0 };
  let nonces = 0;
  const tickets = new Tickets({
    key,
    makeNonce: () => `nonce-${++nonces}`,
    lifeMs: 10_000,
    now: () => clock.ms,
    wallClockMs: () => WALL_MS + clock.ms,
  });
  return { tickets, clock };
}

describe('{T46, S39} a ticket', () => {
  test('says room, user, expiry and a nonce, and nothing that the game knows', () => {
    const { tickets } = desk();
    const [said, mac, ...more] = tickets.issue('field-1', ada).split('.');
    const claims = JSON.parse(Buffer.from(said, 'base64url').toString());
    expect(claims).toEqual(['field-1', 'ada', WALL_MS + 10_000, 'nonce-1']);
    expect([mac.length, more]).toEqual([43, []]);
  });

  test('fits a header as it is', () => {
    const { tickets } = desk();
    const user = 'auth0|é€🚀 "\\'.repeat(10);
    expect(tickets.issue('field-1', { ...ada, user })).toMatch(/^[A-Za-z0-9_.-]+$/);
  });

  test('is good once', () => {
    const { tickets } = desk();
    const ticket = tickets.issue('field-1', ada);
    expect([tickets.holds(ticket), tickets.holds(ticket)]).toEqual([true, true]);
    expect(tickets.redeem(ticket)).toMatchObject({ roomId: 'field-1', identity: ada });
    expect([tickets.holds(ticket), tickets.redeem(ticket)]).toEqual([false, undefined]);
  });

  test('is good up to its expiry', () => {
    const { tickets, clock } = desk();
    const [early, late] = [tickets.issue('field-1', ada), tickets.issue('field-1', ada)];
    clock.ms = 10_000;
    expect(tickets.redeem(early)).toBeDefined();
    clock.ms = 10_001;
    expect(tickets.redeem(late)).toBe(undefined);
    expect(tickets.openOf('ada')).toBe(0);
  });

  test('of another key, for another use of the key, or without one is none', () => {
    const { tickets } = desk();
    const ticket = tickets.issue('field-1', ada);
    const [said, mac] = ticket.split('.');
    const key = Buffer.alloc(32, 7);
    const bare = createHmac('sha256', key).update(said).digest('base64url');
    const forged = [
      desk(Buffer.alloc(32, 8)).tickets.issue('field-1', ada),
      `${said}.${bare}`,
      said,
      `${said}.`,
      `.${mac}`,
      `${said}.${mac}=`,
      `${said}.${mac}.`,
      `${said}=.${mac}`,
      `${Buffer.from('["field-2","ada",9e15,"nonce-1"]').toString('base64url')}.${mac}`,
      '',
      '.',
      'x'.repeat(4_096),
    ];
    expect(forged.map((one) => tickets.redeem(one))).toEqual(forged.map(() => undefined));
    expect(tickets.redeem(ticket)).toBeDefined();
  });

  test('of a server that shares the key, and was never promised here, seats nobody', () => {
    const { tickets } = desk();
    const theirs = desk().tickets.issue('field-1', ada);
    expect([tickets.holds(theirs), tickets.redeem(theirs)]).toEqual([false, undefined]);
  });
});

test('promises are counted by room and by user, and go when used or late', () => {
  const { tickets, clock } = desk();
  const first = tickets.issue('field-1', ada);
  clock.ms = 5_000;
  tickets.issue('field-1', guest);
  tickets.issue('field-2', ada);
  const counts = () => ['field-1', 'field-2'].map((id) => tickets.reserved(id));
  expect([counts(), tickets.openOf('ada')]).toEqual([[2, 1], 2]);
  tickets.redeem(first);
  expect([counts(), tickets.openOf('ada')]).toEqual([[1, 1], 1]);
  clock.ms = 15_001;
  expect([counts(), tickets.openOf('ada')]).toEqual([[0, 0], 0]);
});
