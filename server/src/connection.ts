// One socket's life: HELLO, then a seat, then the end. The one place that catches ProtocolError.
// Checks size, rate, order and state of what comes, and hands it on; the seat outlives it. Driven
// by the transport's callbacks and the shard's sweep.
import {
  type ClockEstimator,
  CloseCode,
  closeCodeOf,
  FrameType,
  type Hello,
  MsgpackReader,
  MsgpackWriter,
  PingSchedule,
  PlainSource,
  ProtocolError,
  ProtocolErrorCode,
  readAck,
  readFrame,
  readHello,
  readPing,
  readPong,
  readReport,
  writeBye,
  writePing,
  writePong,
  writeWelcome,
} from '@tickwire/protocol';
import { CommandDesk } from './commands.ts';
import type { Digests } from './digest.ts';
import { Intake } from './intake.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { TokenBucket } from './rate-limit.ts';
import type { GameRoom } from './room.ts';
import type { Joiner, RoomSeat } from './seat.ts';
import type { Tally } from './tally.ts';
import type { Socket, SocketHandler } from './transport.ts';

/** A join that was turned down, and how the client is told. */
export class JoinRefused extends Error {
  readonly closeCode: CloseCode;
  constructor(closeCode: CloseCode, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

export interface Joined {
  room: GameRoom;
  seat: RoomSeat;
  resumeKey: string;
  /** To be called once the client is known to have the resume key. */
  confirm: (() => void) | undefined;
}

/** What a connection asks of the shard. */
export interface Host {
  readonly limits: Limits;
  readonly tally: Tally;
  now(): number;
  wallClockMs(): number;
  /** Rejects with JoinRefused. */
  join(hello: Hello, line: Joiner): Promise<Joined>;
  closed(connection: Connection, code: number): void;
}

/** A client asks for everything after 2 s of sleep at the soonest, and everything is dear. */
const RESYNC_RATE = 1;
const RESYNC_BURST = 4;
/** A digest comes once a second, and has two answers: that it differs, and how. */
const REPORT_RATE = 2;
const REPORT_BURST = 4;

/**
 * Pings sent as fast as the sweep goes, and ms between those that follow: enough for the round trip
 * that rewind goes by. A client pings more often, for its clock; here each ping, its write and its
 * pong cost a fifth of a seat's tick.
 */
const FIRST_PINGS = 8;
const PING_GAP_MS = 2_000;

type State =
  | { readonly is: 'waiting'; readonly sinceMs: number }
  | { readonly is: 'joining' }
  | ({ readonly is: 'seated' } & Playing)
  | { readonly is: 'closed' };

interface Playing {
  readonly room: GameRoom;
  readonly seat: RoomSeat;
  readonly desk: CommandDesk;
  readonly intake: Intake;
  readonly commands: TokenBucket;
  readonly pongs: TokenBucket;
  readonly resyncs: TokenBucket;
  readonly reports: TokenBucket;
  /** As in Joined, until it was called. */
  confirm: (() => void) | undefined;
}

/**
 * What reads and writes frames serves all connections: each message is read before anything else
 * runs, and what is said is copied before `send` returns. One of each per connection would be cold
 * memory at every message, and old memory that keeps young messages alive.
 */
const reader = new MsgpackReader();
const source = new PlainSource(reader);
const frame = { elements: 0 };
const out = new MsgpackWriter(256);

export class Connection implements Joiner, SocketHandler {
  readonly id: number;
  /** Ids: of the connection, and once seated, of room and seat. */
  about: object;
  readonly #socket: Socket;
  readonly #host: Host;
  #log: Log;
  readonly #pings: TokenBucket;
  readonly #schedule = new PingSchedule();
  #state: State;
  /** A ping goes out with the next STATE. */
  #owesPing = false;
  #pingsSent = 0;
  #pingDueMs = 0;
  /** Whole ms: a small integer stands in the object itself. */
  #heardMs: number;

  constructor(id: number, socket: Socket, host: Host, log: Log) {
    this.id = id;
    this.about = { connection: id };
    this.#socket = socket;
    this.#host = host;
    this.#log = log;
    this.#heardMs = Math.floor(host.now());
    this.#state = { is: 'waiting', sinceMs: this.#heardMs };
    this.#pings = new TokenBucket(host.limits.pingRate, host.limits.pingBurst);
  }

  // From the transport.

  message(bytes: Uint8Array): void {
    try {
      const nowMs = this.#host.now();
      this.#heardMs = Math.floor(nowMs);
      reader.reset(bytes);
      this.#take(readFrame(reader, frame), nowMs);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(closeCodeOf(error), error.code, error.message);
    }
  }

  text(): void {
    this.#refuse(CloseCode.Unsupported, 'text-frame', 'this protocol is binary');
  }

  ping(): void {
    if (!this.#pings.take(this.#host.now())) this.#tooMany('pings');
  }

  close(code: number, reason: string): void {
    if (this.#state.is === 'closed') return;
    this.#ended(code, reason);
    this.#socket.close(code, reason);
  }

  /** The transport's word that the socket is gone; `close` above is ours. */
  closed(code: number, reason: string): void {
    if (this.#state.is === 'closed') return;
    const state = this.#state;
    this.#ended(code, reason);
    if (state.is !== 'seated' || state.seat.line !== this) return;
    // 1000 is the player's own wish; anything else is the line, and the seat waits.
    if (code === CloseCode.Done) state.room.remove(state.seat);
    else state.room.drop(state.seat);
  }

  get open(): boolean {
    return this.#state.is !== 'closed';
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame);
    if (this.#owesPing) this.#ping(this.#host.now());
  }

  cork(run: () => void): void {
    this.#socket.cork(run);
  }

  /** Deadlines and our own pings; called a few times a second. */
  sweep(nowMs: number): void {
    const { handshakeMs, idleMs } = this.#host.limits;
    const state = this.#state;
    if (state.is === 'waiting' && nowMs - state.sinceMs > handshakeMs) {
      this.#refuse(CloseCode.AuthFailed, 'handshake-timeout', 'no HELLO came in time');
    } else if (nowMs - this.#heardMs > idleMs) {
      this.#host.tally.refused('idle-timeout', CloseCode.Lost);
      this.#log.info({ idleMs }, 'cut an idle connection');
      this.#socket.terminate();
    } else if (state.is === 'seated' && nowMs >= this.#pingDueMs) {
      // No STATE took it along since the sweep before: the seat is behind, or the room is slow.
      if (this.#owesPing) this.#ping(nowMs);
      else this.#owesPing = true;
    }
  }

  #ping(nowMs: number): void {
    this.#owesPing = false;
    this.#pingDueMs = ++this.#pingsSent < FIRST_PINGS ? 0 : nowMs + PING_GAP_MS;
    out.reset();
    writePing(out, this.#schedule.sent(nowMs), nowMs);
    this.#socket.send(out.bytes());
  }

  /** Says goodbye in a frame as well, for clients behind a proxy that drops close reasons. */
  farewell(code: number, reason: string): void {
    if (this.#state.is === 'closed') return;
    out.reset();
    writeBye(out, code, reason);
    this.#socket.send(out.bytes());
    this.close(code, reason);
  }

  #take(type: FrameType, nowMs: number): void {
    const state = this.#state;
    switch (state.is) {
      case 'closed':
        return;
      case 'waiting':
        if (type !== FrameType.Hello) this.#unexpected(type);
        this.#hello();
        return;
      case 'joining':
        this.#unexpected(type);
        return;
      case 'seated':
        this.#play(type, state, nowMs);
    }
  }

  #hello(): void {
    const hello = readHello(reader);
    reader.end();
    this.#state = { is: 'joining' };
    this.#host.join(hello, this).then(
      (joined) => this.#welcome(joined),
      (error) => {
        if (error instanceof JoinRefused)
          this.#refuse(error.closeCode, `join-${error.closeCode}`, error.message);
        else {
          this.#log.error({ err: error }, 'joining failed');
          this.#refuse(CloseCode.Overloaded, 'join-error', 'the server could not seat you');
        }
      },
    );
  }

  #welcome({ room, seat, resumeKey, confirm }: Joined): void {
    if (this.#state.is === 'closed') {
      if (seat.line === this) room.drop(seat);
      return;
    }
    const { limits } = this.#host;
    const playing: Playing = {
      room,
      seat,
      desk: new CommandDesk(room, seat, this),
      intake: new Intake(room, seat, limits.inputRateFactor),
      commands: new TokenBucket(limits.commandRate, limits.commandBurst),
      pongs: new TokenBucket(limits.pingRate, limits.pingBurst + limits.idleMs / 500),
      resyncs: new TokenBucket(RESYNC_RATE, RESYNC_BURST),
      reports: new TokenBucket(REPORT_RATE, REPORT_BURST),
      confirm,
    };
    this.#state = Object.assign(playing, { is: 'seated' as const });
    out.reset();
    writeWelcome(out, {
      seat: seat.id,
      tick: seat.sentTick,
      resumeKey,
      serverTimeMs: this.#host.wallClockMs(),
      roomId: room.id,
      sendEvery: room.definition.sendEvery ?? 1,
      packed: room.isPacked,
    });
    this.#socket.send(out.bytes());
    const ids = { room: room.id, seat: seat.id };
    this.about = { ...this.about, ...ids };
    this.#log = this.#log.child(ids);
    this.#log.info('seated');
  }

  #play(type: FrameType, playing: Playing, nowMs: number): void {
    if (playing.confirm) {
      // Whatever a client says after HELLO, it says because WELCOME came.
      playing.confirm();
      playing.confirm = undefined;
    }
    switch (type) {
      case FrameType.Input:
        if (!playing.intake.allows(nowMs)) this.#tooMany('inputs');
        else if (playing.seat.spectator) this.#unexpected(type);
        else playing.intake.takeInputs(reader, source, nowMs);
        return;
      case FrameType.Ack:
        if (!playing.intake.allows(nowMs)) this.#tooMany('acks');
        else this.#takeAck(playing.intake);
        return;
      case FrameType.Command:
        if (!playing.commands.take(nowMs)) this.#tooMany('commands');
        else this.#takeCommand(playing.desk);
        return;
      case FrameType.Ping:
        if (!this.#pings.take(nowMs)) this.#tooMany('pings');
        else this.#answerPing(playing.room, nowMs);
        return;
      case FrameType.Pong:
        if (!playing.pongs.take(nowMs)) this.#tooMany('pongs');
        else this.#takePong(playing.seat.clock, nowMs);
        return;
      case FrameType.Resync:
        if (!playing.resyncs.take(nowMs)) this.#tooMany('resyncs');
        else this.#resync(playing.seat);
        return;
      case FrameType.Report:
        if (!playing.room.digests) this.#unexpected(type);
        else if (!playing.reports.take(nowMs)) this.#tooMany('reports');
        else this.#takeReport(playing.room.digests, playing.seat);
        return;
      default:
        this.#unexpected(type);
    }
  }

  #takeReport(digests: Digests, seat: RoomSeat): void {
    const report = readReport(reader);
    reader.end();
    digests.reported(seat, report);
  }

  #takeCommand(desk: CommandDesk): void {
    source.reset();
    desk.take(reader, source);
  }

  #takeAck(intake: Intake): void {
    const dState = readAck(reader);
    reader.end();
    intake.acknowledge(dState);
  }

