import { expect, test } from 'vitest';
import { type Link, linkPair } from './link.ts';

/** Writes down what reaches an end. */
function log(end: Link): string[] {
  const seen: string[] = [];
  end.onMessage = (bytes) => seen.push([...bytes].join(' '));
  end.onClose = (code, reason) => seen.push(`closed ${code} ${reason}`);
  return seen;
}

test('messages wait for the pump and arrive in order at the other end', () => {
  const { a, b, pump } = linkPair();
  const atA = log(a);
  const atB = log(b);
  a.send(Uint8Array.of(1));
  b.send(Uint8Array.of(2, 3));
  a.send(Uint8Array.of());
  expect([atA, atB]).toEqual([[], []]);
  expect([a.bufferedBytes, b.bufferedBytes]).toEqual([1, 2]);
  expect(pump()).toBe(3);
  expect([atA, atB]).toEqual([['2 3'], ['1', '']]);
  expect([a.bufferedBytes, b.bufferedBytes]).toEqual([0, 0]);
  expect(pump()).toBe(0);
});

test('the bytes sent are those at the time of sending', () => {
  const { a, b, pump } = linkPair();
  const atB = log(b);
  const buffer = Uint8Array.of(9, 1, 2, 9);
  a.send(buffer.subarray(1, 3));
  buffer.fill(0);
  pump();
  expect(atB).toEqual(['1 2']);
});

test('an answer given while pumping is delivered by the same pump', () => {
  const { a, b, pump } = linkPair();
  const atA = log(a);
  b.onMessage = (bytes) => b.send(bytes);
  a.send(Uint8Array.of(5));
  expect(pump()).toBe(2);
  expect(atA).toEqual(['5']);
});

test('two ends that answer each other for ever are found out', () => {
  const { a, b, pump } = linkPair();
  a.onMessage = (bytes) => a.send(bytes);
  b.onMessage = (bytes) => b.send(bytes);
  a.send(Uint8Array.of(5));
  expect(pump).toThrow('for ever');
});

test('a close comes after what was sent before it, once, at the other end only', () => {
  const { a, b, pump } = linkPair();
  const atA = log(a);
  const atB = log(b);
  a.send(Uint8Array.of(1));
  a.close(1000, 'done');
  a.close(4003, 'again');
  a.send(Uint8Array.of(2));
  b.send(Uint8Array.of(3));
  pump();
  b.send(Uint8Array.of(4));
  b.close(1000, 'late');
  pump();
  expect(atB).toEqual(['1', 'closed 1000 done']);
  expect(atA).toEqual([]);
});

test('with a schedule each delivery is handed to it', () => {
  const deliveries: (() => void)[] = [];
  const { a, b, pump } = linkPair((deliver) => deliveries.push(deliver));
  const atB = log(b);
  a.send(Uint8Array.of(1));
  a.send(Uint8Array.of(2));
  expect(pump()).toBe(0);
  deliveries[0]();
  expect(atB).toEqual(['1']);
});

test('an end without handlers loses its messages quietly', () => {
  const { a, pump } = linkPair();
  a.send(Uint8Array.of(1));
  a.close(1000, '');
  expect(pump()).toBe(2);
});
