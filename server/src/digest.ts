// For development: tells each seat once a second what it should hold, as hashes, and names what it
// does not. Asked by the room after each STATE, told by the connection what clients report; in
// production there is none. Reads what replication sent and changes nothing. Trap: it must run
// right after the STATE, while the world still is as it was told.
import {
  type Game,
  type HeldTable,
  type ListedRow,
  type LiveTable,
  listRow,
  MAX_FINDING_CHARS,
  MAX_LISTING_BYTES,
  MsgpackWriter,
  ownDigest,
  type Report,
  type Row,
  rowDigest,
  writeDigest,
  writeListing,
} from '@tickwire/protocol';
import type { RoomLog } from './room-api.ts';
import type { RoomSeat } from './seat.ts';
import type { World } from './world.ts';

/** Seconds from one digest to the next, and from one listing of a seat to its next. */
const EVERY_SECONDS = 1;

/** New lines, and what moves a terminal's cursor or turns its text around. */
const UNREADABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

interface Inspection {
  /** Part that the client asked a listing of; -1 for none. */
  wanted: number;
  /** Tick of the last listing. */
  listed: number;
}

export interface DigestSetting {
  readonly game: Game;
  readonly world: World;
  readonly log: RoomLog;
  /** Ticks from one STATE to the next. */
  readonly every: number;
  /** Everybody in step holds everything. */
  readonly seesAll: boolean;
}

export class Digests {
  /** Values that clients said they hold and should not, since the start. */
  findings = 0;
  readonly #game: Game;
  readonly #world: World;
  readonly #log: RoomLog;
  readonly #seesAll: boolean;
  /** Ticks from one digest to the next: of STATEs. */
  readonly #everyTicks: number;
  readonly #out = new MsgpackWriter(1024);
  readonly #seats = new WeakMap<RoomSeat, Inspection>();
  /** By kind: hashes of all rows at `#hashedTick`, as told to who is far as well, and their sum. */
  readonly #hashes: Int32Array[];
  readonly #farHashes: Int32Array[];
  readonly #all: Int32Array;
  readonly #sums: Int32Array;
  #hashedTick = 0;

  constructor({ game, world, log, every, seesAll }: DigestSetting) {
    this.#game = game;
    this.#world = world;
    this.#log = log;
    this.#seesAll = seesAll;
    this.#everyTicks = Math.ceil((EVERY_SECONDS * game.tickRate) / every) * every;
    this.#hashes = game.kinds.map(() => new Int32Array(0));
    this.#farHashes = game.kinds.map(() => new Int32Array(0));
    this.#all = new Int32Array(game.kinds.length);
    this.#sums = new Int32Array(game.kinds.length + 2);
  }

