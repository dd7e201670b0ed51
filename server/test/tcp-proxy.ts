// A bad network between two real sockets: a TCP proxy on 127.0.0.1 that holds bytes up by a line of
// the simulator, with real timers. For tests of the whole road over real transports; a stall here
// is what a browser sees of one. Trap: nothing bounds what waits in it.

import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Link } from '@tickwire/protocol';
import { type LineSettings, simulateLink } from '@tickwire/protocol/simulator';

export interface TcpProxyOptions {
  /** Port of the server behind it. */
  port: number;
  /** From the client to the server, and back; may be changed while they run. */
  up: LineSettings;
  down: LineSettings;
  seed: number;
}

export class TcpProxy {
  /** Connections taken so far. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: TcpProxyOptions) {
    this.#server = createServer((client) => this.#join(client, options));
  }

  static start(options: TcpProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    return new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', () => resolve(proxy)));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Ends every connection at once, as a network that is lost does; takes new ones. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends everything at once. */
  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #join(client: Socket, { port, up, down, seed }: TcpProxyOptions): void {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // A reset is an end like any other.
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
      socket.setNoDelay(true);
    }
    const now = () => performance.now();
    const schedule = (ms: number, run: () => void) => void setTimeout(run, ms).unref();
    const line = simulateLink(linkOf(server), {
      up,
      down,
      seed: seed + ++this.connections,
      now,
      schedule,
    });
    client.on('data', (bytes) => line.send(bytes)).on('close', () => line.close(0, ''));
    line.onMessage = (bytes) => void client.write(bytes.slice());
    line.onClose = () => client.end();
  }
}

/** A socket as the simulator knows a line: pieces of bytes, then one end. */
function linkOf(socket: Socket): Link {
  const link: Link = {
    send: (bytes) => void socket.write(bytes.slice()),
    close: () => void socket.end(),
    onMessage: null,
    onClose: null,
    get bufferedBytes() {
      return socket.writableLength;
    },
  };
  socket.on('data', (bytes) => link.onMessage?.(bytes)).on('end', () => link.onClose?.(0, ''));
  return link;
}
