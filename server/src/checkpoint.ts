// A room as bytes, and a room from such bytes: what a shard saves every second or so, and what
// another one goes on from when the first is gone, or hands the room over. Called by succession.ts,
// cluster.ts and moving.ts; what is in it, and what is not, is in docs/checkpoints.md. Trap: bytes
// come from a store, so they may be of an older build, cut off or changed: they are judged before
// anything else is done.
import { createHash } from 'node:crypto';
import {
  MAX_TICK,
  MsgpackReader,
  MsgpackWriter,
  ProtocolError,
  UsageError,
} from '@tickwire/protocol';
import { failoverOf } from './define-room.ts';
import type { Clocks } from './identity.ts';
import { GameRoom, type RoomOptions } from './room.ts';
import { readRoom, writeRoom } from './room-state.ts';
import type { RoomSeat } from './seat.ts';
import type { SeatRecord } from './seat-state.ts';

/** Grows with every change to what is written: an older checkpoint is refused, not guessed at. */
export const CHECKPOINT_VERSION = 2;

const MAGIC = 'tickwire room';
const MAX_TEXT_BYTES = 256;
/** Of a SHA-256: what falls over in a store is found by it, who changes it on purpose is not. */
const CHECKSUM_BYTES = 8;
/** Columns are copied as they are: another order of bytes would make other numbers of them. */
const BYTE_ORDER = new Uint8Array(Float64Array.of(Math.PI).buffer);

/**
 * `too-big`: beyond limits.checkpointBytes; `damaged`: cut off, changed, or of no meaning;
 * `version`: of another version of Tickwire; `game`: of another declaration; `room`: of another
 * room; `load`: the game's own hooks threw.
 */
export type CheckpointFault = 'too-big' | 'damaged' | 'version' | 'game' | 'room' | 'load';

/** Why a room cannot be saved or restored. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  readonly reason: CheckpointFault;
  constructor(reason: CheckpointFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export interface SaveOptions {
  /** Those that the room goes by. */
  readonly clocks: Clocks;
  /**
   * The room does nothing after this: it is handed over. Default false: what it did after it is
   * lost, and what is restored reckons with that.
   */
  readonly isFinal?: boolean;
  /** Where the bytes go, in full. Default: new ones. */
  readonly place?: (length: number) => Uint8Array;
}

/** What all checkpoints are written in: a room after the other. */
const out = new MsgpackWriter(64 * 1024);

const newBytes = (length: number) => new Uint8Array(length);

/** Rooms that were told why they cannot be saved. */
const told = new WeakSet<GameRoom>();

/**
 * The room as it is between two ticks: bytes that are the caller's. Seats without a record cannot
 * be resumed. Throws UsageError for auth, timers' data or saved data that is not plain, which it
 * names, and for room.data that `save` does not keep; CheckpointError `too-big`; and whatever
 * `save` throws.
 */
export function checkpointOf(
  room: GameRoom,
  records: Iterable<SeatRecord>,
  { clocks, isFinal = false, place = newBytes }: SaveOptions,
): Uint8Array {
  const { checkpointBytes } = room.limits;
  if (room.data !== undefined && !room.definition.save)
    throw new UsageError('room.data would be lost: give save and load');
  const bySeat = new Map<RoomSeat, SeatRecord>();
  for (const record of records) bySeat.set(record.seat, record);
  out.reset();
  out.str(MAGIC);
  out.int(CHECKPOINT_VERSION);
  out.bin(BYTE_ORDER);
  out.str(room.game.hash);
  out.str(room.kind);
  out.str(room.id);
  out.bool(isFinal);
  out.int(room.doneTick);
  const most = checkpointBytes - CHECKSUM_BYTES;
  if (!writeRoom(out, room, bySeat, { clocks, isFinal }, most)) {
    const message = `room ${room.id} is more than limits.checkpointBytes: ${checkpointBytes}`;
    throw new CheckpointError('too-big', message);
  }
  const body = out.bytes();
  const bytes = place(body.length + CHECKSUM_BYTES);
  bytes.set(body);
  bytes.set(checksum(body), body.length);
  return bytes;
}

