// A room as bytes and back: what it has computed and what decides about the ticks to come, part by
// part, each written above and read below. Called by checkpoint.ts, which puts it into an envelope.
// Trap: what is read may be old or broken. All of it is judged, and a room that was half read is
// thrown away.
import {
  badValue,
  type ColdForm,
  type Game,
  MAX_ENTITY_ID,
  MAX_SEATS,
  MAX_TICK,
  MsgpackReader,
  type MsgpackWriter,
  PlainSource,
  type Row,
  readPayload,
  readRows,
  readTableState,
  writeRows,
  writeTableState,
} from '@tickwire/protocol';
import { MAX_CHANNEL_CHARS, readChannel } from './channel.ts';
import { readKept, writeKept } from './cold.ts';
import { MOST_TOPICS } from './contacts.ts';
import { GONE } from './emitter.ts';
import type { Clocks, Identity } from './identity.ts';
import type { PendingEvent } from './outbox.ts';
import type { GameRoom } from './room.ts';
import type { RoomSeat } from './seat.ts';
import { readSeat, type SeatRecord, type SeatSource, writeSeat } from './seat-state.ts';
import type { World } from './world.ts';

/**
 * Ids that a process may have given after its last checkpoint: a thousand a second for a minute. A
 * client that saw one of them must not take another entity for it.
 */
const LOST_IDS = 2 ** 16;
/** Bytes of the name of a timer. */
const MAX_NAME_BYTES = 1024;
const MAX_EVENT_BYTES = 2 ** 20;

const cold: ColdForm = { write: writeKept, read: readKept };
const NOBODY: Identity = { auth: undefined, user: undefined, untilMs: Number.POSITIVE_INFINITY };

export interface StateOptions {
  readonly clocks: Clocks;
  /** The room does nothing after it: it goes on exactly where it stood. */
  readonly isFinal: boolean;
}

/**
 * Writes all of a room but for its tick. Answers false as soon as more than `mostBytes` would stand
 * in `out`. Throws UsageError for what is no plain data, and whatever `save` throws.
 */
export function writeRoom(
  out: MsgpackWriter,
  room: GameRoom,
  records: ReadonlyMap<RoomSeat, SeatRecord>,
  { clocks }: StateOptions,
  mostBytes: number,
): boolean {
  const { world, roomSeats, emitter, chance, definition } = room;
  for (const word of chance.state) out.int(word);
  out.int(world.nextId);
  out.int(roomSeats.nextId);
  out.int(emitter.emitted);
  for (const table of world.tables) if (!writeTableState(out, table, cold, mostBytes)) return false;
  if (!writeRows(out, world.state, cold, mostBytes)) return false;
  writeOwned(out, world);
  if (!writeTimers(out, room, mostBytes)) return false;
  writeTopics(out, room);
  const places = writeEvents(out, roomSeats.byId.values());
  out.arrayHeader(roomSeats.byId.size);
  for (const seat of roomSeats.byId.values()) {
    const record = records.get(seat) ?? {
      seat,
      identity: NOBODY,
      place: undefined,
      keys: undefined,
    };
    writeSeat(out, room, record, clocks, (event) => places.get(event)!);
    if (out.length > mostBytes) return false;
  }
  writeLaunches(out, room);
  const { save } = definition;
  out.bool(save !== undefined);
  if (save)
    writeKept(
      out,
      'save()',
      room.code.call(() => save(room as never)),
    );
  return out.length <= mostBytes;
}

/**
 * Fills a new room with what writeRoom wrote, and has the game make room.data of what it saved.
 * Throws ProtocolError or UsageError for what it did not write, and whatever `load` throws.
 */
export function readRoom(
  from: MsgpackReader,
  room: GameRoom,
  { clocks, isFinal }: StateOptions,
  load: (saved: unknown) => void,
): { records: SeatRecord[]; dropped: RoomSeat[] } {
  const { world, roomSeats, emitter, chance, definition } = room;
  const word = () => from.int(0, 2 ** 32 - 1);
  chance.state = [word(), word(), word(), word()];
  const nextId = from.int(1, MAX_ENTITY_ID);
  roomSeats.nextId = from.int(1, MAX_SEATS);
  emitter.emitted = from.int(0);
  const bounds = { nextId, seen: new Set<number>() };
  for (const table of world.tables) readTableState(from, table, cold, bounds);
  readRows(from, world.state, cold);
  const owned = readOwned(from, world);
  world.filled(isFinal || nextId + LOST_IDS > MAX_ENTITY_ID ? nextId : nextId + LOST_IDS, owned);
  readTimers(from, room);
  readTopics(from, room);
  const events = readEvents(from, room);
  const source: SeatSource = { from, clocks, events, isFinal };
  const seats = Array.from({ length: from.arrayHeader(MAX_SEATS) }, () => readSeat(room, source));
  readLaunches(from, room, nextId);
  if (from.bool() !== (definition.load !== undefined)) badValue('data that nobody asked for');
  const saved = definition.load && readKept(from);
  from.end();
  load(saved);
  const dropped = seats.filter((seat) => seat.dropped).map(({ record }) => record.seat);
  return { records: seats.map(({ record }) => record), dropped };
}

