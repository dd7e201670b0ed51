// What each seat should hold after each STATE that it was sent, noted while rooms of fuzz-game run,
// and compared with what clients hold. For suites in which everything happens at once. Trap:
// `ticked` must be called from the game's own tick, when the world is as it will be told, and
// `told` after every go of the room.

import type { GameClient } from '@tickwire/client';
import type { Row } from '@tickwire/protocol';
import type { GameRoom } from '../src/index.ts';
import type { RoomSeat } from '../src/seat.ts';
import { game } from './fuzz-game.ts';
import { compare, compareState, Knowledge, type Truth, truthOf } from './truth.ts';

const KINDS = ['ship', 'crate', 'sign'] as const;

interface Expected {
  readonly truth: Truth;
  readonly known: ReadonlySet<number>;
}

/** What is noted of one seat. */
interface Noted {
  readonly knowledge: Knowledge;
  /** By tick. */
  readonly expected: Map<number, Expected>;
  /** Newest tick that was compared. */
  seen: number;
}

type Client = Pick<GameClient<typeof game>, 'room' | 'seat' | 'status' | 'newest' | 'view'>;

export class Expectations {
  /** Views compared. */
  checked = 0;
  readonly #seats = new Map<RoomSeat, Noted>();
  readonly #byName = new Map<string, RoomSeat>();
  readonly #truths = new WeakMap<GameRoom, Truth>();
  readonly #most: number;

  /** `most`: STATEs kept of each seat, for clients that read late. Default: 20 s at 20 Hz. */
  constructor(most = 400) {
    this.#most = most;
  }

  /** Notes the world, and what each seat is about to be told if its line can take it. */
  ticked(room: GameRoom): void {
    // In one go a room may run several ticks.
    this.told(room);
    this.#truths.set(room, truthOf(room));
    for (const seat of room.seats) {
      if (!seat.connected || room.tick % (room.definition.sendEvery ?? 1) !== 0) continue;
      this.#notedOf(room, seat).knowledge.look(room, seat);
    }
  }

  /** Notes what each seat that was told something should hold now. */
  told(room: GameRoom): void {
    const tick = room.doneTick;
    const truth = this.#truths.get(room);
    for (const seat of room.seats) {
      const noted = this.#seats.get(seat);
      if (!noted || !truth || seat.sentTick !== tick || noted.expected.has(tick)) continue;
      noted.knowledge.told();
      noted.expected.set(tick, { truth, known: noted.knowledge.known });
      if (noted.expected.size <= this.#most) continue;
      const [oldest] = noted.expected.keys();
      noted.expected.delete(oldest);
    }
  }

  /** Seats that are gone are forgotten. */
  sweep(): void {
    for (const [seat] of this.#seats) if (seat.gone) this.#seats.delete(seat);
    for (const [name, seat] of this.#byName) if (seat.gone) this.#byName.delete(name);
  }

  /** Nothing is noted any more, until the next tick. */
  forget(): void {
    for (const { expected } of this.#seats.values()) expected.clear();
  }

  /** What a seat is shown while nothing moves. Throws with the first difference from the truth. */
  checkShown(client: Client): void {
    const { tick } = client.newest();
    const expected = this.#notedBy(client)?.expected.get(tick);
    const where = `${nameOf(client)}, shown at tick ${tick}`;
    if (!expected) throw new Error(`${where}: a STATE nobody sent`);
    compareView(client, client.view(), expected, where);
    this.checked++;
  }

  /** Compares what came last with what was sent. Throws with the first difference. */
  check(client: Client): void {
    const view = client.newest();
    const name = nameOf(client);
    const noted = this.#notedBy(client);
    if (view.tick === 0 || noted?.seen === view.tick) return;
    const expected = noted?.expected.get(view.tick);
    // A new seat is welcomed before its first STATE: the newest snapshot is the old seat's.
    if (!expected && (client.status.state !== 'live' || !noted || isEarly(noted, view.tick)))
      return;
    if (!expected) throw new Error(`${name}, tick ${view.tick}: a STATE nobody sent`);
    noted!.seen = view.tick;
    compareView(client, view, expected, `${name}, tick ${view.tick}`);
    this.checked++;
  }

  #notedBy(client: Client): Noted | undefined {
    const seat = this.#byName.get(nameOf(client));
    return seat && this.#seats.get(seat);
  }

  #notedOf(room: GameRoom, seat: RoomSeat): Noted {
    let noted = this.#seats.get(seat);
    if (!noted) {
      noted = { knowledge: new Knowledge(), expected: new Map(), seen: 0 };
      this.#seats.set(seat, noted);
      this.#byName.set(nameOf({ room: room.id, seat: seat.id }), seat);
    }
    return noted;
  }
}

/** Of before what is kept. */
function isEarly({ expected }: Noted, tick: number): boolean {
  const [oldest = Infinity] = expected.keys();
  return tick < oldest;
}

const nameOf = ({ room, seat }: { room: string; seat: number }): string => `${room}, seat ${seat}`;

type View = ReturnType<Client['newest']>;

/** Throws with the first difference between what a view shows and what it should. */
function compareView(
  { seat }: Pick<Client, 'seat'>,
  view: View,
  { truth, known }: Expected,
  where: string,
): void {
  let count = 0;
  try {
    for (const kind of KINDS)
      for (const row of view.all(kind)) {
        if (!known.has(row.id)) throw new Error(`${kind} ${row.id} should not be known`);
        compare(seat, row as unknown as Row, truth.rows.get(row.id)!);
        count++;
      }
    if (count !== known.size) throw new Error(`holds ${count} of ${known.size} entities`);
    compareState(game.state, view.state as unknown as Row, truth.state);
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`);
  }
}
