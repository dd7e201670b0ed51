// Both ends in one process on a virtual clock: a real server over the memory transport, real
// clients over sockets made of objects, and the hand that moves time. For every suite that needs
// both ends. Trap: nothing happens unless time is advanced; a promise of a client is awaited by
// `until`, which does so.

import { type ConnectOptions, connect, type GameClient, type Status } from '@tickwire/client';
import type { Link } from '@tickwire/protocol';
import {
  CLEAR_LINE,
  type LineSettings,
  simulateLink,
  VirtualTime,
} from '@tickwire/protocol/simulator';
import pino from 'pino';
import {
  createMemoryTransport,
  type GameRoom,
  type Limits,
  type MemoryTransport,
  type RoomKind,
  type ServeOptions,
  type Server,
  serve,
} from '../src/index.ts';
import { VirtualSocket } from './virtual-socket.ts';

/** Longest stride of time, ms: a page's timers and a drawn frame are finer than that. */
const STRIDE_MS = 20;
/** Between two sweeps of the server, ms: as serve() does by itself. */
const SWEEP_MS = 250;
/** A promise that takes longer than this much virtual time will never settle, ms. */
const PATIENCE_MS = 60_000;
/** Ms since 1970 at which virtual time starts. */
export const EPOCH_MS = 1_800_000_000_000;
/** Rounding of a due time, ms. */
const EPSILON_MS = 1e-6;

export interface StepperOptions {
  rooms: Readonly<Record<string, RoomKind>>;
  seed?: number;
  limits?: Partial<Limits>;
  serve?: Partial<ServeOptions>;
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export class Stepper {
  /** What the server logged. */
  readonly log: LogLine[] = [];
  /** Called after each tick of a room, before anybody is told. */
  onTick: (room: GameRoom) => void = () => {};
  /** Called after each stride, when everything that could arrive has arrived. */
  onStride: () => void = () => {};
  server!: Server;
  transport: MemoryTransport = createMemoryTransport();
  /** Other servers on the same clock, by address; each other address leads to the one above. */
  readonly others = new Map<string, { server: Server; transport: MemoryTransport }>();
  /** Addresses at which nobody answers. */
  readonly down = new Set<string>();
  readonly seed: number;
  readonly #time = new VirtualTime();
  #sweepMs = this.#time.nowMs;
  #secrets = 0;

  private constructor(seed: number) {
    this.seed = seed;
  }

  static async start(options: StepperOptions): Promise<Stepper> {
    const stepper = new Stepper(options.seed ?? 1);
    stepper.server = await stepper.#serve(options, stepper.transport);
    return stepper;
  }

  /** Another server, at that address. */
  async add(url: string, options: StepperOptions): Promise<Server> {
    const transport = createMemoryTransport();
    const server = await this.#serve(options, transport);
    this.others.set(url, { server, transport });
    return server;
  }

  #serve({ rooms, limits, serve: more }: StepperOptions, transport: MemoryTransport) {
    const write = (line: string) => void this.log.push(JSON.parse(line));
    return serve({
      rooms,
      limits,
      transport,
      ticking: false,
      signals: false,
      now: this.now,
      wallClockMs: () => EPOCH_MS + this.nowMs,
      seed: () => this.seed,
      makeSecret: () => `secret-${++this.#secrets}`,
      log: pino({ level: 'info', base: undefined }, { write }),
      ...more,
    });
  }

  /** Where a client at that address ends up. Throws where nobody answers. */
  transportAt(url: string): MemoryTransport {
    if (this.down.has(url)) throw new Error(`nobody answers at ${url}`);
    return this.others.get(url)?.transport ?? this.transport;
  }

  get nowMs(): number {
    return this.#time.nowMs;
  }
  /** A leap in which nothing runs: a machine that slept. */
  set nowMs(ms: number) {
    this.#time.nowMs = ms;
  }
  get now(): () => number {
    return this.#time.now;
  }
  get later(): VirtualTime['later'] {
    return this.#time.later;
  }

  /** Runs every `ms` from now on, until what it returns is called. */
  every(ms: number, run: () => void): () => void {
    let cancel = () => {};
    const again = () => {
      cancel = this.later(ms, again);
      run();
    };
    cancel = this.later(ms, again);
    return () => cancel();
  }

  /** The oldest room of a kind. */
  room(kind: string): GameRoom {
    for (const room of this.server.shard.rooms.values()) if (room.kind === kind) return room;
    throw new Error(`no room of kind ${kind}`);
  }