function writeOwned(out: MsgpackWriter, { owned }: World): void {
  let count = 0;
  for (const rows of owned.values()) count += rows.length;
  out.int(count);
  for (const rows of owned.values())
    for (const row of rows) {
      out.int(row.$table.plan.index);
      out.int(row.$index);
    }
}

/** Every row that is somebody's, once. */
function readOwned(from: MsgpackReader, { tables }: World): Set<Row> {
  const owned = new Set<Row>();
  for (let left = from.int(0); left > 0; left--) {
    const kind = from.int(0, tables.length - 1);
    const row = tables[kind].rows[from.int(1, tables[kind].high)];
    if (!row || row.owner === 0 || owned.has(row)) badValue('a row that is nobody’s');
    owned.add(row);
  }
  let count = 0;
  for (const { rows } of tables) for (const row of rows) if (row && row.owner !== 0) count++;
  if (count !== owned.size) badValue('a row that its owner does not have');
  return owned;
}

function writeTimers(out: MsgpackWriter, { timers }: GameRoom, mostBytes: number): boolean {
  out.arrayHeader(timers.waiting.length);
  for (const { name, dueTick, data } of timers.waiting) {
    out.str(name);
    out.float(dueTick);
    writeKept(out, `the data of timer ${name}`, data);
    if (out.length > mostBytes) return false;
  }
  return true;
}

function readTimers(from: MsgpackReader, { timers, doneTick }: GameRoom): void {
  let before = doneTick + 1;
  for (let left = from.arrayHeader(MAX_TICK); left > 0; left--) {
    const name = from.str(MAX_NAME_BYTES);
    const dueTick = from.float(true);
    // In order, or each would have to be put before many others.
    if (dueTick < before) badValue('a timer that should have run');
    before = dueTick;
    timers.set(dueTick, name, readKept(from));
  }
}

function writeTopics(out: MsgpackWriter, { contacts }: GameRoom): void {
  out.arrayHeader(contacts.topics.size);
  for (const channel of contacts.topics) out.str(channel);
}

/** Those that the game has no handler for any more are let go. */
function readTopics(from: MsgpackReader, { contacts, definition }: GameRoom): void {
  for (let left = from.arrayHeader(MOST_TOPICS); left > 0; left--) {
    const channel = from.str(MAX_CHANNEL_CHARS);
    const { name, hasTopic } = readChannel(channel) ?? badValue('a channel that is none');
    if (!hasTopic || contacts.topics.has(channel)) badValue('a topic that comes twice, or none');
    if (Object.hasOwn(definition.hears ?? {}, name)) contacts.topics.add(channel);
  }
}

/** Writes the events that seats wait for, each once; answers the place of each. */
function writeEvents(out: MsgpackWriter, seats: Iterable<RoomSeat>): Map<PendingEvent, number> {
  const places = new Map<PendingEvent, number>();
  for (const { outbox } of seats)
    for (const event of outbox.kept()) if (!places.has(event)) places.set(event, places.size);
  out.arrayHeader(places.size);
  for (const { tick, event, payload, order, nearId } of places.keys()) {
    out.int(tick);
    out.int(event);
    out.bin(payload);
    out.int(order);
    out.int(nearId);
  }
  return places;
}

function readEvents(from: MsgpackReader, { game, doneTick, emitter }: GameRoom): PendingEvent[] {
  return Array.from({ length: from.arrayHeader(MAX_TICK) }, () => {
    const tick = from.int(0, doneTick + 1);
    const event = from.int(0, game.events.length - 1);
    const payload = from.bin(MAX_EVENT_BYTES).slice();
    checkPayload(game, event, payload);
    const order = from.int(1, emitter.emitted);
    return { tick, event, payload, order, nearId: from.int(GONE, MAX_ENTITY_ID) };
  });
}

/** What goes to browsers must be what they can read. */
function checkPayload({ events }: Game, event: number, payload: Uint8Array): void {
  const reader = new MsgpackReader();
  reader.reset(payload);
  const source = new PlainSource(reader);
  source.reset();
  readPayload(source, events[event]);
  reader.end();
}

/** Shots that take their shooter's time along. Those of a seat that has left see the present. */
function writeLaunches(out: MsgpackWriter, { rewinds }: GameRoom): void {
  const launches = [...rewinds.launches].filter(([, { seat }]) => !seat.gone);
  out.arrayHeader(launches.length);
  for (const [id, { seat, behind, born, hold, over }] of launches) {
    out.int(id);
    out.int(seat.id);
    for (const ticks of [behind, born, hold, over]) out.float(ticks);
  }
}

function readLaunches(from: MsgpackReader, room: GameRoom, nextId: number): void {
  for (let left = from.arrayHeader(MAX_TICK); left > 0; left--) {
    const id = from.int(1, nextId - 1);
    const seat = room.seat(from.int(1, MAX_SEATS)) ?? badValue('a shot of nobody');
    const behind = from.float(true);
    const [born, hold, over] = [from.float(true), from.float(true), from.float(true)];
    room.rewinds.launches.set(id, { seat, behind, born, hold, over });
  }
}