/** How a room becomes bytes; a simulated one has its own way. */
export type Pack = typeof checkpointOf;

/** As `pack`; undefined where the room cannot be saved, which is logged once. */
export function saveRoom(
  room: GameRoom,
  records: Iterable<SeatRecord>,
  options: SaveOptions,
  pack: Pack = checkpointOf,
): Uint8Array | undefined {
  try {
    return pack(room, records, options);
  } catch (error) {
    if (!told.has(room)) room.log.warn({ err: error }, 'the room cannot be saved');
    told.add(room);
    return undefined;
  }
}

/** A room that goes on. */
export interface RestoredRoom {
  readonly room: GameRoom;
  /** Its seats, none of which has a line; with what finds them again. */
  readonly records: readonly SeatRecord[];
}

/**
 * The room that was saved, at the tick after the one it was saved at, with all its seats: their
 * grace time has begun, or goes on. Throws CheckpointError, and nothing of the room is left.
 */
export function restoreRoom(
  options: Omit<RoomOptions, 'checkpoint'>,
  bytes: Uint8Array,
  clocks: Clocks,
): RestoredRoom {
  let records: readonly SeatRecord[] = [];
  try {
    const { from, tick, isFinal } = openEnvelope(options, bytes);
    const fill = (room: GameRoom) => {
      const read = readRoom(from, room, { clocks, isFinal }, (saved) => load(room, saved));
      records = read.records;
      for (const seat of read.dropped) room.drop(seat);
    };
    const room = new GameRoom({ ...options, checkpoint: { tick, fill } });
    if (room.over) throw new CheckpointError('load', 'the room ended as its seats were dropped');
    // The game may have sent one away by now.
    return { room, records: records.filter(({ seat }) => !seat.gone) };
  } catch (error) {
    options.pulse.stop();
    if (error instanceof ProtocolError || error instanceof UsageError)
      throw new CheckpointError('damaged', error.message, { cause: error });
    throw error;
  }
}

/** Judges what comes before the room itself, and the checksum after it. */
function openEnvelope(
  { definition: { game }, id, kind, limits }: Omit<RoomOptions, 'checkpoint'>,
  bytes: Uint8Array,
): { from: MsgpackReader; tick: number; isFinal: boolean } {
  if (bytes.length > limits.checkpointBytes)
    throw new CheckpointError('too-big', `${bytes.length} bytes: limits.checkpointBytes is less`);
  const end = bytes.length - CHECKSUM_BYTES;
  const from = new MsgpackReader();
  from.reset(bytes, 0, end);
  if (from.str(MAX_TEXT_BYTES) !== MAGIC)
    throw new CheckpointError('damaged', 'these bytes are no checkpoint');
  const version = from.int();
  if (version !== CHECKPOINT_VERSION)
    throw new CheckpointError('version', `version ${version}; this is ${CHECKPOINT_VERSION}`);
  if (!isSame(checksum(bytes.subarray(0, end)), bytes.subarray(end)))
    throw new CheckpointError('damaged', 'the checksum is another');
  if (!isSame(from.bin(BYTE_ORDER.length), BYTE_ORDER))
    throw new CheckpointError('version', 'written on a machine with another order of bytes');
  if (from.str(MAX_TEXT_BYTES) !== game.hash)
    throw new CheckpointError('game', 'the game is declared otherwise by now');
  if (from.str(MAX_TEXT_BYTES) !== kind || from.str(MAX_TEXT_BYTES) !== id)
    throw new CheckpointError('room', `the checkpoint is not of room ${id}`);
  return { isFinal: from.bool(), tick: from.int(0, MAX_TICK - 1), from };
}

function load(room: GameRoom, saved: unknown): void {
  const { definition, code } = room;
  try {
    room.data = definition.load && code.call(() => definition.load!(room as never, saved as never));
    room.failover = failoverOf(definition, room.data);
  } catch (error) {
    throw new CheckpointError('load', 'the load hook threw', { cause: error });
  }
}

function checksum(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest().subarray(0, CHECKSUM_BYTES);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
