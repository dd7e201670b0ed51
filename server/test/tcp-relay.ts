// A TCP relay on 127.0.0.1 in front of a server: takes clients, opens a line to the server for
// each, and ends all that it holds. What passes between the two is said by who extends it:
// tcp-proxy and cutting-proxy, bad networks each in their own way.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export abstract class TcpRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** `port`: of the server behind it. */
  constructor(port: number) {
    this.#server = createServer((client) => {
      const server = connect(port, '127.0.0.1');
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        // A reset is an end like any other.
        socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
        socket.setNoDelay(true);
      }
      this.join(client, server);
    });
  }

  /** Hands the bytes of each on to the other. */
  protected abstract join(client: Socket, server: Socket): void;

  protected listen(): Promise<this> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve(this)));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
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
}
