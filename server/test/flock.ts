// A room of many birds that fly straight on, turn at the walls, change and die, and a seat that is
// read by hand: frames in, tables out, acknowledged only when it reads. For suites about many
// entities and slow or many seats, over any transport. Trap: a reader is compared by the rules of
// interest, so it has to look() after every tick.

import {
  Credential,
  defineGame,
  FrameType,
  fixed,
  type Game,
  int,
  type LiveRowOf,
  MsgpackReader,
  MsgpackWriter,
  PROTOCOL_VERSION,
  Random,
  Received,
  readBye,
  readFrame,
  StateFeed,
  text,
  writeAck,
  writeHello,
} from '@tickwire/protocol';
import {
  defineRoom,
  type GameRoom,
  type MemoryTransport,
  type Room,
  type RoomKind,
} from '../src/index.ts';
import type { RoomSeat } from '../src/seat.ts';
import { Knowledge, truthOf } from './truth.ts';

/** Side of the square world. */
const WORLD = 2048;
const FASTEST = 100;
/** Between a number restored here and one restored there. */
const EPSILON = 1e-9;

export const flockGame = defineGame({
  tickRate: 20,
  entities: {
    bird: {
      x: fixed(0, WORLD, 1 / 16).smooth({ by: 'vx' }),
      y: fixed(0, WORLD, 1 / 16).smooth({ by: 'vy' }),
      vx: fixed(-FASTEST, FASTEST, 1 / 16),
      vy: fixed(-FASTEST, FASTEST, 1 / 16),
      hp: int(0, 255),
      name: text(8),
    },
  },
});

type FlockGame = typeof flockGame;
type Bird = LiveRowOf<FlockGame, 'bird'>;
const declared = flockGame as unknown as Game;

export interface FlockOptions {
  birds: number;
  seats: number;
  /** Birds that die in a tick, each replaced by another. Default: one. */
  deaths?: number;
  /** What seats see, around the middle of the world. Default: everything. */
  radius?: number;
  wire?: 'plain' | 'packed';
}

export function flock(options: FlockOptions): RoomKind {
  const { birds, seats, deaths = 1, radius, wire } = options;
  const chance = new Random(1);
  const flying: Bird[] = [];
  const born = (room: Room<FlockGame>) => {
    const [x, y] = [chance.next() * WORLD, chance.next() * WORLD];
    const [vx, vy] = [around(chance), around(chance)];
    const name = String.fromCharCode(97 + chance.integer(26)).repeat(5);
    return room.spawn('bird', { x, y, vx, vy, hp: chance.integer(256), name });
  };
  const middle = { x: WORLD / 2, y: WORLD / 2 };
  return defineRoom(flockGame, {
    seats,
    wire,
    keep: true,
    interest: radius === undefined ? undefined : { around: () => middle, radius, lookMs: 0 },
    open(room) {
      for (let i = 0; i < birds; i++) flying.push(born(room));
    },
    tick(room, dt) {
      for (let i = 0; i < deaths; i++) {
        const index = chance.integer(birds);
        room.despawn(flying[index]);
        flying[index] = born(room);
      }
      for (const bird of flying) fly(bird, dt, chance);
    },
  });
}

function around(chance: Random): number {
  return (chance.next() * 2 - 1) * FASTEST;
}

function fly(bird: Bird, dt: number, chance: Random): void {
  bird.x += bird.vx * dt;
  bird.y += bird.vy * dt;
  if (bird.x < 0 || bird.x > WORLD) bird.vx = -bird.vx;
  if (bird.y < 0 || bird.y > WORLD) bird.vy = -bird.vy;
  if (chance.next() < 0.02) bird.hp = chance.integer(256);
}

export function helloOf(room: string): Uint8Array {
  const out = new MsgpackWriter();
  const { hash } = flockGame;
  const credential = Credential.Token;
  writeHello(out, {
    version: PROTOCOL_VERSION,
    hash,
    room,
    credential,
    secret: '',
    spectate: false,
  });
  return out.bytes().slice();
}

