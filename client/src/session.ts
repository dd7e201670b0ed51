// One player's session: joins, resumes when the line breaks, and ends, over as many connections as
// it takes. Between the wire and playback. A union of states, one shape each; timers and clock are
// passed in, so that tests run it in virtual time.
import {
  CloseCode,
  Credential,
  type Game,
  type Link,
  PingSchedule,
  PROTOCOL_VERSION,
  Random,
  reactionTo,
  type StateHeader,
  UsageError,
  type Welcome,
} from '@tickwire/protocol';
import { Playback } from './playback.ts';
import { CommandError, ConnectError, connectReason, endReason, type Status } from './status.ts';
import type { RowsView } from './view.ts';
import { type Traffic, Wire, type WireEvents } from './wire.ts';

/**
 * First wait before an attempt, ms; doubles to the cap, and each wait is a random part of it, so
 * that a crowd spreads.
 */
const RETRY_BASE_MS = 500;
/**
 * Attempts of the very first join before it counts as unreachable: a split handshake may fail once
 * (HOSTILE 5.2).
 */
const FIRST_ATTEMPTS = 3;
/** Wait after 1013: the server said it has no capacity. */
const BUSY_MS = 5_000;
/** An attempt that has not brought a STATE by then is given up. */
const ATTEMPT_MS = 8_000;
/** Silence after which an ACK goes out (DESIGN 13.6). */
const ACK_MS = 250;
/**
 * Silence of the server after which the line counts as down: it sends STATEs every tick and pings
 * every second.
 */
const DEAF_MS = 6_000;
/** A page that did not run for this long asks for everything. */
const SLEPT_MS = 2_000;
/** A healthy line for this long resets the backoff. */
const HEALTHY_MS = 10_000;

export interface SessionOptions {
  game: Game;
  room: string;
  token: (() => string | Promise<string>) | undefined;
  ticket: string | undefined;
  spectate: boolean;
  sample: (() => Readonly<Record<string, unknown>>) | undefined;
  /** Opens a line; `opened` is called when it may be written to. */
  open: (opened: () => void) => Link;
  now: () => number;
  /** Runs later; returns what cancels it. */
  later: (ms: number, run: () => void) => () => void;
  seed: number;
  retryCapMs: number;
  giveUpMs: number;
}

type State =
  | { readonly is: 'joining'; readonly wire: Wire | undefined; readonly fresh: boolean }
  | { readonly is: 'live'; readonly wire: Wire; readonly sinceMs: number }
  | { readonly is: 'waiting' }
  | { readonly is: 'paused' }
  | { readonly is: 'over' };

interface Call {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export class Session {
  readonly playback: Playback;
  readonly traffic: Traffic = {
    bytesIn: 0,
    bytesOut: 0,
    framesIn: 0,
    framesOut: 0,
    inByFrame: {},
    outByFrame: {},
  };
  status: Status = { state: 'connecting' };
  seat = 0;
  roomId = '';
  readonly #options: SessionOptions;
  readonly #random: Random;
  readonly #pings = new PingSchedule();
  readonly #watchers = new Set<(status: Status) => void>();
  readonly #handlers = new Map<string, Set<(payload: never) => void>>();
  readonly #calls = new Map<number, Call>();
  #state: State = { is: 'waiting' };
  #resumeKey: string | undefined;
  #ticket: string | undefined;
  #attempts = 0;
  #brokenMs = 0;
  #heardMs = 0;
  #nextCall = 1;
  #wasLive = false;
  #refreshed = false;
  #cancelRetry = (): void => {};
  /** Forgets the attempt that is under way: nothing that comes of it counts. */
  #abandon = (): void => {};
  #started: Call | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#ticket = options.ticket;
    const happened = (event: number, payload: object) => this.#tell(event, payload);
    const sample = options.spectate ? undefined : options.sample;
    this.playback = new Playback(options.game, { sample, happened });
    this.#pump();
  }

  /** Resolves with the first STATE; rejects with ConnectError. */
  start(): Promise<void> {
    return new Promise<unknown>((resolve, reject) => {
      this.#started = { resolve, reject };
      this.#join(false);
    }) as Promise<void>;
  }

