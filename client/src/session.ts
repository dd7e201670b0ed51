// One player's session: joins, resumes when the line breaks, and ends, over as many connections as
// it takes. Between the wire and playback. A union of states, one shape each; timers and clock are
// passed in, so that tests run it in virtual time.
import {
  CLOSE_AUTH_FAILED,
  CLOSE_DONE,
  CLOSE_LOST,
  CLOSE_RESTART,
  type Continuity,
  FrameType,
  type Link,
  PingSchedule,
  PROTOCOL_VERSION,
  Random,
  reactionTo,
  type StateHeader,
  UsageError,
  type Welcome,
} from '@tickwire/protocol';
import { Backoff } from './backoff.ts';
import { Carried } from './carried.ts';
import { Credentials } from './credentials.ts';
import { EventHandlers } from './event-handlers.ts';
import {
  ACK_MS,
  ATTEMPT_MS,
  AWAKE_MS,
  FIRST_ATTEMPTS,
  HEALTHY_MS,
  QUIET_MS,
  SLEPT_MS,
  UNHEARD_MS,
} from './limits.ts';
import { Playback } from './playback.ts';
import type { SessionOptions } from './session-options.ts';
import {
  CommandError,
  ConnectError,
  connectReason,
  endReason,
  messageOf,
  SILENT,
  type Status,
  UNREACHABLE,
} from './status.ts';
import type { RowsView } from './view.ts';
import { FOLLOWED, Whereabouts } from './whereabouts.ts';
import { type Inspector, noTraffic, Wire, type WireEvents } from './wire.ts';

type State =
  | { readonly is: 'joining'; readonly wire: Wire }
  | { readonly is: 'live'; readonly wire: Wire; readonly sinceMs: number }
  | { readonly is: 'waiting' }
  | { readonly is: 'paused' }
  | { readonly is: 'over' };

