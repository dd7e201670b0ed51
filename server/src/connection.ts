// One socket's life: HELLO, then a seat, then the end. The one place that catches ProtocolError.
// Checks size, rate, order and state of what comes, and hands it on; the seat outlives it. Driven
// by the transport's callbacks and the shard's sweep.
import {
  CloseCode,
  closeCodeOf,
  FrameType,
  type Hello,
  MAX_EXPIRY_MS,
  type Moved,
  PingSchedule,
  ProtocolError,
  readFrame,
  readHello,
  readPong,
  type Waiting,
  writeBye,
  writeContinuity,
  writeExpiry,
  writeMoved,
  writePing,
  writeWaiting,
  writeWelcome,
} from '@tickwire/protocol';
import { expired } from './authenticator.ts';
import { Elsewhere, type Joined, JoinRefused, type Proof } from './joining.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { out, type PlayedLine, Playing, reader, readSecret, unexpected } from './playing.ts';
import { TokenBucket } from './rate-limit.ts';
import type { Joiner } from './seat.ts';
import type { Tally } from './tally.ts';
import type { Socket, SocketHandler } from './transport.ts';

/** What a connection asks of the shard. */
export interface Host {
  readonly limits: Limits;
  readonly tally: Tally;
  now(): number;
  /** Runs ticks that are due, before what has arrived is handled. Answers what `now` says then. */
  keepTime(): number;
  wallClockMs(): number;
  /** Whether one more line of log is to be written about this: a flood is told by its number. */
  says(reason: string): boolean;
  /** Rejects with JoinRefused or Elsewhere. */
  join(hello: Hello, line: Joiner, proof: Proof | undefined): Promise<Joined>;
  closed(connection: Connection, code: number): void;
}

/**
 * Pings sent as fast as the sweep goes, and ms between those that follow: enough for the round trip
 * that rewind goes by. A client pings more often, for its clock; here each ping, its write and its
 * pong cost a fifth of a seat's tick.
 */
const FIRST_PINGS = 8;
const PING_GAP_MS = 2_000;
/**
 * Ms without any frame of who waits for a match: pings go every 2 s, and who is not there would be
 * missed by the others.
 */
const QUEUED_IDLE_MS = 10_000;

type State =
  | { readonly is: 'waiting'; readonly sinceMs: number }
  | { readonly is: 'joining' }
  | { readonly is: 'queued'; readonly leave: () => void }
  | Playing
  | { readonly is: 'closed' };

const frame = { elements: 0 };

export class Connection implements Joiner, PlayedLine, SocketHandler {
  readonly id: number;
  /** Ids: of the connection, and once seated, of room and seat. */
  about: object;
  readonly #socket: Socket;
  readonly #host: Host;
  #log: Log;
  readonly pings: TokenBucket;
  readonly schedule = new PingSchedule();
  #state: State;
  /** Of the handshake, until HELLO. */
  #proof: Proof | undefined;
  /** A ping goes out with the next STATE. */
  #owesPing = false;
  #pingsSent = 0;
  #pingDueMs = 0;
  /** Whole ms: a small integer stands in the object itself. */
  #heardMs: number;

  constructor(id: number, socket: Socket, host: Host, log: Log, proof?: Proof) {
    this.id = id;
    this.about = { connection: id };
    this.#socket = socket;
    this.#host = host;
    this.#log = log;
    this.#proof = proof;
    this.#heardMs = Math.floor(host.now());
    this.#state = { is: 'waiting', sinceMs: this.#heardMs };
    this.pings = new TokenBucket(host.limits.pingRate, host.limits.pingBurst);
  }

  get limits(): Limits {
    return this.#host.limits;
  }

  get tally(): Tally {
    return this.#host.tally;
  }

  // From the transport.