  /** Moves time on and sends what is due. */
  advance(): void {
    const now = this.#options.now();
    const wire = this.#wireOf();
    const elapsed = this.playback.advance(now, (first, ticks, shown) =>
      wire?.inputs(first, ticks, shown),
    );
    if (!wire?.welcomed) return;
    if (elapsed > SLEPT_MS) wire.resync();
    if (now - this.#heardMs > DEAF_MS) {
      wire.close(PAUSED, 'no word from the server');
      this.#broke(CloseCode.Lost, 'no word from the server');
      return;
    }
    if (this.#pings.due(now)) wire.ping(this.#pings.sent(now));
    if (now - wire.sentMs > ACK_MS) wire.acknowledge();
  }

  /** Moves time on and fills the rows for this instant. */
  view(): RowsView {
    this.advance();
    return this.playback.draw(this.#options.now());
  }

  on(event: string, handler: (payload: never) => void): () => void {
    if (!this.#options.game.events.some((plan) => plan.name === event))
      throw new UsageError(`on('${event}'): the game declares no such event`);
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers);
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  onStatus(watch: (status: Status) => void): () => void {
    this.#watchers.add(watch);
    watch(this.status);
    return () => this.#watchers.delete(watch);
  }

  call(command: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const index = this.#options.game.commands.findIndex((plan) => plan.name === command);
    if (index < 0) throw new UsageError(`call('${command}'): the game declares no such command`);
    const state = this.#state;
    if (state.is !== 'live') return Promise.reject(new CommandError('not connected'));
    const id = this.#nextCall++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      state.wire.command(id, index, args);
    });
  }

  /** Gives the seat up. */
  leave(): void {
    this.#end({ state: 'closed', reason: 'left', message: 'you left' }, CloseCode.Done);
  }

  /** The page is put away: the line is closed, the seat kept. */
  pause(): void {
    if (this.#state.is === 'over' || this.#state.is === 'paused') return;
    this.#wireOf()?.close(PAUSED, 'the page is hidden away');
    this.#cancelRetry();
    this.#abandon();
    this.playback.interrupted();
    this.#state = { is: 'paused' };
  }

  /** The page is back, or the machine is online again: no waiting. */
  wake(): void {
    if (this.#state.is !== 'paused' && this.#state.is !== 'waiting') return;
    if (!this.#wasLive && this.#state.is === 'waiting') return;
    this.#brokenMs = this.#options.now();
    this.#attempts = 0;
    this.#cancelRetry();
    this.#retry();
  }

  #wireOf(): Wire | undefined {
    return this.#state.is === 'live' || this.#state.is === 'joining' ? this.#state.wire : undefined;
  }

  /** Opens a line and says HELLO: with the resume key where there is one, else for a new seat. */
  #join(fresh: boolean): void {
    const { game, room, spectate, open, token, later } = this.#options;
    let wire: Wire | undefined;
    let over = false;
    const lost = (code: number, reason: string) => {
      if (over) return;
      over = true;
      cancel();
      this.#broke(code, reason);
    };
    const cancel = later(ATTEMPT_MS, () => {
      if (this.#state.is !== 'joining' || over) return;
      wire?.close(PAUSED, 'no welcome in time');
      lost(CloseCode.Lost, 'no answer from the server');
    });
    this.#abandon = () => {
      over = true;
      cancel();
    };
    const say = async () => {
      const [credential, secret] = await this.#credential(token);
      if (over) return;
      const version = PROTOCOL_VERSION;
      wire?.hello({ version, hash: game.hash, room, credential, secret, spectate });
    };
    const link = open(() => {
      say().catch((error) => {
        wire?.close(PAUSED, 'no token');
        lost(
          CloseCode.AuthFailed,
          error instanceof Error ? error.message : 'the token function failed',
        );
      });
    });
    const events: WireEvents = {
      now: this.#options.now,
      welcomed: (welcome) => this.#welcomed(welcome),
      stated: (tick, header) => {
        cancel();
        this.#stated(tick, header, wire!, fresh);
      },
      happened: (tick, event, payload) => this.playback.happened(tick, event, payload),
      replied: (id, ok, value) => this.#replied(id, ok, value),
      ponged: (id, tick) => this.#ponged(id, tick),
      closed: lost,
    };
    wire = new Wire(game, link, this.playback.received, events, this.traffic);
    this.#state = { is: 'joining', wire, fresh };
  }

  async #credential(
    token: SessionOptions['token'],
  ): Promise<[credential: Credential, secret: string]> {
    if (this.#resumeKey !== undefined) return [Credential.Resume, this.#resumeKey];
    if (this.#ticket !== undefined) {
      const ticket = this.#ticket;
      this.#ticket = undefined;
      return [Credential.Ticket, ticket];
    }
    return [Credential.Token, (await token?.()) ?? ''];
  }

  #welcomed(welcome: Welcome): void {
    const same = welcome.roomId === this.roomId;
    this.roomId = welcome.roomId;
    this.seat = welcome.seat;
    this.#resumeKey = welcome.resumeKey;
    this.#pings.restart();
    this.#heardMs = this.#options.now();
    this.playback.welcomed(welcome, same && welcome.tick >= this.playback.tick);
    this.advance();
  }

  #stated(tick: number, header: StateHeader, wire: Wire, fresh: boolean): void {
    const now = this.#options.now();
    this.#heardMs = now;
    this.playback.stated(tick, header, now);
    if (this.#state.is === 'joining') {
      this.#state = { is: 'live', wire, sinceMs: now };
      this.#wasLive = true;
      this.#refreshed = false;
      this.#setStatus({ state: 'live', fresh });
      this.#started?.resolve(undefined);
      this.#started = undefined;
    } else if (this.#state.is === 'live' && now - this.#state.sinceMs > HEALTHY_MS) {
      this.#attempts = 0;
    }
    this.advance();
  }

