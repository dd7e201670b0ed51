// One room, its bots and their lines on a virtual clock, moved from event to event. Writes down
// what the server does: whose input came in time, where each ship was, which shots it gives. Trap:
// joins go through promises, so time passes asynchronously; nothing else does.
import type { EntityId, Link } from '@tickwire/protocol';
import { simulateLink, VirtualTime } from '@tickwire/protocol/simulator';
import {
  createMemoryTransport,
  defineRoom,
  type GameRoom,
  type MemoryTransport,
  type Room,
  type Server,
  serve,
} from '@tickwire/server';
import type { Bot } from './lines-bot.ts';
import { type LinesGame, linesGame, SEND_EVERY, type Ship, sightOf } from './lines-game.ts';
import { MemorySocket } from './virtual-page.ts';

/** Between two sweeps of the server, ms: as serve() does by itself. */
const SWEEP_MS = 250;
/** Events between two rests, in which promises run: joining wants one for each message. */
const REST_EVENTS = 1000;

/** What a bot needs of the world it plays in. */
export interface Place {
  readonly seed: number;
  readonly nowMs: number;
  /** The server's fractional tick now: the truth. */
  readonly serverTick: number;
  options(bot: Bot): {
    url: string;
    room: string;
    seed: number;
    later: VirtualTime['later'];
    link: (link: Link) => Link;
    WebSocket: unknown;
  };
}

export class LinesWorld implements Place {
  readonly seed: number;
  readonly time = new VirtualTime();
  readonly bots: Bot[] = [];
  readonly #transport: MemoryTransport = createMemoryTransport();
  #server!: Server;
  #room!: GameRoom;
  #sweepMs = 0;
  #joining = 0;
  /** By seat: ticks with input in time that the server has counted since it last told. */
  readonly #counted = new Map<number, number>();
  readonly #bySeat = new Map<number, Bot>();
  /** Seats whose slack is read. */
  readonly #watched = new Set<number>();

  private constructor(seed: number) {
    this.seed = seed;
  }

  static async start(seed: number, seats: number): Promise<LinesWorld> {
    const world = new LinesWorld(seed);
    const game = linesGame((ship, _input, { tick }) => world.#stepped(ship, tick));
    const field = defineRoom<LinesGame>(game, {
      seats,
      seed,
      keep: true,
      sendEvery: SEND_EVERY,
      join(room, seat) {
        const turn = (2 * Math.PI * seat.id) / seats;
        room.spawn('ship', { x: 300 * Math.cos(turn), y: 300 * Math.sin(turn) }, seat);
      },
      tick: (room) => world.#ticked(room),
    });
    world.#server = await serve({
      rooms: { field },
      transport: world.#transport,
      now: world.time.now,
      ticking: false,
      signals: false,
      findDesyncs: false,
      log: 'silent',
      seed: () => seed,
    });
    world.#room = [...world.#server.shard.rooms.values()][0];
    return world;
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  get serverTick(): number {
    return this.#room.schedule.tickAt(this.nowMs);
  }

  /** Lets a bot in `ms` from now. */
  add(bot: Bot, ms: number): void {
    this.bots.push(bot);
    this.time.later(ms, () => {
      this.#joining++;
      bot.join().then(() => {
        this.#joining--;
        this.#bySeat.set(bot.seat, bot);
      });
    });
  }

  options(bot: Bot): ReturnType<Place['options']> {
    const { time } = this;
    const transport = this.#transport;
    const seed = this.seed * 1000 + this.bots.indexOf(bot);
    const schedule = (ms: number, run: () => void) => void time.later(ms, run);
    const { up, down } = bot;
    return {
      url: 'ws://bench',
      room: 'field',
      seed,
      later: time.later,
      link: (link) => simulateLink(link, { up, down, seed, now: time.now, schedule }),
      WebSocket: class extends MemorySocket {
        constructor() {
          super(transport.connect(), time);
        }
      },
    };
  }

  /** Runs every `ms`, first after `firstMs`, for ever: a display does not wait. */
  every(ms: number, firstMs: number, run: () => void): void {
    const startMs = this.nowMs + firstMs;
    let count = 0;
    const next = () => {
      run();
      this.time.later(startMs + ++count * ms - this.nowMs, next);
    };
    this.time.later(firstMs, next);
  }

  /** Moves time on to `untilMs`, from one event to the next. */
  async run(untilMs: number): Promise<void> {
    for (let events = 0; this.nowMs < untilMs; events++) {
      const nextMs = Math.min(this.time.dueMs, this.#room.dueMs, untilMs);
      this.#settle(Math.max(nextMs, this.nowMs));
      if (this.#joining > 0 || events % REST_EVENTS === 0)
        await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    for (const { client } of this.bots) client?.leave();
    await this.#server.close();
  }

  /** Everything that happens at an instant: what is due, what was sent, the tick, what it sends. */
  #settle(nowMs: number): void {
    this.#deliver(nowMs);
    if (this.#room.run(nowMs) > 0) this.#told();
    if (nowMs >= this.#sweepMs) {
      this.#sweepMs = nowMs + SWEEP_MS;
      this.#server.edge.sweep();
    }
    this.#deliver(nowMs);
  }

  #deliver(nowMs: number): void {
    while (this.time.moveTo(nowMs) + this.#transport.pump() > 0);
  }

  #stepped(ship: Ship, tick: number): void {
    const trace = this.#bySeat.get(ship.owner)?.trace;
    if (!trace) return;
    trace.stepped[tick] = [ship.x, ship.y, ship.vx, ship.vy, ship.angle];
    const { inTime } = this.#room.seat(ship.owner)!;
    trace.inTime[tick] = inTime > (this.#counted.get(ship.owner) ?? 0);
  }

  /** After all ships' steps: the shots, by what their shooters were shown. */
  #ticked(room: Room<LinesGame>): void {
    for (const ship of room.all('ship')) {
      const trace = this.#bySeat.get(ship.owner)?.trace;
      const input = room.inputOf(ship);
      if (!trace || !input?.fire) continue;
      trace.firesMs.push(this.nowMs);
      const shot = trace.shots[input.shot];
      // Taken before: this is the press of another shot, with the aim and number of this one.
      if (!shot || shot.taken) continue;
      shot.taken = true;
      shot.inTime = trace.inTime[room.tick];
      const target = shot.target as EntityId<'ship'>;
      shot.gave = room.rewind(ship, (past) => {
        const then = past.get('ship', target);
        return then && sightOf(ship, input.aim, then, past.tick);
      });
    }
  }

  /** After the STATEs of a tick, which begin the count of inputs in time anew. */
  #told(): void {
    for (const { id, inTime } of this.#room.seats) {
      this.#counted.set(id, inTime);
      this.#watchPut(id);
    }
  }

  /** Slack is read where inputs arrive: the report of the server is the least of several. */
  #watchPut(seat: number): void {
    const trace = this.#bySeat.get(seat)?.trace;
    if (!trace || this.#watched.has(seat)) return;
    this.#watched.add(seat);
    const { inputs } = this.#room.seat(seat)!;
    const put = inputs.put.bind(inputs);
    inputs.put = (tick, wire, stamps) => {
      const [, , cameTick] = stamps;
      trace.slacks[tick] = tick - cameTick;
      put(tick, wire, stamps);
    };
  }
}
