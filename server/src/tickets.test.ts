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
  const issue = (roomId: string, identity: Identity) =>
    tickets.write(roomId, identity.user, tickets.promise(identity));
  /** As the shard does: what the ticket says, and who it is for. */
  const redeem = (text: string) => {
    const ticket = tickets.read(text);
    const identity = ticket && tickets.take(ticket.nonce);
    return identity && { ...ticket, identity };
  };
  const holds = (text: string) => tickets.holds(tickets.read(text)?.nonce ?? '');
  return { tickets, clock, issue, redeem, holds };
}

describe('{T46, S39} a ticket', () => {
  test('says room, user, expiry and a nonce, and nothing that the game knows', () => {
    const { issue } = desk();
    const [said, mac, ...more] = issue('field-1', ada).split('.');
    const claims = JSON.parse(Buffer.from(said, 'base64url').toString());
    expect(claims).toEqual(['field-1', 'ada', WALL_MS + 10_000, 'nonce-1']);
    expect([mac.length, more]).toEqual([43, []]);
  });

  test('fits a header as it is', () => {
    const { issue } = desk();
    const user = 'auth0|é€🚀 "\\'.repeat(10);
    expect(issue('field-1', { ...ada, user })).toMatch(/^[A-Za-z0-9_.-]+$/);
  });

  test('is good once', () => {
    const { issue, redeem, holds } = desk();
    const ticket = issue('field-1', ada);
    expect([holds(ticket), holds(ticket)]).toEqual([true, true]);
    expect(redeem(ticket)).toMatchObject({ roomId: 'field-1', identity: ada });
    expect([holds(ticket), redeem(ticket)]).toEqual([false, undefined]);
  });

  test('is good up to its expiry', () => {
    const { tickets, clock, issue, redeem } = desk();
    const [early, late] = [issue('field-1', ada), issue('field-1', ada)];
    clock.ms = 10_000;
    expect(redeem(early)).toBeDefined();
    clock.ms = 10_001;
    expect(redeem(late)).toBe(undefined);
    expect(tickets.openOf('ada')).toBe(0);
  });

  test('of another key, for another use of the key, or without one is none', () => {
    const { issue, redeem } = desk();
    const ticket = issue('field-1', ada);
    const [said, mac] = ticket.split('.');
    const key = Buffer.alloc(32, 7);
    const bare = createHmac('sha256', key).update(said).digest('base64url');
    const forged = [
      desk(Buffer.alloc(32, 8)).issue('field-1', ada),
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
    expect(forged.map((one) => redeem(one))).toEqual(forged.map(() => undefined));
    expect(redeem(ticket)).toBeDefined();
  });

  test('of a server that shares the key, and was never promised here, seats nobody', () => {
    const { redeem, holds } = desk();
    const theirs = desk().issue('field-1', ada);
    expect([holds(theirs), redeem(theirs)]).toEqual([false, undefined]);
  });
});

test('promises are counted by user, and go when used or late', () => {
  const { tickets, clock, issue, redeem } = desk();
  const first = issue('field-1', ada);
  clock.ms = 5_000;
  issue('field-1', guest);
  issue('field-2', ada);
  expect(tickets.openOf('ada')).toBe(2);
  redeem(first);
  expect(tickets.openOf('ada')).toBe(1);
  clock.ms = 15_001;
  expect([tickets.openOf('ada'), tickets.size]).toEqual([0, 0]);
});
