// The rooms of the soak: those of the fuzz, with books kept of what each seat was told and said, so
// that bots can compare. A room stands still while `quiet`, for then everybody must be shown the
// same. Trap: books are by seat, and who gets a new seat begins new ones.

import type { GameRoom, RoomKind } from '../../src/index.ts';
import { Expectations } from '../expectations.ts';
import { ROOM_NAMES, ROOMS, type RoomName } from '../fuzz/recording.ts';
import { type FuzzRoom, fuzzRoom, turmoil } from '../fuzz-game.ts';

/** So many that attackers fill no room. */
const SEATS = 64;
/** Longer than any outage that the soak makes, with the way back. */
const GRACE_MS = 15_000;
/** Ticks between two events of each seat: five a second. */
const EVENT_TICKS = 4;
/** STATEs kept to compare with: 5 s, longer than any stall. */
const KEPT_STATES = 100;

/** What the server knows of one seat. */
export interface Book {
  /** Events told so far: each has the next number. */
  told: number;
  /** Presses that counted. */
  presses: number;
  /** Number of the newest command that ran, and of commands that ran once more. */
  said: number;
  doubled: number;
}

export class Field {
  quiet = false;
  readonly expectations = new Expectations(KEPT_STATES);
  readonly rooms: Readonly<Record<RoomName, RoomKind>>;
  readonly #books = new WeakMap<object, Book>();
  readonly #watched = new WeakSet<GameRoom>();

  constructor(seed: number) {
    const kinds = ROOM_NAMES.map((name, i) => [name, this.#kind(name, seed + i)]);
    this.rooms = Object.fromEntries(kinds);
  }

  bookOf(seat: object): Book {
    let book = this.#books.get(seat);
    if (!book) this.#books.set(seat, (book = { told: 0, presses: 0, said: 0, doubled: 0 }));
    return book;
  }

  #kind(name: RoomName, seed: number): RoomKind {
    return fuzzRoom(seed, {
      ...ROOMS[name],
      seats: SEATS,
      graceMs: GRACE_MS,
      tick: (room) => this.#tick(room as unknown as GameRoom & FuzzRoom),
      commands: {
        say: (_room, seat, { words }) => {
          const book = this.bookOf(seat);
          const number = Number(words);
          // Who says something else is no bot of ours.
          if (!(number > 0)) return 0;
          if (number <= book.said) book.doubled++;
          book.said = number;
          return number;
        },
        trade: (_room, _seat, { offer }) => ({ took: offer.size }),
      },
    });
  }

  #tick(room: GameRoom & FuzzRoom): void {
    this.#watch(room);
    for (const seat of (room as GameRoom).seats) {
      const book = this.bookOf(seat);
      if (seat.input.fire) book.presses++;
      if (this.quiet || room.tick % EVENT_TICKS !== 0) continue;
      const at = { x: book.told % 500, y: 0 };
      (room as GameRoom).emit('flash', { n: ++book.told, from: 0, at, words: 'on' }, { to: seat });
    }
    if (!this.quiet) turmoil(room, room.data);
    this.expectations.ticked(room);
  }

  /** After each go of a room it is noted who was told what. */
  #watch(room: GameRoom): void {
    if (this.#watched.has(room)) return;
    this.#watched.add(room);
    const run = room.run.bind(room);
    room.run = (nowMs) => {
      const ticks = run(nowMs);
      this.expectations.told(room);
      return ticks;
    };
  }
}
