import { expect, test } from 'vitest';
import { openLink } from './socket-link.ts';

/** A browser's WebSocket, as far as the states go in which it sends. */
class StrictSocket {
  static last: StrictSocket;
  binaryType = 'blob';
  bufferedAmount = 0;
  readyState = 0;
  readonly sent: Uint8Array[] = [];
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;

  constructor() {
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
  const socket = StrictSocket.last;
  link.send(Uint8Array.of(1));
  socket.readyState = 1;
  link.send(Uint8Array.of(2));
  link.close(1000, '');
  link.send(Uint8Array.of(3));
  expect(socket.sent).toEqual([Uint8Array.of(2)]);
});
