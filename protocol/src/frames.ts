// The catalogue of frames: one WebSocket message is one MessagePack array [type, ...] (PROTOCOL.md
// 3). Write above read. Ticks travel as differences from what the connection said before, so both
// ends keep a small position; bodies are the business of body-writer, received and input-codec.
import { badFrame, badValue, UsageError } from './errors.ts';
import { MAX_DECLARED, MAX_SEATS, MAX_TICK } from './limits.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';
import type { Plan } from './plan.ts';
import type { Sink, Source } from './sink.ts';
import { readValue } from './state-reader.ts';
import { writeWhole } from './value-writer.ts';

export const FrameType = {
  Hello: 0,
  Welcome: 1,
  State: 2,
  Input: 3,
  Ack: 4,
  Event: 5,
  Command: 6,
  Reply: 7,
  Ping: 8,
  Pong: 9,
  /** The odds that packed bodies are coded with from here on. */
  Tables: 10,
  Bye: 11,
  /** Asks for everything: the client lost its place (a sleeping tab). */
  Resync: 12,
  /** The room lives elsewhere (moved.ts). */
  Moved: 13,
  /** For development (digest.ts). */
  Digest: 14,
  Report: 15,
  Listing: 16,
  /** What goes on of a seat on its new line, and how many events do not. */
  Continuity: 17,
  /** A new token before the old one ends, and when that is (renewal.ts). */
  Renew: 18,
  Expiry: 19,
  /** How far a match is that somebody waits for (waiting.ts). */
  Waiting: 20,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** Characters of a room id or kind. */
export const MAX_NAME_CHARS = 64;
/** Bytes of a TABLES: every context of the largest game named. */
const MAX_TABLES_BYTES = 2 ** 22;
/** Characters of a reason; a close frame takes 123 bytes, BYE a little more. */
const MAX_REASON_CHARS = 256;
/** Units of a tick in which STATE says when in its tick it was sent: one byte, 0.4 ms at 20 Hz. */
export const SENT_UNITS = 128;
/** Units of a tick of the input margin (DESIGN 13.8). */
export const MARGIN_UNITS = 256;
/** Units of a tick of the shown time an INPUT tells: finer than a drawn frame at any tick rate. */
export const SHOWN_UNITS = 64;
/** How far back a tick may be told: V8 makes an object of what is negated with each call. */
const MOST_BACK = -MAX_TICK;
/** Margins beyond this many ticks say nothing more. */
const MAX_MARGIN_TICKS = 127;

export interface Welcome {
  seat: number;
  /** Tick the differences of this connection start from. */
  tick: number;
  resumeKey: string;
  /** The server's wall clock, ms since 1970: for logs, never for timing. */
  serverTimeMs: number;
  roomId: string;
  /** Ticks from one STATE to the next. */
  sendEvery: number;
  /** State and input are packed; else plain. */
  packed: boolean;
  /** Grows each time another server takes the room; undefined where none ever does. */
  roomEpoch?: number | undefined;
}

export function writeWelcome(out: MsgpackWriter, welcome: Welcome): void {
  out.arrayHeader(welcome.roomEpoch === undefined ? 8 : 9);
  out.int(FrameType.Welcome);
  out.int(welcome.seat);
  out.int(welcome.tick);
  out.str(welcome.resumeKey);
  out.float(welcome.serverTimeMs);
  out.str(welcome.roomId);
  out.int(welcome.sendEvery);
  out.bool(welcome.packed);
  if (welcome.roomEpoch !== undefined) out.int(welcome.roomEpoch);
}

/** `elements`: of the frame, behind its type; what comes after them is left to the caller. */
export function readWelcome(from: MsgpackReader, elements = 7): Welcome {
  return {
    seat: from.int(1, MAX_SEATS),
    tick: from.int(0, MAX_TICK),
    resumeKey: from.str(128),
    serverTimeMs: from.float(),
    roomId: from.str(MAX_NAME_CHARS),
    sendEvery: from.int(1, 255),
    packed: from.bool(),
    ...(elements > 7 ? { roomEpoch: from.int(1, Number.MAX_SAFE_INTEGER) } : {}),
  };
}

export interface StateHeader {
  /** Ticks since the STATE before, or since WELCOME. */
  dTick: number;
  /** The body says everything there is; what was known before and is not named has left. */
  everything: boolean;
  /** Ticks since the STATE before that were stepped with this seat's own input in time. */
  inTime: number;
  /**
   * Least slack of the inputs that arrived since the STATE before, ticks; negative: late. NaN: none
   * arrived.
   */
  marginTicks: number;
  /** When within its tick the STATE was sent, 0..1. */
  sentAt: number;
}

/**
 * The frame up to its bodies; they follow as raw values. `elements`: 0, 1 (shared) or 2 (shared or
 * nil, own) bodies.
 */
export function writeStateHeader(out: MsgpackWriter, header: StateHeader, bodies: number): void {
  out.arrayHeader(5 + bodies);
  out.int(FrameType.State);
  out.int(header.everything ? -1 - header.dTick : header.dTick);
  out.int(header.inTime);
  if (Number.isNaN(header.marginTicks)) out.nil();
  else out.int(marginUnits(header.marginTicks));
  out.int(Math.min(Math.floor(header.sentAt * SENT_UNITS), SENT_UNITS - 1));
}

function marginUnits(ticks: number): number {
  const most = MAX_MARGIN_TICKS;
  return Math.round(Math.min(Math.max(ticks, -most), most) * MARGIN_UNITS);
}

/** Reads into `header`; `left` is how many elements of the frame follow (bodies). */
export function readStateHeader(from: MsgpackReader, header: StateHeader): void {
  const step = from.int(-1 - MAX_TICK, MAX_TICK);
  header.everything = step < 0;
  header.dTick = step < 0 ? -1 - step : step;
  header.inTime = from.int(0, MAX_TICK);
  const most = MAX_MARGIN_TICKS * MARGIN_UNITS;
  header.marginTicks = from.tryNil() ? Number.NaN : from.int(-most, most) / MARGIN_UNITS;
  header.sentAt = from.int(0, SENT_UNITS - 1) / SENT_UNITS;
}

/** Odds for the packed bodies that follow on this connection. */
export interface TablesFrame {
  version: number;
  /** The version that `changes` change: the one before, or 0 for the declaration's. */
  base: number;
  /** As tableChanges makes them. */
  changes: Uint8Array;
}

export function writeTables(out: MsgpackWriter, tables: TablesFrame): void {
  out.arrayHeader(4);
  out.int(FrameType.Tables);
  out.int(tables.version);
  out.int(tables.base);
  out.bin(tables.changes);
}

export function readTables(from: MsgpackReader): TablesFrame {
  return {
    version: from.int(1, MAX_TICK),
    base: from.int(0, MAX_TICK),
    changes: from.bin(MAX_TABLES_BYTES),
  };
}

export interface InputHeader {
  /** Newest STATE applied, as ticks since the one said before: the acknowledgement. */
  dState: number;
  /**
   * Change of (first tick of input - shown tick), in 1/SHOWN_UNITS tick, since the INPUT before.
   */
  dShown: number;
  /** Ticks left out between the last input said and the first of this frame; normally 0. */
  dFirst: number;
}

export function writeInputHeader(out: MsgpackWriter, header: InputHeader): void {
  out.arrayHeader(5);
  out.int(FrameType.Input);
  out.int(header.dState);
  out.int(header.dShown);
  out.int(header.dFirst);
}

export function readInputHeader(from: MsgpackReader, header: InputHeader): void {
  header.dState = from.int(0, MAX_TICK);
  header.dShown = from.int(MOST_BACK, MAX_TICK);
  header.dFirst = from.int(0, MAX_TICK);
}

export function writeAck(out: MsgpackWriter, dState: number): void {
  out.arrayHeader(2);
  out.int(FrameType.Ack);
  out.int(dState);
}

export function readAck(from: MsgpackReader): number {
  return from.int(0, MAX_TICK);
}

/**
 * An event of the tick `dTick` after the newest STATE of this connection; its payload follows
 * through writePayload.
 */
export function writeEventHeader(out: MsgpackWriter, dTick: number, event: number): void {
  out.arrayHeader(4);
  out.int(FrameType.Event);
  out.int(dTick);
  out.int(event);
}

export function readEventHeader(from: MsgpackReader): { dTick: number; event: number } {
  return { dTick: from.int(MOST_BACK, MAX_TICK), event: from.int(0, MAX_DECLARED - 1) };
}

export function writeCommandHeader(out: MsgpackWriter, id: number, command: number): void {
  out.arrayHeader(4);
  out.int(FrameType.Command);
  out.int(id);
  out.int(command);
}

export function readCommandHeader(from: MsgpackReader): { id: number; command: number } {
  return { id: from.int(0, MAX_TICK), command: from.int(0, MAX_DECLARED - 1) };
}

/** All fields of an event or command, in declared order. Throws UsageError for what cannot go. */
export function writePayload(
  sink: Sink,
  plan: Plan,
  payload: Readonly<Record<string, unknown>>,
): void {
  sink.reset();
  sink.open();
  for (const f of plan.fields) {
    const value = payload[f.name];
    if (value === undefined) throw new UsageError(`${plan.name}.${f.name} is missing`);
    writeWhole(sink, f.spec, f.contexts.value, value);
  }
  sink.close();
}

export function readPayload(source: Source, plan: Plan): Record<string, unknown> {
  const payload: Record<string, unknown> = {};
  source.open();
  for (const f of plan.fields)
    payload[f.name] = readValue(source, f.spec, f.contexts.value, undefined);
  source.close();
  return payload;
}

/** An answer: the value as ready MessagePack, or the reason of a refusal as text. */
export function writeReply(out: MsgpackWriter, id: number, ok: boolean, value: Uint8Array): void {
  out.arrayHeader(4);
  out.int(FrameType.Reply);
  out.int(id);
  out.bool(ok);
  out.raw(value);
}

export function readReply(from: MsgpackReader): { id: number; ok: boolean; value: unknown } {
  const reply = { id: from.int(0, MAX_TICK), ok: from.bool(), value: from.value() };
  if (!reply.ok && typeof reply.value !== 'string') badValue('a refusal without its reason');
  return reply;
}

export function writePing(out: MsgpackWriter, id: number, timeMs: number): void {
  out.arrayHeader(3);
  out.int(FrameType.Ping);
  out.int(id);
  out.float(timeMs);
}

export function readPing(from: MsgpackReader): { id: number; timeMs: number } {
  return { id: from.int(0, MAX_TICK), timeMs: from.float() };
}

/**
 * `tick` is the answerer's fractional tick at that moment; a client, which has no tick of its own,
 * says 0.
 */
export function writePong(out: MsgpackWriter, id: number, timeMs: number, tick: number): void {
  const whole = Math.floor(tick);
  out.arrayHeader(5);
  out.int(FrameType.Pong);
  out.int(id);
  out.float(timeMs);
  out.int(whole);
  out.int(Math.floor((tick - whole) * FRACTION_UNITS));
}

/** Units of a tick in a PONG: 1/1024 of 50 ms is 0.05 ms, below what a clock can be known to. */
const FRACTION_UNITS = 1024;

export function readPong(from: MsgpackReader): { id: number; timeMs: number; tick: number } {
  const id = from.int(0, MAX_TICK);
  const timeMs = from.float();
  const whole = from.int(0, MAX_TICK);
  return { id, timeMs, tick: whole + from.int(0, FRACTION_UNITS - 1) / FRACTION_UNITS };
}

export function writeBye(out: MsgpackWriter, code: number, reason: string): void {
  out.arrayHeader(3);
  out.int(FrameType.Bye);
  out.int(code);
  out.str(reason.slice(0, MAX_REASON_CHARS));
}

export function readBye(from: MsgpackReader): { code: number; reason: string } {
  return { code: from.int(1000, 4999), reason: from.str(MAX_REASON_CHARS * 3) };
}

export function writeResync(out: MsgpackWriter): void {
  out.arrayHeader(1);
  out.int(FrameType.Resync);
}

/** Elements after the type, by frame type: a frame of another length is refused unread. */
const ELEMENTS: readonly (readonly [least: number, most: number])[] = [
  // Any length: another version may have another, and is to be told so (readHello).
  [1, 8], // Hello
  [7, 8], // Welcome
  [4, 6], // State
  [4, 4], // Input
  [1, 1], // Ack
  [3, 3], // Event
  [3, 3], // Command
  [3, 3], // Reply
  [2, 2], // Ping
  [4, 4], // Pong
  [3, 3], // Tables
  [2, 2], // Bye
  [0, 0], // Resync
  [2, 2], // Moved
  [2, 2], // Digest
  [3, 3], // Report
  [4, 4], // Listing
  [3, 3], // Continuity
  [1, 1], // Renew
  [1, 1], // Expiry
  [4, 4], // Waiting
];

/** Elements whose number a reader is willing to tell; none of our frames comes near it. */
const MAX_COUNT = 0xffff;

/** Opens a frame: its type, and in `elements` how many elements follow. */
export function readFrame(from: MsgpackReader, frame: { elements: number }): FrameType {
  const count = from.arrayHeader(MAX_COUNT);
  const type = count > 0 ? from.int() : -1;
  const range = ELEMENTS[type] as readonly [number, number] | undefined;
  frame.elements = count - 1;
  if (!range || frame.elements < range[0] || frame.elements > range[1])
    badFrame(`a frame of type ${type} with ${count} elements`);
  return type as FrameType;
}
