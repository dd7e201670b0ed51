import { ProtocolError, UsageError } from '@tickwire/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Clocks, packIdentity, unpackIdentity } from './identity.ts';

const here: Clocks = { now: () => 500, wallClockMs: () => 1_000_000 };
/** Another process, two seconds later. */
const there: Clocks = { now: () => 90_000, wallClockMs: () => 1_002_000 };

test('an identity is the same elsewhere, and ends at the same time', () => {
  const auth = { id: 7, roles: ['a', { deep: [-0, 2 ** 40, null, true] }], key: Uint8Array.of(1) };
  const bytes = packIdentity({ auth, user: 'ann', untilMs: 10_500 }, here);
  expect(unpackIdentity(bytes, there)).toEqual({ auth, user: 'ann', untilMs: 98_000 });
  const forever = { auth: undefined, user: undefined, untilMs: Number.POSITIVE_INFINITY };
  expect(unpackIdentity(packIdentity(forever, here), there)).toEqual(forever);
});

test('plain values come back as they were', () => {
  // But for undefined in arrays, which has no form in MessagePack.
  const leaves = [fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null)];
  const plain = fc.anything({ values: leaves, withDate: true, withTypedArray: true, maxDepth: 4 });
  const same = fc.property(plain, (auth) => {
    let bytes: Uint8Array;
    try {
      bytes = packIdentity({ auth, user: undefined, untilMs: 0 }, here);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toMatch(/^auth/);
      return;
    }
    expect(unpackIdentity(bytes, here).auth).toEqual(auth);
  });
  fc.assert(same, { numRuns: 1000 });
});

test('objects are ordinary ones, whatever their keys', () => {
  const auth = JSON.parse('{"__proto__": {"admin": true}, "a": {"b": 1}}');
  const identity = packIdentity({ auth, user: undefined, untilMs: 0 }, here);
  const back = unpackIdentity(identity, here).auth as { admin?: boolean; a: object };
  expect(JSON.stringify(back)).toBe(JSON.stringify(auth));
  expect(back.admin).toBe(undefined);
  expect([back, back.a].map(Object.getPrototypeOf)).toEqual([Object.prototype, Object.prototype]);
});

test('what no reader takes is named', () => {
  const pack = (auth: unknown) => () => packIdentity({ auth, user: undefined, untilMs: 0 }, here);
  expect(pack({ a: [1, new Map()] })).toThrow('auth.a.1: a Map cannot be kept; keep plain objects');
  expect(pack({ f() {} })).toThrow('auth.f: a function cannot be kept');
});

test('bytes that are none are refused', () => {
  const bytes = packIdentity({ auth: { a: 1 }, user: 'ann', untilMs: 9 }, here);
  for (let length = 0; length < bytes.length; length++)
    expect(() => unpackIdentity(bytes.subarray(0, length), here)).toThrow(ProtocolError);
  expect(() => unpackIdentity(Uint8Array.of(...bytes, 0), here)).toThrow(ProtocolError);
});