  message(bytes: Uint8Array): void {
    const nowMs = this.#host.keepTime();
    // A tick may have ended this very connection.
    if (this.#state.is === 'closed') return;
    try {
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
    if (!this.pings.take(this.#host.now())) this.#tooMany('pings');
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
    if (state.is !== 'seated') return;
    const { room, seat } = state;
    if (seat.line !== this) return;
    // 1000 is the player's own wish; anything else is the line, and the seat waits.
    if (code === CloseCode.Done) room.remove(seat);
    else room.drop(seat);
  }

  get open(): boolean {
    return this.#state.is !== 'closed';
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame);
    if (this.#owesPing) this.#ping(this.#host.now());
  }

  answer(frame: Uint8Array): void {
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
    } else if (nowMs - this.#heardMs > (state.is === 'queued' ? QUEUED_IDLE_MS : idleMs)) {
      this.#host.tally.refused('idle-timeout', CloseCode.Lost);
      this.#log.info({ idleMs }, 'cut an idle connection');
      this.#socket.terminate();
    } else if (state.is === 'queued' && nowMs >= this.#pingDueMs) {
      this.#ping(nowMs);
    } else if (state.is === 'seated' && nowMs >= state.untilMs) {
      this.#turnDown(expired());
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
    writePing(out, this.schedule.sent(nowMs), nowMs);
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

  move(url: string): void {
    this.#sendAway({ url, ticket: '' });
  }

  /** To another server: no refusal, and nobody's fault. */
  #sendAway(to: Moved): void {
    if (this.#state.is === 'closed') return;
    out.reset();
    writeMoved(out, to);
    this.#socket.send(out.bytes());
    this.#host.tally.moved++;
    this.close(CloseCode.Restart, 'the room lives elsewhere');
  }

  #take(type: FrameType, nowMs: number): void {
    const state = this.#state;
    switch (state.is) {
      case 'closed':
        return;
      case 'waiting':
        if (type !== FrameType.Hello) unexpected(type);
        this.#hello();
        return;
      case 'joining':
        unexpected(type);
        break;
      case 'queued':
        return this.#takePong(type, nowMs);
      case 'seated': {
        const flood = state.take(type, nowMs);
        if (flood !== undefined) this.#tooMany(flood);
      }
    }
  }

  /** The answer to our ping: that somebody is there. */
  #takePong(type: FrameType, nowMs: number): void {
    if (type !== FrameType.Pong) unexpected(type);
    if (!this.pings.take(nowMs)) return this.#tooMany('pongs');
    this.schedule.pong(readPong(reader).id);
    reader.end();
  }

  queued(leave: () => void): void {
    if (this.#state.is !== 'joining') return;
    this.#state = { is: 'queued', leave };
    this.#pingsSent = FIRST_PINGS;
    // A client takes no ping before it knows that it waits.
    this.#pingDueMs = Number.POSITIVE_INFINITY;
  }

  tellWaiting(waiting: Waiting): void {
    if (this.#state.is !== 'queued') return;
    out.reset();
    writeWaiting(out, waiting);
    this.#socket.send(out.bytes());
    if (this.#pingDueMs === Number.POSITIVE_INFINITY) this.#pingDueMs = 0;
  }

  #hello(): void {
    const hello = readSecret(readHello);
    const proof = this.#proof;
    this.#proof = undefined;
    this.#state = { is: 'joining' };
    this.#host
      .join(hello, this, proof)
      .then(
        (joined) => this.#welcome(joined),
        (error) => this.#turnDown(error),
      )
      .catch((error) => this.#turnDown(error));
  }

  #turnDown(error: unknown): void {
    if (error instanceof JoinRefused) this.#refuse(error.closeCode, error.counter, error.message);
    else if (error instanceof Elsewhere) this.#sendAway(error);
    else {
      if (this.#host.says('joining failed')) this.#log.error({ err: error }, 'joining failed');
      this.#refuse(CloseCode.Overloaded, 'join-error', 'the server could not seat you');
    }
  }

  renew(token: string): void {
    const playing = this.#state;
    if (playing.is !== 'seated') return;
    playing.renew(token, this.about).then(
      (untilMs) => {
        playing.untilMs = untilMs;
        if (this.open) this.#tellExpiry(untilMs);
      },
      (error) => this.#turnDown(error),
    );
  }

  #tellExpiry(untilMs: number): void {
    if (untilMs === Number.POSITIVE_INFINITY) return;
    const leftMs = Math.floor(untilMs - this.#host.now());
    out.reset();
    writeExpiry(out, Math.min(Math.max(leftMs, 0), MAX_EXPIRY_MS));
    this.#socket.send(out.bytes());
  }

  #welcome(joined: Joined): void {
    const { room, seat, resumeKey, epoch, continuity } = joined;
    if (this.#state.is === 'closed') {
      if (seat.line === this) room.drop(seat);
      return;
    }
    this.#state = new Playing(joined, this);
    this.#pingsSent = this.#pingDueMs = 0;
    out.reset();
    writeWelcome(out, {
      seat: seat.id,
      tick: seat.sentTick,
      resumeKey,
      serverTimeMs: this.#host.wallClockMs(),
      roomId: room.id,
      sendEvery: room.definition.sendEvery ?? 1,
      packed: room.isPacked,
      roomEpoch: epoch,
    });
    this.#socket.send(out.bytes());
    if (continuity) {
      out.reset();
      writeContinuity(out, continuity);
      this.#socket.send(out.bytes());
    }
    this.#tellExpiry(joined.untilMs);
    const ids = { room: room.id, seat: seat.id };
    this.about = { ...this.about, ...ids };
    this.#log = this.#log.child(ids);
    this.#log.info('seated');
  }

  #tooMany(what: string): void {
    this.#refuse(CloseCode.RateLimit, `rate-limit-${what}`, `too many ${what}`);
  }

  /**
   * The peer's fault: counted, logged, closed. A seat stays for its player to resume, unless it is
   * about who the player is.
   */
  #refuse(code: CloseCode, counter: string, message: string): void {
    const state = this.#state;
    if (state.is === 'closed') return;
    this.#host.tally.refused(counter, code);
    if (this.#host.says(counter)) this.#log.info({ code, reason: message }, 'refused a connection');
    this.close(code, message);
    if (state.is !== 'seated') return;
    const { room, seat } = state;
    if (seat.line !== this) return;
    // Who may not be here any more does not come back by a resume key.
    if (code === CloseCode.AuthFailed) room.remove(seat);
    else room.drop(seat);
  }

  #ended(code: number, reason: string): void {
    const state = this.#state;
    const seated = state.is === 'seated';
    this.#state = { is: 'closed' };
    if (state.is === 'queued') state.leave();
    if (seated || this.#host.says('closed before a seat'))
      this.#log.info({ code, reason }, 'connection closed');
    this.#host.closed(this, code);
  }
}
