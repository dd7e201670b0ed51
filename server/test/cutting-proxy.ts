// A TCP proxy on 127.0.0.1 that ends its line after so many bytes, in the middle of whatever is
// being said: the whole of what came before is passed on, and not a byte more. For tests of what
// outlives a line; it holds nothing up (tcp-proxy.ts does). Trap: bytes count from the start of the
// newest line, its handshake included.

import type { Socket } from 'node:net';
import { TcpRelay } from './tcp-relay.ts';

export interface Cut {
  readonly direction: 'up' | 'down';
  /** Bytes of that direction that pass. */
  readonly afterBytes: number;
}

export class CuttingProxy extends TcpRelay {
  /** Lines cut so far. */
  cuts = 0;
  /** Lines that stand. */
  open = 0;
  /** What ends the newest line, if it comes so far. */
  next: Cut | undefined;

  static start(port: number): Promise<CuttingProxy> {
    return new CuttingProxy(port).listen();
  }

  protected override join(client: Socket, server: Socket): void {
    let ended = false;
    this.open++;
    const end = (reset: boolean) => {
      if (ended) return;
      ended = true;
      this.open--;
      for (const socket of [client, server]) {
        if (reset) socket.resetAndDestroy();
        else socket.destroy();
      }
    };
    for (const socket of [client, server]) socket.on('close', () => end(false));
    const pass = (direction: Cut['direction'], from: Socket, to: Socket) => {
      let passed = 0;
      from.on('data', (bytes) => {
        if (ended) return;
        const cut = this.next;
        passed += bytes.length;
        if (cut?.direction !== direction || passed < cut.afterBytes) {
          to.write(bytes);
          return;
        }
        this.next = undefined;
        this.cuts++;
        const rest = bytes.subarray(0, bytes.length - (passed - cut.afterBytes));
        // Half of the cuts are resets, half are ends: what was passed on arrives before an end.
        const reset = cut.afterBytes % 2 === 0;
        if (rest.length === 0) end(reset);
        else to.write(rest, () => end(reset));
      });
    };
    pass('up', client, server);
    pass('down', server, client);
  }
}