  #ponged(id: number, tick: number): void {
    const now = this.#options.now();
    this.#heardMs = now;
    const sentMs = this.#pings.pong(id);
    if (sentMs !== undefined)
      this.playback.clock.addPong({ sentMs, receivedMs: now, remoteTick: tick });
  }

  #replied(id: number, ok: boolean, value: unknown): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (ok) call?.resolve(value);
    else call?.reject(new CommandError(String(value)));
  }

  #tell(event: number, payload: object): void {
    for (const handler of this.#handlers.get(this.#options.game.events[event].name) ?? [])
      handler(payload as never);
  }

  /** The line ended or never stood: what now follows from the code. */
  #broke(code: number, reason: string): void {
    if (this.#state.is === 'over' || this.#state.is === 'paused') return;
    const wasLive = this.#state.is === 'live';
    this.#state = { is: 'waiting' };
    this.playback.interrupted();
    for (const call of this.#calls.values()) call.reject(new CommandError('the line broke'));
    this.#calls.clear();
    if (wasLive) this.#brokenMs = this.#options.now();
    const reaction = reactionTo(code);
    const gone = reaction === 'fresh' || code === CloseCode.TicketSpent;
    if (gone) this.#resumeKey = undefined;
    const again = reaction === 'refresh' && !this.#refreshed && this.#wasLive;
    if (again) this.#refreshed = true;
    if (reaction === 'stop' || (reaction === 'refresh' && !again) || this.#firstFailed(code)) {
      const message = reason || `closed with ${code}`;
      this.#end({ state: 'closed', reason: endReason(code), message }, CloseCode.Done, code);
      return;
    }
    this.#wait(code, reason, reaction === 'move' && this.#attempts === 0);
  }

  /** The very first join tries a few times only, and not at all where the server gave a reason. */
  #firstFailed(code: number): boolean {
    if (this.#wasLive) return false;
    return code !== CloseCode.Lost || this.#attempts + 1 >= FIRST_ATTEMPTS;
  }

  #wait(code: number, reason: string, atOnce: boolean): void {
    const { later, now, retryCapMs, giveUpMs } = this.#options;
    if (this.#wasLive && now() - this.#brokenMs > giveUpMs) {
      const message = reason || 'the server does not answer';
      this.#state = { is: 'over' };
      this.#setStatus({ state: 'lost', reason: message });
      return;
    }
    const most = Math.min(RETRY_BASE_MS * 2 ** Math.min(this.#attempts, 16), retryCapMs);
    const least = code === CloseCode.Overloaded ? BUSY_MS : 0;
    const waitMs = atOnce ? 0 : least + this.#random.next() * most;
    this.#attempts++;
    if (this.#wasLive)
      this.#setStatus({
        state: 'resuming',
        attempt: this.#attempts,
        reason: reason || 'line lost',
      });
    this.#cancelRetry = later(waitMs, () => this.#retry());
  }

  #retry(): void {
    if (this.#state.is === 'over') return;
    this.#join(this.#resumeKey === undefined);
  }

  #end(status: Status, closeCode: number, cause = 0): void {
    if (this.#state.is === 'over') return;
    this.#wireOf()?.close(closeCode, 'done');
    this.#cancelRetry();
    this.#state = { is: 'over' };
    for (const call of this.#calls.values()) call.reject(new CommandError('the session is over'));
    this.#calls.clear();
    this.#setStatus(status);
    const message = status.state === 'closed' ? status.message : '';
    this.#started?.reject(new ConnectError(connectReason(cause), message));
    this.#started = undefined;
  }

  #setStatus(status: Status): void {
    this.status = status;
    for (const watch of this.#watchers) watch(status);
  }

  /** Keeps input and acknowledgements going where nobody draws: once a tick. */
  #pump(): void {
    if (this.#state.is === 'over') return;
    this.advance();
    this.#options.later(1000 / this.#options.game.tickRate, () => this.#pump());
  }
}

/** Close code of a line that is closed while the seat is kept: pages may send 3000 and up. */
const PAUSED = 3001;