  #resync(seat: RoomSeat): void {
    reader.end();
    seat.needsEverything = true;
  }

  #answerPing(room: GameRoom, nowMs: number): void {
    const { id } = readPing(reader);
    reader.end();
    out.reset();
    writePong(out, id, nowMs, Math.max(room.schedule.tickAt(nowMs), 0));
    this.#socket.send(out.bytes());
  }

  #takePong(clock: ClockEstimator, nowMs: number): void {
    const { id } = readPong(reader);
    reader.end();
    const sentMs = this.#schedule.pong(id);
    if (sentMs === undefined) return;
    clock.addPong({ sentMs, receivedMs: nowMs });
    this.#host.tally.rttSeconds.observe((nowMs - sentMs) / 1000);
  }

  #unexpected(type: FrameType): never {
    throw new ProtocolError(ProtocolErrorCode.BadFrame, `a frame of type ${type} may not come now`);
  }

  #tooMany(what: string): void {
    this.#refuse(CloseCode.RateLimit, `rate-limit-${what}`, `too many ${what}`);
  }

  /** The peer's fault: counted, logged, closed. A seat stays for its player to resume. */
  #refuse(code: CloseCode, counter: string, message: string): void {
    const state = this.#state;
    if (state.is === 'closed') return;
    this.#host.tally.refused(counter, code);
    this.#log.info({ code, reason: message }, 'refused a connection');
    this.close(code, message);
    if (state.is === 'seated' && state.seat.line === this) state.room.drop(state.seat);
  }

  #ended(code: number, reason: string): void {
    this.#state = { is: 'closed' };
    this.#log.info({ code, reason }, 'connection closed');
    this.#host.closed(this, code);
  }
}
