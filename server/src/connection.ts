// One socket's life: HELLO, then a seat, then the end. The one place that catches ProtocolError.
// Checks size, rate, order and state of what comes, and hands it on; the seat outlives it. Driven
// by the transport's callbacks and the shard's sweep.
import {
  type ClockEstimator,
  CloseCode,
  FrameType,
  type Hello,
  type InputHeader,
  MAX_HELLO_BYTES,
  MsgpackReader,
  MsgpackWriter,
  neutralInput,
  PackedSource,
  PingSchedule,
  PlainSource,
  ProtocolError,
  ProtocolErrorCode,
  readAck,
  readFrame,
  readHello,
  readInputHeader,
  readInputs,
  readPing,
  readPong,
  SHOWN_UNITS,
  writeBye,
  writePing,
  writePong,
  writeWelcome,
} from '@tickwire/protocol';
import { CommandDesk } from './commands.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { TokenBucket } from './rate-limit.ts';
import type { GameRoom } from './room.ts';
import type { Joiner, RoomSeat } from './seat.ts';
import type { Socket } from './transport.ts';

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
  now(): number;
  wallClockMs(): number;
  /** Rejects with JoinRefused. */
  join(hello: Hello, line: Joiner): Promise<Joined>;
  /** Counts a refusal by its code's name. */
  refused(reason: string): void;
  closed(connection: Connection): void;
}

/** One more than limits need, so that ACKs beside INPUTs pass: a client sends one or the other. */
const ACK_SHARE = 2;
/** A client asks for everything after 2 s of sleep at the soonest, and everything is dear. */
const RESYNC_RATE = 1;
const RESYNC_BURST = 4;

type State =
  | { readonly is: 'waiting'; readonly sinceMs: number }
  | { readonly is: 'joining' }
  | ({ readonly is: 'seated' } & Playing)
  | { readonly is: 'closed' };

interface Playing {
  readonly room: GameRoom;
  readonly seat: RoomSeat;
  readonly desk: CommandDesk;
  readonly inputs: TokenBucket;
  readonly commands: TokenBucket;
  readonly pongs: TokenBucket;
  readonly resyncs: TokenBucket;
  readonly previous: Float64Array;
  /** As in Joined, until it was called. */
  confirm: (() => void) | undefined;
  /** Last input tick said; shown delay in 1/SHOWN_UNITS tick. */
  inputTick: number;
  shownDelay: number;
  /** Newest tick shown as any INPUT began: what is shown never runs backwards. */
  shownFirst: number;
  /** What the INPUT being read says less than that, ticks. */
  shownSlip: number;
  /** Fractional tick at which the INPUT being read came. */
  nowTick: number;
  /** Takes the input of the next tick: one function for all frames. */
  readonly put: () => void;
}

export class Connection implements Joiner {
  readonly id: number;
  readonly remoteAddress: string;
  readonly #socket: Socket;
  readonly #host: Host;
  readonly #log: Log;
  readonly #reader = new MsgpackReader();
  readonly #source = new PlainSource(this.#reader);
  readonly #packed = new PackedSource();
  readonly #out = new MsgpackWriter(256);
  readonly #frame = { elements: 0 };
  readonly #input: InputHeader = { dState: 0, dShown: 0, dFirst: 0 };
  readonly #pings: TokenBucket;
  readonly #schedule = new PingSchedule();
  #state: State;
  #heardMs: number;

  constructor(id: number, socket: Socket, host: Host, log: Log) {
    this.id = id;
    this.remoteAddress = socket.remoteAddress;
    this.#socket = socket;
    this.#host = host;
    this.#log = log;
    this.#heardMs = host.now();
    this.#state = { is: 'waiting', sinceMs: this.#heardMs };
    this.#pings = new TokenBucket(host.limits.pingRate, host.limits.pingBurst);
  }

  // From the transport.

