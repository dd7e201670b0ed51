import { describe, expect, test } from 'vitest';
import { Credentials } from './credentials.ts';

const TOKEN = 0;
const TICKET = 1;
const RESUME = 2;
const of = (more: Partial<ConstructorParameters<typeof Credentials>[0]> = {}) =>
  new Credentials({ token: undefined, ticket: undefined, ...more });

describe('what HELLO says', () => {
  test('is the resume key, else the ticket once, else a token asked for anew', async () => {
    let asked = 0;
    const credentials = of({ token: async () => `token-${++asked}`, ticket: 'ticket' });
    expect(await credentials.hello(false)).toEqual([TICKET, 'ticket']);
    credentials.resumeKey = 'key';
    expect(await credentials.hello(false)).toEqual([RESUME, 'key']);
    credentials.resumeKey = undefined;
    expect(await credentials.hello(false)).toEqual([TOKEN, 'token-1']);
    expect(await credentials.hello(false)).toEqual([TOKEN, 'token-2']);
    expect(await of().hello(false)).toEqual([TOKEN, '']);
  });

  test('is nothing but the resume key where the handshake said the rest', async () => {
    const credentials = of({ token: () => 'token', ticket: 'ticket' });
    expect(await credentials.hello(true)).toEqual([TOKEN, '']);
    credentials.resumeKey = 'key';
    expect(await credentials.hello(true)).toEqual([RESUME, 'key']);
  });
});

describe('{S35} what a handshake offers', () => {
  test('is the ticket once, then a token, which outlives a seat', async () => {
    const credentials = of({ token: () => 'token', ticket: 'a.b' });
    expect(await credentials.offer('field')).toEqual(['tickwire.v1', 'room.field', 'ticket.a.b']);
    credentials.resumeKey = 'key';
    expect((await credentials.offer('field'))[2]).toBe('token.dG9rZW4');
  });

  test('is the resume key where there is no other', async () => {
    const credentials = of({ ticket: 'a.b' });
    await credentials.offer('field');
    credentials.resumeKey = 'key';
    expect((await credentials.offer('field'))[2]).toBe('resume.key');
  });

  test('is a token of any text, in letters that a subprotocol may have', async () => {
    for (const token of ['', '=', 'ey.J+/', '\u00fc\u{1f511}', '\xff\xfe\xfb\xff']) {
      const [, , offered] = await of({ token: () => token }).offer('field');
      expect(offered).toMatch(/^token\.[A-Za-z0-9_-]*$/);
      expect(Buffer.from(offered.slice(6), 'base64url').toString()).toBe(token);
    }
  });
});

describe('the next token', () => {
  test('is due at four fifths of the life of the old one, and once', async () => {
    const said: string[] = [];
    const credentials = of({ token: () => 'next', renews: true });
    credentials.expires(1_000, 100_000);
    expect([credentials.isDue(80_999), credentials.isDue(81_000)]).toEqual([false, true]);
    const renewing = credentials.renew(81_000, (token) => said.push(token));
    expect(credentials.isDue(1e9)).toBe(false);
    await renewing;
    expect(said).toEqual(['next']);
  });

  test('is due again after a failure: at half of what is left, after 3 s or more', async () => {
    const fails = () => Promise.reject(new Error('down'));
    const credentials = of({ token: fails, renews: true });
    credentials.expires(0, 100_000);
    await credentials.renew(80_000, () => {});
    expect([credentials.isDue(89_999), credentials.isDue(90_000)]).toEqual([false, true]);
    await credentials.renew(98_000, () => {});
    expect([credentials.isDue(100_999), credentials.isDue(101_000)]).toEqual([false, true]);
  });

  test('is never due on a line that was told nothing, nor where there is only the one', () => {
    const credentials = of({ token: () => 'next', renews: true });
    credentials.expires(0, 10_000);
    credentials.expires(0);
    expect(credentials.isDue(1e12)).toBe(false);
    const plain = of({ token: () => 'same' });
    plain.expires(0, 10_000);
    expect(plain.isDue(1e12)).toBe(false);
  });
});
