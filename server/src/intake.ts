// What a seated connection says every tick: INPUT and ACK, from their frames into the seat. Keeps
// the positions that these frames count from, and their rate. Part of Playing, which reads the
// frame's head and judges the rest. Trap: one scratch input serves all connections, so a frame
// is read whole before the next. HOT: allocates nothing per message.
import {
  type InputHeader,
  MAX_HELLO_BYTES,
  MAX_TICK,
  type MsgpackReader,
  PackedSource,
  type PlainSource,
  ProtocolError,
  ProtocolErrorCode,
  readInputHeader,
  readInputs,
  SHOWN_UNITS,
} from '@tickwire/protocol';
import { CAME_AT, type InputQueue, KNOWN_AT, SHOWN_AT, STAMPS } from './input-queue.ts';
import { TokenBucket } from './rate-limit.ts';
import type { GameRoom } from './room.ts';
import type { RoomSeat } from './seat.ts';

/** One more than limits need, so that ACKs beside INPUTs pass: a client sends one or the other. */
const ACK_SHARE = 2;
/** Seconds of frames that may come at once. */
const BURST_SECONDS = 2;
/**
 * Bytes that one frame may have: a longer one counts for more. A tick's input has 20 to 60, 300
 * with thirty fields in a plain room; 4,096 at every tick would be a flood of bytes.
 */
const FRAME_BYTES = 256;
/** Before any tick that is ever shown, in 1/SHOWN_UNITS tick; a small integer. */
const NEVER_SHOWN = -(2 ** 31);

const packed = new PackedSource();
const header: InputHeader = { dState: 0, dShown: 0, dFirst: 0 };
/** The input being read: wire values of the tick said last, then of each that follows. */
let said = new Float64Array(16);
/** Where it goes. */
const coming = {
  queue: undefined as InputQueue | undefined,
  /** The tick before. */
  tick: 0,
  /** How much later than the input's tick others are shown, in 1/SHOWN_UNITS tick. */
  shownLate: 0,
};

const stamps = new Float64Array(STAMPS);

/** Takes the input of the next tick. */
function put(): void {
  const tick = ++coming.tick;
  stamps[SHOWN_AT] = tick - coming.shownLate / SHOWN_UNITS;
  coming.queue!.put(tick, said, stamps);
}

export class Intake {
  readonly room: GameRoom;
  readonly seat: RoomSeat;
  readonly #rate: TokenBucket;
  /** Newest input tick said on this line. */
  #inputTick: number;
  /** Said by the client: how much later than the input's tick others are shown. */
  #shownLate = 0;
  /** Newest time that was shown when an INPUT began: what is shown never runs backwards. */
  #shownFirst = NEVER_SHOWN;

  /** For what `seat` says on a new line. `rateFactor`: frames per tick that are let in. */
  constructor(room: GameRoom, seat: RoomSeat, rateFactor: number) {
    this.room = room;
    this.seat = seat;
    this.#inputTick = seat.sentTick;
    const perSecond = room.game.tickRate * rateFactor * ACK_SHARE;
    this.#rate = new TokenBucket(perSecond, perSecond * BURST_SECONDS);
    const { length } = room.game.input.initialWire;
    if (said.length < length) said = new Float64Array(length);
  }

  /** False: there are too many of these frames, or too many bytes in them. */
  allows(nowMs: number, bytes: number): boolean {
    return this.#rate.take(nowMs, Math.ceil(bytes / FRAME_BYTES));
  }

  /** Reads the rest of an INPUT that came at `nowMs`. Throws ProtocolError. */
  takeInputs(reader: MsgpackReader, source: PlainSource, nowMs: number): void {
    const room = this.room;
    readInputHeader(reader, header);
    this.acknowledge(header.dState);
    this.#shownLate += header.dShown;
    this.#inputTick += header.dFirst;
    const shownFirst = (this.#inputTick + 1) * SHOWN_UNITS - this.#shownLate;
    if (shownFirst > this.#shownFirst) this.#shownFirst = shownFirst;
    const { inputs } = this.seat;
    inputs.lastSaid(said);
    coming.queue = inputs;
    coming.tick = this.#inputTick;
    stamps[CAME_AT] = room.schedule.tickAt(nowMs);
    stamps[KNOWN_AT] = this.seat.ackTick;
    coming.shownLate = this.#shownLate - (this.#shownFirst - shownFirst);
    const { input, priors } = room.game;
    if (room.isPacked) {
      const length = reader.passBin(MAX_HELLO_BYTES);
      const { message, position } = reader;
      packed.begin(message, priors.odds, position - length, position);
      readInputs(packed, input, said, put);
      packed.finish();
    } else {
      source.reset();
      readInputs(source, input, said, put);
    }
    reader.end();
    if (coming.tick > MAX_TICK)
      throw new ProtocolError(ProtocolErrorCode.BadState, 'an input for a tick that never comes');
    this.#inputTick = this.seat.inputTick = coming.tick;
  }

  /** The client has applied `dState` more ticks of STATEs. Throws ProtocolError. */
  acknowledge(dState: number): void {
    const seat = this.seat;
    const tick = seat.ackTick + dState;
    if (tick > seat.sentTick)
      throw new ProtocolError(ProtocolErrorCode.BadState, 'a STATE was applied that was not sent');
    seat.acknowledge(tick);
  }
}
