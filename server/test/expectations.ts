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

/** STATEs kept for seats that read late: 20 s of a room at 20 Hz. */
const MEMORY_STATES = 400;
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
      if (noted.expected.size <= MEMORY_STATES) continue;
      const [oldest] = noted.expected.keys();
      noted.expected.delete(oldest);
    }
  }

  /** Seats that are gone are forgotten. */
  sweep(): void {
    for (const [seat] of this.#seats) if (seat.gone) this.#seats.delete(seat);
    for (const [name, seat] of this.#byName) if (seat.gone) this.#byName.delete(name);
  }

  /** Seats of which anything is noted. */
  get size(): number {
    return this.#seats.size;
  }

  /** Compares what came last with what was sent. Throws with the first difference. */
  check(client: Client): void {
    const view = client.newest();
    const name = nameOf(client);
    const seat = this.#byName.get(name);
    const noted = seat && this.#seats.get(seat);
    if (view.tick === 0 || noted?.seen === view.tick) return;
    const expected = noted?.expected.get(view.tick);
    // A new seat is welcomed before its first STATE: the newest snapshot is the old seat's.
    if (!expected && (client.status.state !== 'live' || !noted || noted.expected.size === 0))
      return;
    if (!expected) throw new Error(`${name}, tick ${view.tick}: a STATE nobody sent`);
    noted!.seen = view.tick;
    compareView(client, view, expected, `${name}, tick ${view.tick}`);
    this.checked++;
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