  /** The seat was sent the STATE of `tick`. */
  sent(seat: RoomSeat, tick: number): void {
    const inspection = this.#seats.get(seat);
    if (inspection && inspection.wanted >= 0) {
      this.#list(seat, tick, inspection.wanted);
      inspection.wanted = -1;
      inspection.listed = tick;
    }
    if (tick % this.#everyTicks !== 0) return;
    const { state } = this.#world;
    const kinds = this.#game.kinds.length;
    const sums = this.#sums;
    if (this.#hashedTick !== tick) this.#hash(tick);
    if (this.#seesAll) sums.set(this.#all);
    else this.#addKnown(seat, tick);
    sums[kinds] = rowDigest(state, 1);
    sums[kinds + 1] = 0;
    for (const { $table, $index } of this.#owned(seat))
      sums[kinds + 1] += ownDigest($table as LiveTable, $index, ($table as LiveTable).exact);
    this.#out.reset();
    writeDigest(this.#out, { tick, sums });
    seat.line?.send(this.#out.bytes());
  }

  /** What a client says. A hostile one fills a log that a developer reads, at a bounded rate. */
  reported(seat: RoomSeat, { tick, part, finding }: Report): void {
    if (finding !== undefined) {
      this.findings++;
      const said = finding.slice(0, MAX_FINDING_CHARS).replace(UNREADABLE, '?');
      this.#log.warn({ seat: seat.id, tick }, `desync: seat ${seat.id}: ${said}`);
      return;
    }
    if (part >= this.#game.kinds.length + 2) return;
    let inspection = this.#seats.get(seat);
    if (!inspection) this.#seats.set(seat, (inspection = { wanted: -1, listed: 0 }));
    const rests = this.#world.tick - inspection.listed < EVERY_SECONDS * this.#game.tickRate;
    if (inspection.listed === 0 || !rests) inspection.wanted = part;
  }

  /** Once a tick, whoever asks: what seats share. */
  #hash(tick: number): void {
    this.#hashedTick = tick;
    this.#world.tables.forEach((table, kind) => {
      this.#hashes[kind] = hashAll(table, table.high, this.#hashes[kind]);
      if (table.far) this.#farHashes[kind] = hashAll(table.far, table.high, this.#farHashes[kind]);
      let sum = 0;
      for (let row = 1; row <= table.high; row++) sum = (sum + this.#hashes[kind][row]) | 0;
      this.#all[kind] = sum;
    });
  }

  /** Adds up what the seat was told in full: what waits for a later STATE is left out. */
  #addKnown(seat: RoomSeat, tick: number): void {
    const sums = this.#sums;
    sums.fill(0);
    const { known } = seat;
    for (let slot = 0; slot < known.high; slot++) {
      const kind = known.kindAt(slot);
      if (kind < 0 || known.sentAt(slot) !== tick) continue;
      const hashes = known.toldTierAt(slot) === 0 ? this.#hashes : this.#farHashes;
      sums[kind] += hashes[kind][known.rowAt(slot)];
    }
  }

  #owned(seat: RoomSeat): readonly Row[] {
    const owned = this.#world.owned.get(seat.id) ?? [];
    return owned.filter(({ $table, alive }) => alive && $table.plan.ownMask !== 0);
  }

  /** Sends one part as the seat should hold it, as far as there is room. */
  #list(seat: RoomSeat, tick: number, part: number): void {
    const listed: string[] = [];
    let bytes = 2;
    let cut = false;
    for (const row of this.#rowsOf(seat, tick, part)) {
      const text = JSON.stringify(row);
      // A character is three bytes at most.
      bytes += text.length * 3 + 1;
      if (bytes > MAX_LISTING_BYTES) {
        cut = true;
        break;
      }
      listed.push(text);
    }
    this.#out.reset();
    writeListing(this.#out, { tick, part, rows: `[${listed.join()}]`, cut });
    seat.line?.send(this.#out.bytes());
  }

  *#rowsOf(seat: RoomSeat, tick: number, part: number): Generator<ListedRow, void> {
    const { tables, state } = this.#world;
    const kinds = this.#game.kinds.length;
    if (part === kinds) yield listRow(state, 1);
    else if (part > kinds)
      for (const { $table, $index } of this.#owned(seat))
        yield listRow($table as LiveTable, $index, ($table as LiveTable).exact);
    else {
      const { known } = seat;
      const table = tables[part];
      for (let row = 1; row <= table.high; row++) {
        if (table.ids[row] === 0) continue;
        if (this.#seesAll) {
          yield listRow(table, row);
          continue;
        }
        const slot = known.slotOf(table.ids[row]);
        if (slot >= 0 && known.sentAt(slot) === tick)
          yield listRow(known.toldTierAt(slot) === 0 ? table : table.far!, row);
      }
    }
  }
}

/** Hashes of all rows into `hashes`, or into one that is long enough; 0 where nothing is. */
function hashAll(table: HeldTable, high: number, hashes: Int32Array): Int32Array {
  const { ids } = table;
  const all = hashes.length < ids.length ? new Int32Array(ids.length) : hashes;
  for (let row = 1; row <= high; row++) all[row] = ids[row] === 0 ? 0 : rowDigest(table, row);
  return all;
}