export class Session {
  readonly playback: Playback;
  readonly traffic = noTraffic();
  status: Status = { state: 'connecting' };
  seat = 0;
  readonly #options: SessionOptions;
  readonly #backoff: Backoff;
  readonly #whereabouts: Whereabouts;
  readonly #pings = new PingSchedule();
  readonly #watchers = new Set<(status: Status) => void>();
  readonly #handlers: EventHandlers;
  readonly #carried: Carried;
  readonly #inspector: Inspector | undefined;
  #state: State = { is: 'waiting' };
  readonly #credentials: Credentials;
  #brokenMs = 0;
  #heardMs = 0;
  /** When the newest ping that was answered was sent. */
  #answeredMs = 0;
  #wasLive = false;
  #refreshed = false;
  #cancelRetry = (): void => {};
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#backoff = new Backoff(new Random(options.seed), options.retryCapMs);
    this.#whereabouts = new Whereabouts(options.url);
    this.#credentials = new Credentials(options);
    this.#handlers = new EventHandlers(options.game);
    const happened = (event: number, payload: object) => this.#handlers.tell(event, payload);
    const sample = options.spectate ? undefined : options.sample;
    this.playback = new Playback(options.game, { ...options.feel, sample, happened });
    this.#carried = new Carried(this.playback.inputs);
    this.#inspector = options.inspect?.(options.game, this.playback.received);
    this.#pump();
  }

  /** Resolves with the first STATE; rejects with ConnectError. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      this.#join();
    });
  }

  /** Moves time on and sends what is due. */
  advance(): void {
    const now = this.#options.now();
    const wire = this.#wireOf();
    const unheard = now - this.#answeredMs > UNHEARD_MS;
    const elapsed = this.playback.advance(now, (first, ticks, shown) =>
      wire?.inputs(first, ticks, shown, unheard),
    );
    if (!wire?.welcomed) return;
    if (elapsed > SLEPT_MS) {
      wire.resync();
      // What came while nobody ran is still to be read: the server is not silent yet.
      this.#heardMs = now - this.#whereabouts.deafMs + AWAKE_MS;
    }
    if (now - this.#heardMs > this.#whereabouts.deafMs) this.#drop(wire, CLOSE_LOST, SILENT);
    else if (!wire.isFull) {
      if (this.#pings.due(now, this.playback.clock.inDoubt)) wire.ping(this.#pings.sent(now));
      if (now - wire.ackedMs > ACK_MS) wire.acknowledge();
      if (this.#credentials.isDue(now)) this.#credentials.renew(now, (token) => wire.renew(token));
    }
  }

  /** The line is given up, the seat kept. */
  #drop(wire: Wire, code: number, reason: string): void {
    wire.close(PAUSED, reason);
    this.#broke(wire, code, reason);
  }

  get roomId(): string {
    return this.#whereabouts.roomId;
  }

  /** Whether anybody but the page's own watcher is told of a change. */
  get isWatched(): boolean {
    return this.#watchers.size > 1;
  }

  /** Moves time on and fills the rows for this instant. */
  view(): RowsView {
    this.advance();
    return this.playback.draw(this.#options.now());
  }

  on(event: string, handler: (payload: never) => void): () => void {
    return this.#handlers.add(event, handler);
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
    if (state.is !== 'live') return Promise.reject(new CommandError('not connected', 'not-sent'));
    return this.#carried.calls.start((id) => state.wire.command(id, index, args));
  }

  /** Gives the seat up. */
  leave(): void {
    this.#end({ state: 'closed', reason: 'left', message: 'you left' });
  }

  /** The page is put away: the line is closed, the seat kept; `gone`: thrown away, the seat too. */
  pause(gone = false): void {
    if (this.#state.is === 'over' || this.#state.is === 'paused') return;
    this.#wireOf()?.close(gone ? CLOSE_DONE : PAUSED, 'the page was put away');
    this.#cancelRetry();
    this.playback.interrupted();
    this.#state = { is: 'paused' };
  }

  /** The page is back: no waiting. `online`: and so is the machine, perhaps elsewhere. */
  wake(online = false): void {
    const wire = this.#wireOf();
    const silentMs = this.#options.now() - this.#heardMs;
    if (online && wire?.welcomed && silentMs > QUIET_MS) this.#drop(wire, CLOSE_LOST, SILENT);
    const { is } = this.#state;
    if (is !== 'paused' && !(is === 'waiting' && this.#wasLive)) return;
    this.#brokenMs = this.#options.now();
    this.#backoff.reset();
    this.#cancelRetry();
    this.#join();
  }

  #wireOf(): Wire | undefined {
    return this.#state.is === 'live' || this.#state.is === 'joining' ? this.#state.wire : undefined;
  }

  /** Opens a line and says HELLO: with the resume key where there is one, else for a new seat. */
  #join(): void {
    const { game, open, later, feel, offers } = this.#options;
    const fresh = this.#wasLive && this.#credentials.resumeKey === undefined;
    const expect = () => later(ATTEMPT_MS, () => this.#unanswered(wire));
    let cancel = expect();
    let wire: Wire | undefined;
    const events: WireEvents = {
      now: this.#options.now,
      welcomed: (welcome) => {
        cancel();
        const found = this.#whereabouts.arrived(welcome);
        if (found) this.#welcomed(welcome, found.isRoom, found.isOwner);
        else this.#drop(wire!, CLOSE_LOST, 'moved');
      },
      waits: (waiting) => {
        cancel();
        cancel = expect();
        // It is there: a line that breaks now is not the first one that fails.
        this.#backoff.reset();
        this.#options.onWaiting?.(waiting);
      },
      moved: ({ url, ticket }) => {
        this.#credentials.sentAway(ticket);
        this.#drop(wire!, this.#whereabouts.follow(url), 'moved');
      },
      stated: (tick, header) => this.#stated(tick, header, wire!, fresh),
      happened: (tick, event, payload) => {
        this.#carried.events++;
        this.playback.happened(tick, event, payload);
      },
      continued: (continuity) => this.#continued(continuity, wire!),
      replied: (id, ok, value) => this.#carried.calls.replied(id, ok, value),
      ponged: (id, tick) => this.#ponged(id, tick),
      expires: (leftMs) => this.#credentials.expires(this.#options.now(), leftMs),
      inspected: (type, rest) => this.#inspector?.take(wire!, type, rest),
      // Whatever still comes of an attempt that was given up is not about this session's line.
      closed: (code, reason) => {
        cancel();
        if (wire) this.#broke(wire, code, reason);
      },
    };
    let link: Link;
    try {
      const offer = offers ? () => this.#credentials.offer(this.#roomName) : undefined;
      link = open(this.#whereabouts.url, () => this.#opened(wire!), offer);
    } catch (error) {
      // An address that cannot be opened (syntax, ws: from an https: page) gets no better.
      cancel();
      const message = messageOf(error, 'the address cannot be opened');
      if (this.#wasLive) this.#broke(undefined, CLOSE_LOST, message);
      else this.#end({ state: 'closed', reason: 'unreachable', message });
      return;
    }
    const { received } = this.playback;
    wire = new Wire(game, link, received, events, this.traffic, feel?.ticksPerMessage);
    this.#state = { is: 'joining', wire };
  }

  #unanswered(wire: Wire | undefined): void {
    if (wire && !wire.welcomed) this.#drop(wire, CLOSE_LOST, 'no answer from the server');
  }

  #opened(wire: Wire): void {
    this.#hello(wire).catch((error) =>
      this.#drop(wire, CLOSE_AUTH_FAILED, messageOf(error, 'the token function failed')),
    );
  }

  /** Of the seat to come back to, or what was asked for. Each server can say where that is. */
  get #roomName(): string {
    return this.#credentials.resumeKey === undefined ? this.#options.room : this.roomId;
  }

  async #hello(wire: Wire): Promise<void> {
    const { game, spectate, offers = false } = this.#options;
    if (this.#credentials.resumeKey === undefined) this.#carried.forget();
    const [credential, secret] = await this.#credentials.hello(offers);
    if (this.#wireOf() !== wire) return;
    const version = PROTOCOL_VERSION;
    const { events } = this.#carried;
    const room = this.#roomName;
    wire.hello({ version, hash: game.hash, room, credential, secret, spectate, events });
  }

  #continued(continuity: Continuity, wire: Wire): void {
    this.#carried.count(continuity);
    const send = (frame: Uint8Array) => wire.say(FrameType.Command, (out) => out.raw(frame));
    if (this.#state.is === 'live') this.#live(false);
    else this.#carried.resume(continuity, send);
  }

  #live(fresh: boolean): void {
    this.#setStatus({ state: 'live', fresh, lostEvents: this.#carried.takeLost() || undefined });
  }

  #welcomed(welcome: Welcome, isRoom: boolean, isOwner: boolean): void {
    const sameTime = isOwner && welcome.tick >= this.playback.tick;
    this.seat = welcome.seat;
    this.#credentials.resumeKey = welcome.resumeKey;
    this.#credentials.expires(0);
    this.#pings.restart();
    this.#heardMs = this.#answeredMs = this.#options.now();
    this.playback.welcomed(welcome, isOwner ? sameTime : isRoom, sameTime);
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
      this.#live(fresh);
      this.#started?.resolve();
      this.#started = undefined;
    } else if (this.#state.is === 'live' && now - this.#state.sinceMs > HEALTHY_MS) {
      this.#backoff.reset();
    }
    this.advance();
  }

  #ponged(id: number, tick: number): void {
    const now = this.#options.now();
    this.#heardMs = now;
    const sentMs = this.#pings.pong(id);
    if (sentMs === undefined) return;
    this.#answeredMs = sentMs;
    this.playback.clock.addPong({ sentMs, receivedMs: now, remoteTick: tick });
  }

  /** The line ended or never stood: what now follows from the code. */
  #broke(wire: Wire | undefined, code: number, reason: string): void {
    if (this.#wireOf() !== wire) return;
    const { now, later, giveUpMs } = this.#options;
    const isLive = this.#state.is === 'live';
    if (isLive) this.#brokenMs = now();
    this.#state = { is: 'waiting' };
    this.playback.interrupted();
    const between = this.#whereabouts.broke(code, isLive && reason !== SILENT);
    const reaction = reactionTo(code);
    if ((reaction === 'fresh' || reaction === 'refresh') && this.#credentials.resumeKey) {
      // The server answers, only the seat is gone: the wait for a new one starts over.
      this.#credentials.resumeKey = undefined;
      this.#backoff.reset();
      this.#whereabouts.forget();
    }
    const again = reaction === 'refresh' && !this.#refreshed && this.#wasLive;
    if (again) this.#refreshed = true;
    if (reaction === 'stop' || (reaction === 'refresh' && !again) || this.#firstFailed(code)) {
      const message = reason || (code === CLOSE_LOST ? UNREACHABLE : `closed with ${code}`);
      this.#end({ state: 'closed', reason: endReason(code), message });
      return;
    }
    if (this.#wasLive && now() - this.#brokenMs > giveUpMs) {
      this.#state = { is: 'over' };
      this.#carried.calls.fail('the server does not answer');
      this.#setStatus({ state: 'lost', reason: reason || 'the server does not answer' });
      return;
    }
    const waitMs = code === FOLLOWED ? 0 : this.#backoff.next(code, between);
    const attempt = this.#backoff.attempts || 1;
    if (this.#wasLive)
      this.#setStatus({ state: 'resuming', attempt, reason: reason || 'line lost' });
    // A watcher may have left or woken it meanwhile. At once is not by a timer: hidden pages' wait.
    if (this.#state.is !== 'waiting') return;
    if (code === FOLLOWED) this.#join();
    else this.#cancelRetry = later(waitMs, () => this.#join());
  }

  /** The very first join tries a few times only, and not at all where the server gave a reason. */
  #firstFailed(code: number): boolean {
    if (this.#wasLive || code === FOLLOWED) return false;
    const goesOn = code === CLOSE_LOST || code === CLOSE_RESTART;
    return !goesOn || this.#backoff.attempts + 1 >= FIRST_ATTEMPTS;
  }

  #end(status: Status & { state: 'closed' }): void {
    if (this.#state.is === 'over') return;
    this.#wireOf()?.close(CLOSE_DONE, 'done');
    this.#cancelRetry();
    this.#state = { is: 'over' };
    this.#carried.calls.fail('the session is over');
    this.#setStatus(status);
    this.#started?.reject(new ConnectError(connectReason(status.reason), status.message));
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