  /** Moves time on by `ms`, from one event to the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    do {
      this.#time.nowMs = Math.min(this.#nextMs(), endMs);
      await this.#settle();
      for (const room of this.#rooms()) if (room.run(this.nowMs) > 0) this.onTick(room);
      if (this.nowMs >= this.#sweepMs) {
        this.#sweepMs = this.nowMs + SWEEP_MS;
        for (const { edge } of this.#servers()) edge.sweep();
      }
      await this.#settle();
      this.onStride();
    } while (this.nowMs < endMs - EPSILON_MS);
  }

  /** Moves time on until the promise settles, and settles as it did. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    const lastMs = this.nowMs + PATIENCE_MS;
    while (!settled && this.nowMs < lastMs) await this.advance(STRIDE_MS);
    if (!settled) throw new Error(`not settled after ${PATIENCE_MS} ms`);
    return promise;
  }

  /** Moves time on until `holds` answers true. */
  async when(holds: () => boolean, patienceMs = PATIENCE_MS): Promise<void> {
    const lastMs = this.nowMs + patienceMs;
    while (!holds()) {
      if (this.nowMs >= lastMs) throw new Error(`does not hold after ${patienceMs} ms`);
      await this.advance(STRIDE_MS);
    }
  }

  /** A client that has joined. Rejects as `connect` does. */
  async join<G extends { readonly hash: string }>(
    game: G,
    options: PlayerOptions<G>,
  ): Promise<Player<G>> {
    const player = new Player<G>(this, options);
    await this.until(player.connect(game));
    return player;
  }

  async close(): Promise<void> {
    for (const server of this.#servers()) await server.close();
  }

  #servers(): Server[] {
    return [this.server, ...[...this.others.values()].map(({ server }) => server)];
  }

  #rooms(): GameRoom[] {
    return this.#servers().flatMap(({ shard }) => [...shard.rooms.values()]);
  }

  #nextMs(): number {
    let next = Math.min(this.nowMs + STRIDE_MS, this.#time.dueMs);
    for (const room of this.#rooms()) next = Math.min(next, room.dueMs);
    return Math.max(next, this.nowMs);
  }

  /** Runs due timers and delivers what was sent, until nothing more comes of it at this instant. */
  async #settle(): Promise<void> {
    for (;;) {
      let moved = this.transport.pump() + this.#time.runDue(EPSILON_MS);
      for (const { transport } of this.others.values()) moved += transport.pump();
      if (moved === 0) return;
      // Joining is asynchronous on both ends: promises that are ready run now.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export interface PlayerOptions<G> extends Partial<ConnectOptions<G>> {
  room: string;
  /** A bad line; may be changed while it runs. */
  up?: LineSettings;
  down?: LineSettings;
  /** Keeps a copy of every message that comes. */
  record?: boolean;
  headers?: Record<string, string>;
  remoteAddress?: string;
}

/** One client and its line. */
export class Player<G> {
  client!: GameClient<G>;
  readonly statuses: Status[] = [];
  readonly frames: Uint8Array[] = [];
  /** With what code and reason each of its sockets ended. */
  readonly closes: [code: number, reason: string][] = [];
  readonly sockets: VirtualSocket[] = [];
  /** New sockets fail. */
  offline = false;
  /** What comes waits unread. */
  stalled = false;
  /** What comes is lost; only the end of a line is noticed. */
  deaf = false;
  readonly stepper: Stepper;
  readonly options: PlayerOptions<G>;

  constructor(stepper: Stepper, options: PlayerOptions<G>) {
    this.stepper = stepper;
    this.options = options;
  }

  async connect(game: G & { readonly hash: string }): Promise<void> {
    const player = this as Player<unknown>;
    const { stepper, options } = this;
    const { up, down, record, headers, remoteAddress, link, ...rest } = options;
    this.client = await connect<G & { readonly hash: string }>(game, {
      url: 'ws://stepper',
      now: stepper.now,
      later: stepper.later,
      seed: stepper.seed,
      ...(rest as object),
      room: options.room,
      link: (line) => (link ?? ((same: Link) => same))(this.#bad(line)),
      WebSocket: class extends VirtualSocket {
        constructor(url: string) {
          super(player, url);
        }
      },
    });
    this.client.onStatus((status) => this.statuses.push(status));
  }

  get socket(): VirtualSocket {
    return this.sockets.at(-1)!;
  }

  get state(): string {
    return this.client.status.state;
  }

  /** Reads everything that waited, and whatever comes. */
  flow(): void {
    this.stalled = false;
    for (const socket of this.sockets) socket.flow();
  }

  /** The network is lost: both ends see 1006, and what was not read is gone. */
  cut(): void {
    this.socket.cut();
  }

  #bad(line: Link): Link {
    const { up, down } = this.options;
    if (!up && !down) return line;
    const { stepper } = this;
    return simulateLink(line, {
      up: up ?? CLEAR_LINE,
      down: down ?? CLEAR_LINE,
      seed: stepper.seed + this.sockets.length,
      now: stepper.now,
      schedule: (ms, run) => void stepper.later(ms, run),
    });
  }
}
