// What one connection tells of a room's state: WELCOME, then TABLES and STATEs in order, read into
// a Received. The client's wire feeds it; so does whatever else listens to a room (bench,
// conformance, tests). Keeps the positions that differences are taken from and the odds of packed
// bodies; refuses what does not follow from the frame before. The caller opens each frame and ends
// it. Trap: a new connection needs a new feed, over the same Received where the seat goes on.
import { CodingTables, changedTables } from './coding-tables.ts';
import { badFrame } from './errors.ts';
import {
  readStateHeader,
  readTables,
  readWelcome,
  type StateHeader,
  type TablesFrame,
  type Welcome,
} from './frames.ts';
import type { Game } from './game.ts';
import { MAX_STATE_BYTES, MAX_STEP_TICKS, MAX_TICK } from './limits.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import { PackedSource } from './packed-source.ts';
import { PlainSource } from './plain.ts';
import type { Received } from './received.ts';
import type { Source } from './sink.ts';

/** Elements of a STATE before its bodies, without the type. */
const STATE_ELEMENTS = 4;

export class StateFeed {
  readonly received: Received;
  /** Of the newest STATE. */
  readonly header: StateHeader = {
    dTick: 0,
    everything: false,
    inTime: 0,
    marginTicks: 0,
    sentAt: 0,
  };
  /** Tick of the newest STATE, or of WELCOME. */
  tick = 0;
  welcome: Welcome | undefined;
  readonly #game: Pick<Game, 'tickRate' | 'priors'>;
  readonly #reader: MsgpackReader;
  readonly #plain: PlainSource;
  readonly #packed = new PackedSource();
  #tables: CodingTables;
  /** A STATE came on this connection. */
  #begun = false;

  /** Reads from `reader`, which stands behind the type of each frame that is taken. */
  constructor(game: Pick<Game, 'tickRate' | 'priors'>, received: Received, reader: MsgpackReader) {
    this.#game = game;
    this.received = received;
    this.#reader = reader;
    this.#plain = new PlainSource(reader);
    this.#tables = game.priors;
  }

  /** `elements`: of the frame, behind its type. */
  takeWelcome(elements: number): Welcome {
    const welcome = readWelcome(this.#reader, elements);
    this.welcome = welcome;
    this.tick = welcome.tick;
    this.received.seat = welcome.seat;
    this.received.expectPacked(welcome.packed ? 1 / this.#game.tickRate : 0, welcome.sendEvery);
    return welcome;
  }

  takeTables(): TablesFrame {
    const frame = readTables(this.#reader);
    const { version, base, changes } = frame;
    if (!this.welcome?.packed) badFrame('tables in a plain room');
    if (base !== 0 && base !== this.#tables.version) badFrame('tables that change others');
    const { odds } = base === 0 ? this.#game.priors : this.#tables;
    this.#tables = new CodingTables(version, changedTables(changes, odds));
    return frame;
  }

  /** `elements`: of the frame, behind its type. `received` holds the state of `tick` after it. */
  takeState(elements: number): void {
    const { header, received } = this;
    readStateHeader(this.#reader, header);
    const tick = this.tick + header.dTick;
    this.#checkStep(tick);
    const bodies = elements - STATE_ELEMENTS;
    if (bodies > 0 && !this.#reader.tryNil()) {
      const source = this.#openBody();
      received.readBody(source, tick, header.everything);
      this.#closeBody();
    } else if (header.everything) badFrame('everything without a body');
    else received.pass(tick);
    if (bodies > 1) {
      received.readOwnBody(this.#openBody());
      this.#closeBody();
    }
    this.tick = tick;
    this.#begun = true;
  }

  /** The refusals of F11. */
  #checkStep(tick: number): void {
    const { dTick, everything } = this.header;
    const { packed = false, sendEvery = 1 } = this.welcome ?? {};
    if (dTick < 1) badFrame('a STATE of an old tick');
    if (tick > MAX_TICK) badFrame('a tick beyond the last');
    if (packed && tick % sendEvery !== 0) badFrame('a STATE between two');
    if (everything) return;
    if (!this.#begun) badFrame('a first STATE of changes');
    if (dTick > MAX_STEP_TICKS) badFrame('a step longer than a server waits');
  }

  #openBody(): Source {
    if (this.welcome?.packed) {
      const length = this.#reader.passBin(MAX_STATE_BYTES);
      const { message, position } = this.#reader;
      this.#packed.begin(message, this.#tables.odds, position - length, position);
      return this.#packed;
    }
    this.#plain.reset();
    return this.#plain;
  }

  #closeBody(): void {
    if (this.welcome?.packed) this.#packed.finish();
  }
}
