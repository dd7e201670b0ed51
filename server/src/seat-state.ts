// A seat as bytes and back, for the checkpoint of its room: who has it and with which keys it is
// taken up again, its inputs, its events, how much of what it said was heard. Called by
// room-state.ts; inputs and events are spelled by their own files. What belongs to a line (what the
// client knows, what is in flight, round trips) is not kept: every line starts anew.
import {
  badValue,
  type Game,
  inputFromWire,
  MAX_SEATS,
  MAX_TICK,
  type MsgpackReader,
  type MsgpackWriter,
} from '@tickwire/protocol';
import type { Point } from './eyes.ts';
import { type Clocks, type Identity, readIdentity, writeIdentity } from './identity.ts';
import type { KeyState } from './keys.ts';
import type { PendingEvent } from './outbox.ts';
import type { GameRoom } from './room.ts';
import type { RoomSeat } from './seat.ts';

/** A seat with what its shard knows of it. */
export interface SeatRecord {
  readonly seat: RoomSeat;
  readonly identity: Identity;
  /** What the directory calls it; undefined where it has no name there. */
  readonly place: string | undefined;
  /** What finds it again; undefined: nobody does, and it goes when its grace time is over. */
  readonly keys: KeyState | undefined;
}

/** Base64 of a SHA-256. */
const DIGEST = /^[A-Za-z0-9+/]{43}=$/;
const DIGEST_BYTES = 44;
/** A nonce: 43 characters, or as many as a directory cares to give. */
const MAX_PLACE_BYTES = 128;

/** `clocks`: those that the room goes by; `placeOf`: as for Outbox.write. */
export function writeSeat(
  out: MsgpackWriter,
  room: GameRoom,
  { seat, identity, place, keys }: SeatRecord,
  clocks: Clocks,
  placeOf: (event: PendingEvent) => number,
): void {
  out.int(seat.id);
  out.bool(seat.spectator);
  writeIdentity(out, { ...identity, auth: seat.auth }, clocks);
  if (place === undefined) out.nil();
  else out.str(place);
  out.bool(keys !== undefined);
  if (keys)
    for (const digest of [keys.newest, keys.before, keys.spent]) {
      if (digest === undefined) out.nil();
      else out.str(digest);
    }
  if (seat.connected) out.nil();
  else out.float(clocks.now() - seat.droppedAtMs);
  writePlace(out, room.replication.placeOf(seat));
  out.int(seat.commandsTaken);
  out.int(seat.inputTick);
  seat.inputs.write(out);
  seat.outbox.write(out, placeOf);
}

/** What readSeat asks of the checkpoint. */
export interface SeatSource {
  readonly from: MsgpackReader;
  readonly clocks: Clocks;
  readonly events: readonly PendingEvent[];
  readonly isFinal: boolean;
}

/** Puts a seat into the room; `dropped`: it had a line. Throws ProtocolError. */
export function readSeat(
  room: GameRoom,
  { from, clocks, events, isFinal }: SeatSource,
): { record: SeatRecord; dropped: boolean } {
  const id = from.int(1, MAX_SEATS);
  if (room.seat(id)) badValue('a seat that comes twice');
  const spectator = from.bool();
  const identity = readIdentity(from, clocks);
  const name = from.tryNil() ? undefined : from.str(MAX_PLACE_BYTES);
  const keys = from.bool() ? readKeys(from) : undefined;
  const seat = room.reseat(id, identity.auth, spectator);
  const dropped = from.tryNil();
  if (!dropped) seat.droppedAtMs -= Math.max(from.float(), 0);
  const place = readPlace(from);
  if (place) room.replication.settle(seat, place);
  seat.commandsTaken = from.int(0, MAX_TICK);
  seat.inputTick = from.int(0, MAX_TICK);
  readInput(room.game, seat, from, room.doneTick);
  seat.outbox.read(from, events, isFinal);
  return { record: { seat, identity, place: name, keys }, dropped };
}

/** Where it looks from, for who has nothing any more to look from. */
function writePlace(out: MsgpackWriter, place: Point | undefined): void {
  const { x = Number.NaN, y = 0, z = 0 } = place ?? {};
  if (!Number.isFinite(x + y + z)) return out.nil();
  for (const part of [x, y, z]) out.float(part);
}

function readPlace(from: MsgpackReader): Point | undefined {
  if (from.tryNil()) return undefined;
  return { x: from.float(), y: from.float(), z: from.float() };
}

function readInput({ input }: Game, seat: RoomSeat, from: MsgpackReader, doneTick: number): void {
  inputFromWire(input, seat.inputs.read(from, doneTick), seat.input);
}

function readKeys(from: MsgpackReader): KeyState {
  const digest = () => {
    if (from.tryNil()) return undefined;
    const text = from.str(DIGEST_BYTES);
    return DIGEST.test(text) ? text : badValue('a key that is no digest');
  };
  const newest = digest() ?? badValue('a seat without its newest key');
  return { newest, before: digest(), spent: digest() };
}
