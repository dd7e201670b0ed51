import { describe, expect, test } from 'vitest';
import { openLink } from './socket-link.ts';

/** A browser's WebSocket, as far as the states go in which it sends. */
class StrictSocket {
  static last: StrictSocket | undefined;
  binaryType = 'blob';
  bufferedAmount = 0;
  readyState = 0;
  readonly sent: Uint8Array[] = [];
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;

  readonly protocols: string[] | undefined;

  constructor(_url: string, protocols?: string[]) {
    this.protocols = protocols;
    StrictSocket.last = this;
  }

  send(bytes: Uint8Array): void {
    if (this.readyState === 0) throw new Error('InvalidStateError: still connecting');
    this.sent.push(bytes);
  }

  close(): void {
    this.readyState = 3;
  }
}

test('{S16} what is sent before the socket is open, or after it, goes nowhere', () => {
  const link = openLink('ws://x', StrictSocket as never, () => {});
  const socket = StrictSocket.last!;
  link.send(Uint8Array.of(1));
  socket.readyState = 1;
  link.send(Uint8Array.of(2));
  link.close(1000, '');
  link.send(Uint8Array.of(3));
  expect(socket.sent).toEqual([Uint8Array.of(2)]);
});

describe('{S35} a socket that is opened with an offer', () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test('waits for it, and says nothing meanwhile', async () => {
    StrictSocket.last = undefined;
    const link = openLink(
      'ws://x',
      StrictSocket as never,
      () => {},
      async () => ['a', 'b'],
    );
    link.send(Uint8Array.of(1));
    expect([link.bufferedBytes, StrictSocket.last]).toEqual([0, undefined]);
    await settled();
    expect(StrictSocket.last).toMatchObject({ protocols: ['a', 'b'], sent: [] });
  });

  test('is not opened for a link that was closed meanwhile', async () => {
    StrictSocket.last = undefined;
    openLink(
      'ws://x',
      StrictSocket as never,
      () => {},
      async () => ['a'],
    ).close(1000, '');
    await settled();
    expect(StrictSocket.last).toBe(undefined);
  });

  test('ends with 4001 and the reason where there is nothing to offer', async () => {
    const ends: [number, string][] = [];
    const offer = () => Promise.reject(new Error('the token service is down'));
    const link = openLink('ws://x', StrictSocket as never, () => {}, offer);
    link.onClose = (code, reason) => ends.push([code, reason]);
    await settled();
    expect(ends).toEqual([[4001, 'the token service is down']]);
  });
});
