// A bad network between two real sockets: a TCP proxy on 127.0.0.1 that holds bytes up by a line of
// the simulator, with real timers. For tests of the whole road over real transports; a stall here
// is what a browser sees of one. Trap: nothing bounds what waits in it.

import type { Socket } from 'node:net';
import type { Link } from '@tickwire/protocol';
import { type LineSettings, simulateLink } from '@tickwire/protocol/simulator';
import { TcpRelay } from './tcp-relay.ts';

export interface TcpProxyOptions {
  /** Port of the server behind it. */
  port: number;
  /** From the client to the server, and back; may be changed while they run. */
  up: LineSettings;
  down: LineSettings;
  seed: number;
}

export class TcpProxy extends TcpRelay {
  /** Connections taken so far. */
  connections = 0;
  readonly #options: TcpProxyOptions;

  private constructor(options: TcpProxyOptions) {
    super(options.port);
    this.#options = options;
  }

  static start(options: TcpProxyOptions): Promise<TcpProxy> {
    return new TcpProxy(options).listen();
  }

  protected override join(client: Socket, server: Socket): void {
    const { up, down, seed } = this.#options;
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
