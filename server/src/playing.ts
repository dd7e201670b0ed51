// What a seated connection says, frame by frame: each against its rate, then to whom it is for.
// Made by connection.ts when a seat was taken, and gone with the line; the seat outlives it. Throws
// ProtocolError for bytes that are none of ours, which the connection catches.
import {
  FrameType,
  MsgpackReader,
  MsgpackWriter,
  type PingSchedule,
  PlainSource,
  ProtocolError,
  ProtocolErrorCode,
  readAck,
  readPing,
  readPong,
  readRenew,
  readReport,
  writePong,
} from '@tickwire/protocol';
import { CommandDesk } from './commands.ts';
import { Intake } from './intake.ts';
import type { Joined } from './joining.ts';
import type { Limits } from './limits.ts';
import { TokenBucket } from './rate-limit.ts';
import type { Line } from './seat.ts';
import type { Tally } from './tally.ts';

/** A client asks for everything after 2 s of sleep at the soonest, and everything is dear. */
const RESYNC_RATE = 1;
const RESYNC_BURST = 4;
/** A digest comes once a second, and has two answers: that it differs, and how. */
const REPORT_RATE = 2;
const REPORT_BURST = 4;
/** A client brings a new token once in the life of the old one, and after 3 s if that failed. */
const RENEW_RATE = 0.5;
const RENEW_BURST = 4;

/**
 * What reads and writes frames serves all connections: each message is read before anything else
 * runs, and what is said is copied before `send` returns. One of each per connection would be cold
 * memory at every message, and old memory that keeps young messages alive.
 */
export const reader = new MsgpackReader();
const source = new PlainSource(reader);
export const out = new MsgpackWriter(256);

/** What `reader` holds on to where what it read is a secret. */
const NOTHING = new Uint8Array(0);

/** Reads a frame with a secret to its end; the reader keeps none of its bytes. */
export function readSecret<T>(read: (from: MsgpackReader) => T): T {
  const frame = read(reader);
  reader.end();
  reader.reset(NOTHING);
  return frame;
}

/** A connection, as what plays on it sees it. */
export interface PlayedLine extends Line {
  readonly limits: Limits;
  readonly tally: Tally;
  /** Of PING frames and of the WebSocket's own pings together. */
  readonly pings: TokenBucket;
  readonly schedule: PingSchedule;
  /** As send, at once and alone: a ping that is owed waits for a STATE. */
  answer(frame: Uint8Array): void;
  /** The player shows another token. */
  renew(token: string): void;
}

/** One object with its intake: what each message touches stands together. */
export class Playing extends Intake {
  /** As a state of the connection. */
  readonly is = 'seated';
  readonly #line: PlayedLine;
  readonly #desk: CommandDesk;
  readonly #commands: TokenBucket;
  readonly #pongs: TokenBucket;
  readonly #resyncs = new TokenBucket(RESYNC_RATE, RESYNC_BURST);
  readonly #reports = new TokenBucket(REPORT_RATE, REPORT_BURST);
  readonly #renewals = new TokenBucket(RENEW_RATE, RENEW_BURST);
  /** As in Joined. */
  readonly renew: Joined['renew'];
  untilMs: number;
  /** As in Joined, until it was called. */
  #confirm: (() => void) | undefined;

  constructor({ room, seat, untilMs, renew, confirm }: Joined, line: PlayedLine) {
    const { limits } = line;
    super(room, seat, limits.inputRateFactor);
    this.untilMs = untilMs;
    this.renew = renew;
    this.#line = line;
    this.#desk = new CommandDesk(room, seat, line, line.tally);
    this.#commands = new TokenBucket(limits.commandRate, limits.commandBurst);
    this.#pongs = new TokenBucket(limits.pingRate, limits.pingBurst + limits.idleMs / 500);
    this.#confirm = confirm;
  }

  /** Takes the rest of a frame from `reader`. Answers what there is too much of, if anything. */
  take(type: FrameType, nowMs: number): string | undefined {
    if (this.#confirm) {
      // Whatever a client says after HELLO, it says because WELCOME came.
      this.#confirm();
      this.#confirm = undefined;
    }
    switch (type) {
      case FrameType.Input:
        if (!this.allows(nowMs, reader.message.length)) return 'inputs';
        if (this.seat.spectator) unexpected(type);
        this.takeInputs(reader, source, nowMs);
        return undefined;
      case FrameType.Ack:
        if (!this.allows(nowMs, reader.message.length)) return 'acks';
        return this.#takeAck();
      case FrameType.Command:
        if (!this.#commands.take(nowMs)) return 'commands';
        return this.#takeCommand(nowMs);
      case FrameType.Ping:
        if (!this.#line.pings.take(nowMs)) return 'pings';
        return this.#answerPing(nowMs);
      case FrameType.Pong:
        if (!this.#pongs.take(nowMs)) return 'pongs';
        return this.#takePong(nowMs);
      case FrameType.Resync:
        if (!this.#resyncs.take(nowMs)) return 'resyncs';
        return this.#resync();
      case FrameType.Report:
        if (!this.room.digests) unexpected(type);
        if (!this.#reports.take(nowMs)) return 'reports';
        return this.#takeReport();
      case FrameType.Renew:
        if (this.untilMs === Number.POSITIVE_INFINITY) unexpected(type);
        if (!this.#renewals.take(nowMs)) return 'renewals';
        this.#line.renew(readSecret(readRenew));
        return undefined;
      default:
        unexpected(type);
    }
  }

  #takeReport(): undefined {
    const report = readReport(reader);
    reader.end();
    this.room.digests?.reported(this.seat, report);
  }

  #takeCommand(nowMs: number): undefined {
    source.reset();
    this.#desk.take(reader, source, nowMs);
  }

  #takeAck(): undefined {
    const dState = readAck(reader);
    reader.end();
    this.acknowledge(dState);
  }

  #resync(): undefined {
    reader.end();
    this.seat.needsEverything = true;
  }

  #answerPing(nowMs: number): undefined {
    const { id } = readPing(reader);
    reader.end();
    out.reset();
    writePong(out, id, nowMs, Math.max(this.room.schedule.tickAt(nowMs), 0));
    this.#line.answer(out.bytes());
  }

  #takePong(nowMs: number): undefined {
    const { id } = readPong(reader);
    reader.end();
    const sentMs = this.#line.schedule.pong(id);
    if (sentMs === undefined) return;
    this.seat.clock.addPong({ sentMs, receivedMs: nowMs });
    this.#line.tally.rttSeconds.observe((nowMs - sentMs) / 1000);
  }
}

/** Throws ProtocolError: a frame of this type may not come now. */
export function unexpected(type: FrameType): never {
  throw new ProtocolError(ProtocolErrorCode.BadFrame, `a frame of type ${type} may not come now`);
}
