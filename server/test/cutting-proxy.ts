// A TCP proxy on 127.0.0.1 that ends its line after so many bytes, in the middle of whatever is
// being said: the whole of what came before is passed on, and not a byte more. For tests of what
// outlives a line; it holds nothing up (tcp-proxy.ts does). Trap: bytes count from the start of the
// newest line, its handshake included.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Cut {
  readonly direction: 'up' | 'down';
  /** Bytes of that direction that pass. */
  readonly afterBytes: number;
}

export class CuttingProxy {
  /** Lines cut so far. */
  cuts = 0;
  /** Lines that stand. */
  open = 0;
  /** What ends the newest line, if it comes so far. */
  next: Cut | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((client) => this.#join(client, port));
  }

  static start(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    return new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', () => resolve(proxy)));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends everything at once. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #join(client: Socket, port: number): void {
    const server = connect(port, '127.0.0.1');
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
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // A reset is an end like any other.
      socket
        .on('error', () => {})
        .on('close', () => {
          this.#sockets.delete(socket);
          end(false);
        });
      socket.setNoDelay(true);
    }
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