  message(bytes: Uint8Array): void {
    try {
      this.#heardMs = this.#host.now();
      this.#reader.reset(bytes);
      this.#source.reset();
      this.#take(readFrame(this.#reader, this.#frame));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(error.closeCode, error.code, error.message);
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
  lost(code: number, reason: string): void {
    if (this.#state.is === 'closed') return;
    const state = this.#state;
    this.#ended(code, reason);
    if (state.is !== 'seated' || state.seat.line !== this) return;
    // 1000 is the player's own wish; anything else is the line, and the seat waits.
    if (code === CloseCode.Done) state.room.remove(state.seat);
    else state.room.drop(state.seat);
  }

  // From the seat.

  get open(): boolean {
    return this.#state.is !== 'closed';
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame);
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
      this.#host.refused('idle-timeout');
      this.#log.info({ idleMs }, 'cut an idle connection');
      this.#socket.terminate();
    } else if (state.is === 'seated' && this.#schedule.due(nowMs)) {
      this.#out.reset();
      writePing(this.#out, this.#schedule.sent(nowMs), nowMs);
      this.#socket.send(this.#out.bytes());
    }
  }

  /** Says goodbye in a frame as well, for clients behind a proxy that drops close reasons. */
  farewell(code: number, reason: string): void {
    if (this.#state.is === 'closed') return;
    this.#out.reset();
    writeBye(this.#out, code, reason);
    this.#socket.send(this.#out.bytes());
    this.close(code, reason);
  }

  #take(type: FrameType): void {
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
        this.#play(type, state);
    }
  }

  #hello(): void {
    const hello = readHello(this.#reader);
    this.#reader.end();
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
    const inputRate = room.game.tickRate * limits.inputRateFactor * ACK_SHARE;
    const playing: Playing = {
      room,
      seat,
      desk: new CommandDesk(room, seat, this),
      inputs: new TokenBucket(inputRate, inputRate * 2),
      commands: new TokenBucket(limits.commandRate, limits.commandBurst),
      pongs: new TokenBucket(limits.pingRate, limits.pingBurst + limits.idleMs / 1000),
      resyncs: new TokenBucket(RESYNC_RATE, RESYNC_BURST),
      previous: neutralInput(room.game.input),
      confirm,
      inputTick: seat.sentTick,
      shownDelay: 0,
      shownFirst: -Infinity,
      shownSlip: 0,
      nowTick: 0,
      put: () => {
        const tick = ++playing.inputTick;
        const shownTick = tick - playing.shownDelay / SHOWN_UNITS + playing.shownSlip;
        seat.inputs.put(tick, playing.previous, playing.nowTick, shownTick);
      },
    };
    this.#state = Object.assign(playing, { is: 'seated' as const });
    this.#out.reset();
    writeWelcome(this.#out, {
      seat: seat.id,
      tick: seat.sentTick,
      resumeKey,
      serverTimeMs: this.#host.wallClockMs(),
      roomId: room.id,
      sendEvery: room.definition.sendEvery ?? 1,
      packed: room.isPacked,
    });
    this.#socket.send(this.#out.bytes());
    this.#log.info({ room: room.id, seat: seat.id }, 'seated');
  }

  #play(type: FrameType, playing: Playing): void {
    // Whatever a client says after HELLO, it says because WELCOME came.
    playing.confirm?.();
    playing.confirm = undefined;
    switch (type) {
      case FrameType.Input:
        if (!playing.inputs.take(this.#heardMs)) this.#tooMany('inputs');
        else this.#takeInputs(playing);
        return;
      case FrameType.Ack:
        if (!playing.inputs.take(this.#heardMs)) this.#tooMany('acks');
        else this.#acknowledge(playing.seat, readAck(this.#reader));
        break;
      case FrameType.Command:
        if (!playing.commands.take(this.#heardMs)) this.#tooMany('commands');
        else playing.desk.take(this.#reader, this.#source);
        return;
      case FrameType.Ping:
        if (!this.#pings.take(this.#heardMs)) this.#tooMany('pings');
        else this.#answerPing(playing.room);
        break;
      case FrameType.Pong:
        if (!playing.pongs.take(this.#heardMs)) this.#tooMany('pongs');
        else this.#takePong(playing.seat.clock);
        break;
      case FrameType.Resync:
        if (!playing.resyncs.take(this.#heardMs)) this.#tooMany('resyncs');
        else playing.seat.needsEverything = true;
        break;
      default:
        this.#unexpected(type);
    }
    if (this.#state.is === 'seated') this.#reader.end();
  }

  #takeInputs(playing: Playing): void {
    const { room, seat } = playing;
    if (seat.spectator) this.#unexpected(FrameType.Input);
    const header = this.#input;
    readInputHeader(this.#reader, header);
    this.#acknowledge(seat, header.dState);
    playing.shownDelay += header.dShown;
    playing.inputTick += header.dFirst;
    const shownFirst = playing.inputTick + 1 - playing.shownDelay / SHOWN_UNITS;
    playing.shownFirst = Math.max(playing.shownFirst, shownFirst);
    playing.shownSlip = playing.shownFirst - shownFirst;
    playing.nowTick = room.schedule.tickAt(this.#heardMs);
    const { input, priors } = room.game;
    if (room.isPacked) {
      const length = this.#reader.passBin(MAX_HELLO_BYTES);
      const { message, position } = this.#reader;
      this.#packed.begin(message, priors.odds, position - length, position);
      readInputs(this.#packed, input, playing.previous, playing.put);
      this.#packed.finish();
    } else readInputs(this.#source, input, playing.previous, playing.put);
    this.#reader.end();
  }

  #acknowledge(seat: RoomSeat, dState: number): void {
    const tick = seat.ackTick + dState;
    if (tick > seat.sentTick)
      throw new ProtocolError(ProtocolErrorCode.BadState, 'a STATE was applied that was not sent');
    seat.acknowledge(tick);
  }

  #answerPing(room: GameRoom): void {
    const { id } = readPing(this.#reader);
    this.#out.reset();
    const tick = Math.max(room.schedule.tickAt(this.#heardMs), 0);
    writePong(this.#out, id, this.#heardMs, tick);
    this.#socket.send(this.#out.bytes());
  }

  #takePong(clock: ClockEstimator): void {
    const { id } = readPong(this.#reader);
    const sentMs = this.#schedule.pong(id);
    if (sentMs !== undefined) clock.addPong({ sentMs, receivedMs: this.#heardMs });
  }

  #unexpected(type: FrameType): never {
    throw new ProtocolError(ProtocolErrorCode.BadFrame, `a frame of type ${type} may not come now`);
  }

  #tooMany(what: string): void {
    this.#refuse(CloseCode.RateLimit, 'rate-limit', `too many ${what}`);
  }

  /** The peer's fault: counted, logged, closed. A seat stays for its player to resume. */
  #refuse(code: CloseCode, counter: string, message: string): void {
    const state = this.#state;
    if (state.is === 'closed') return;
    this.#host.refused(counter);
    this.#log.info({ code, reason: message }, 'refused a connection');
    this.close(code, message);
    if (state.is === 'seated' && state.seat.line === this) state.room.drop(state.seat);
  }

  #ended(code: number, reason: string): void {
    const seat = this.#state.is === 'seated' ? this.#state.seat.id : undefined;
    this.#state = { is: 'closed' };
    this.#log.info({ code, reason, seat }, 'connection closed');
    this.#host.closed(this);
  }
}
