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
  type MemoryPeer,
  type MemoryTransport,
  type RoomKind,
  type ServeOptions,
  type Server,
  serve,
} from '../src/index.ts';

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
  readonly seed: number;
  readonly #time = new VirtualTime();
  #sweepMs = this.#time.nowMs;
  #secrets = 0;

  private constructor(seed: number) {
    this.seed = seed;
  }

  static async start({ rooms, seed = 1, limits, serve: more }: StepperOptions): Promise<Stepper> {
    const stepper = new Stepper(seed);
    const write = (line: string) => void stepper.log.push(JSON.parse(line));
    stepper.server = await serve({
      rooms,
      limits,
      transport: stepper.transport,
      ticking: false,
      signals: false,
      now: stepper.now,
      wallClockMs: () => EPOCH_MS + stepper.nowMs,
      seed: () => seed,
      makeSecret: () => `secret-${++stepper.#secrets}`,
      log: pino({ level: 'info', base: undefined }, { write }),
      ...more,
    });
    return stepper;
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
      for (const room of [...this.server.shard.rooms.values()])
        if (room.run(this.nowMs) > 0) this.onTick(room);
      if (this.nowMs >= this.#sweepMs) {
        this.#sweepMs = this.nowMs + SWEEP_MS;
        this.server.edge.sweep();
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
    await this.server.close();
  }

  #nextMs(): number {
    let next = Math.min(this.nowMs + STRIDE_MS, this.#time.dueMs);
    for (const room of this.server.shard.rooms.values()) next = Math.min(next, room.dueMs);
    return Math.max(next, this.nowMs);
  }

  /** Runs due timers and delivers what was sent, until nothing more comes of it at this instant. */
  async #settle(): Promise<void> {
    for (;;) {
      if (this.transport.pump() + this.#time.runDue(EPSILON_MS) === 0) return;
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
        constructor() {
          super(player);
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

const OPEN = 1;
const CLOSED = 3;

/** A browser's WebSocket, as strict as one, over the memory transport. */
export class VirtualSocket {
  binaryType = 'blob';
  readyState = 0;
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  /** Neither end hears the other from now on, and nobody is told. */
  dead = false;
  readonly #player: Player<unknown>;
  readonly #unread: (() => void)[] = [];
  #peer: MemoryPeer | undefined;

  constructor(player: Player<unknown>) {
    this.#player = player;
    player.sockets.push(this);
    player.stepper.later(0, () => this.#open());
  }

  get bufferedAmount(): number {
    return this.#peer?.bufferedBytes ?? 0;
  }

  send(bytes: Uint8Array): void {
    if (this.readyState === 0) throw new Error('InvalidStateError: still connecting');
    if (this.readyState === OPEN && !this.dead) this.#peer!.send(bytes);
  }

  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999))
      throw new Error(`InvalidAccessError: a page may not close with ${code}`);
    if (new TextEncoder().encode(reason).length > 123)
      throw new Error('SyntaxError: the reason is longer than 123 bytes');
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    if (!this.dead) this.#peer?.close(code, reason);
  }

  flow(): void {
    for (const read of this.#unread.splice(0)) read();
  }

  cut(): void {
    this.#unread.length = 0;
    this.#player.stalled = false;
    this.#peer?.cut();
  }

  /** Raw bytes of a hostile client, past everything a client checks. */
  raw(bytes: Uint8Array): void {
    this.#peer!.send(bytes);
  }

  #open(): void {
    if (this.readyState !== 0) return;
    const { stepper, options, offline } = this.#player;
    const { headers, remoteAddress } = options;
    try {
      if (offline) throw new Error('no network');
      this.#peer = stepper.transport.connect({ headers, remoteAddress });
    } catch {
      this.onerror?.({});
      this.#closed(1006, '');
      return;
    }
    this.#peer.onMessage = (bytes) => {
      const { buffer } = bytes.slice();
      if (this.#player.deaf) return;
      if (options.record) this.#player.frames.push(new Uint8Array(buffer));
      this.#arrive(() => {
        if (this.readyState === OPEN) this.onmessage?.({ data: buffer });
      });
    };
    this.#peer.onClose = (code, reason) => this.#arrive(() => this.#closed(code, reason));
    this.readyState = OPEN;
    this.onopen?.({});
  }

  #arrive(read: () => void): void {
    if (this.dead) return;
    if (this.#player.stalled || this.#unread.length > 0) this.#unread.push(read);
    else read();
  }

  #closed(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#player.closes.push([code, reason]);
    this.onclose?.({ code, reason });
  }
}
