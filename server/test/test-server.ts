// A server that writes down what a transport tells it, for the conformance suites of both
// transports. Used by transport.test.ts and transport-http.test.ts; a case changes only the
// callbacks it is about. Trap: waiting is on the next event, never on time; a case that waits for
// nothing ends by vitest's own limit.

import type {
  HttpRequest,
  HttpResponse,
  ListenOptions,
  Socket,
  SocketHandler,
  Transport,
  TransportHandler,
  TransportLimits,
  TransportWatch,
  UpgradeAnswer,
  UpgradeRequest,
} from '../src/transport.ts';
import { createUwsTransport } from '../src/uws-transport.ts';
import { createWsTransport } from '../src/ws-transport.ts';

type Make = (limits: Partial<TransportLimits>, watch: TransportWatch) => Promise<Transport>;

/** Why uWebSockets.js cannot be tried here; undefined where it can. */
const uwsMissing = await createUwsTransport().then(
  () => undefined,
  (error: Error) => error.message,
);

/** Both transports, with the reason why one must be skipped. */
export const TRANSPORTS: { name: string; make: Make; missing: string | undefined }[] = [
  { name: 'uws', make: createUwsTransport, missing: uwsMissing },
  {
    name: 'ws',
    make: async (limits, watch) => createWsTransport(limits, watch),
    missing: undefined,
  },
];

export interface Callbacks {
  http(request: HttpRequest): Promise<HttpResponse>;
  upgrade(request: UpgradeRequest): UpgradeAnswer;
  open(socket: Socket): void;
  message(socket: Socket, bytes: Uint8Array): void;
  text(socket: Socket): void;
  ping(socket: Socket): void;
  close(socket: Socket): void;
}

const started = new Set<TestServer>();

/** For afterEach. */
export async function closeServers(): Promise<void> {
  await Promise.all([...started].map((server) => server.transport.close()));
  started.clear();
}

export class TestServer implements TransportHandler {
  readonly transport: Transport;
  readonly sockets: Socket[] = [];
  /** `open`, `message 3`, `text`, `ping`, `close 1000 bye`, in order. */
  readonly log: string[] = [];
  /** Where handlers threw, in order. */
  readonly faults: string[];
  port = 0;
  readonly #callbacks: Partial<Callbacks>;
  #wake: (() => void)[] = [];

  private constructor(transport: Transport, callbacks: Partial<Callbacks>, faults: string[]) {
    this.transport = transport;
    this.#callbacks = callbacks;
    this.faults = faults;
  }

  static async start(
    make: Make,
    callbacks: Partial<Callbacks> = {},
    limits: Partial<TransportLimits> = {},
    more: Partial<ListenOptions> = {},
  ): Promise<TestServer> {
    const faults: string[] = [];
    const watch = { fault: (_: unknown, where: string) => faults.push(where), refused: () => {} };
    const server = new TestServer(await make(limits, watch), callbacks, faults);
    const options = { port: 0, host: '127.0.0.1', ...more };
    server.port = (await server.transport.listen(options, server)).port;
    started.add(server);
    return server;
  }

  async http(request: HttpRequest): Promise<HttpResponse> {
    return this.#callbacks.http?.(request) ?? { status: 404, body: 'nothing here' };
  }

  upgrade(request: UpgradeRequest): UpgradeAnswer {
    return this.#callbacks.upgrade?.(request) ?? { accept: true, context: request.path };
  }

  /** Echoes, unless the case has its own `message`. */
  open(socket: Socket): SocketHandler {
    this.sockets.push(socket);
    this.#note('open');
    this.#callbacks.open?.(socket);
    const { message, text, ping, close } = this.#callbacks;
    return {
      message: (bytes) => {
        this.#note(`message ${bytes.length}`);
        if (message) message(socket, bytes);
        else socket.send(bytes);
      },
      text: () => {
        this.#note('text');
        text?.(socket);
      },
      ping: () => {
        this.#note('ping');
        ping?.(socket);
      },
      closed: (code, reason) => {
        this.#note(`close ${code} ${reason}`);
        close?.(socket);
      },
    };
  }

  /** Resolves with the first event that matches, past or coming. */
  async seen(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.log.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #note(line: string): void {
    this.log.push(line);
    for (const wake of this.#wake.splice(0)) wake();
  }
}