/** A seat whose player reads only when told to. */
export class Reader {
  states = 0;
  /** Why the server said it would end the connection. */
  bye = '';
  /** Frames that came and wait to be read. */
  readonly unread: Uint8Array[] = [];
  /** What comes waits. */
  stalled = false;
  readonly #say: (frame: Uint8Array) => void;
  readonly #received = new Received(declared);
  readonly #reader = new MsgpackReader();
  readonly #feed = new StateFeed(declared, this.#received, this.#reader);
  readonly #frame = { elements: 0 };
  readonly #knowledge = new Knowledge();
  /** Ticks read and not acknowledged. */
  #unsaid = 0;

  constructor(say: (frame: Uint8Array) => void) {
    this.#say = say;
  }

  /** On a line of its own, which has said nothing yet. */
  static over(transport: MemoryTransport): Reader {
    const peer = transport.connect();
    const reader = new Reader((frame) => peer.send(frame));
    peer.onMessage = (bytes) => reader.take(bytes);
    return reader;
  }

  get seat(): number {
    return this.#received.seat;
  }

  get tick(): number {
    return this.#feed.tick;
  }

  hello(room: string): void {
    this.#say(helloOf(room));
  }

  /** A frame came. */
  take(bytes: Uint8Array): void {
    if (this.stalled) this.unread.push(bytes.slice());
    else this.#read(bytes);
  }

  /** Reads what waited, and whatever comes. */
  flow(): void {
    this.stalled = false;
    for (const frame of this.unread.splice(0)) this.#read(frame);
  }

  /** Says what was read since it last did: one frame, as a client would after a stall. */
  acknowledge(): void {
    if (this.#unsaid === 0) return;
    const out = new MsgpackWriter(8);
    writeAck(out, this.#unsaid);
    this.#unsaid = 0;
    this.#say(out.bytes());
  }

  /** After each tick of the room: what the seat was told of, by the rules of interest. */
  look(room: GameRoom): void {
    const seat = this.seatOf(room);
    if (!seat || seat.sentTick !== room.doneTick) return;
    this.#knowledge.look(room, seat);
    this.#knowledge.told();
  }

  seatOf(room: GameRoom): RoomSeat | undefined {
    return [...room.seats].find(({ id }) => id === this.seat);
  }

  /** What is held and what the room holds: differences, none if the seat is up to date. */
  differences(room: GameRoom): string[] {
    const found: string[] = [];
    const { rows } = truthOf(room);
    const [table] = this.#received.tables;
    const { known } = this.#knowledge;
    if (table.count !== known.size) found.push(`holds ${table.count} of ${known.size} birds`);
    for (const id of known) {
      const row = this.#received.rowOf(0, id);
      const truth = rows.get(id);
      if (row === 0 || !truth) found.push(`bird ${id} is ${truth ? 'missing' : 'dead'}`);
      else
        for (const { name, column, object, index } of truth.plan.fields) {
          if (index < 2) continue;
          const held = column < 0 ? table.objects[object][row] : table.values[column][row];
          if (!same(held, truth.rounded.get(name)))
            found.push(`bird ${id}.${name} is ${held} and should be ${truth.rounded.get(name)}`);
        }
    }
    return found;
  }

  #read(bytes: Uint8Array): void {
    const feed = this.#feed;
    this.#reader.reset(bytes);
    const type = readFrame(this.#reader, this.#frame);
    if (type === FrameType.Bye) this.bye = readBye(this.#reader).reason;
    else if (type === FrameType.Welcome) feed.takeWelcome(this.#frame.elements);
    else if (type === FrameType.Tables) feed.takeTables();
    else if (type === FrameType.State) {
      feed.takeState(this.#frame.elements);
      this.#reader.end();
      this.states++;
      this.#unsaid += feed.header.dTick;
    }
  }
}

function same(held: unknown, wanted: unknown): boolean {
  if (typeof held !== 'number' || typeof wanted !== 'number') return held === wanted;
  return Math.abs(held - wanted) <= EPSILON;
}
