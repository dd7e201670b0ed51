// The way in for pages: connect() and the handle it gives. Types everything by the game's
// declaration and ties a session to the browser it runs in (clock, timers, sockets, page life). The
// only file of the core that touches ambient time.
import {
  type ArgsOf,
  type CommandFields,
  type CommandReply,
  type CommandsOf,
  checkOptions,
  checkTicks,
  type EventsOf,
  type Game,
  type InputFieldsOf,
  type InputOf,
  type Link,
  type PayloadOf,
  UsageError,
  type Waiting,
} from '@tickwire/protocol';
import { LEAVE_MS } from './limits.ts';
import { Session } from './session.ts';
import { openLink, type SocketConstructor } from './socket-link.ts';
import type { Status } from './status.ts';
import type { View } from './view.ts';
import type { Inspect, Traffic } from './wire.ts';

export interface ConnectOptions<G> {
  /**
   * ws:, wss:, http: or https: address of the server, or of any of several: the client goes to the
   * one that has the room, and comes back here when that is gone. Default: where the page came
   * from.
   */
  url?: string;
  /** A kind of room (the server finds or opens one) or a room's id. */
  room: string;
  /**
   * For the game's `authenticate`; a function is asked anew for each new seat, and in time before
   * what it gave expires.
   */
  token?: string | (() => string | Promise<string>);
  /**
   * `upgrade`: the handshake brings the ticket, a token, or the resume key, as a subprotocol, so
   * that who may not play gets no socket. `serve()` has an option of the same name that insists on
   * it. Default 'seat': the first frame brings it.
   */
  authenticateBefore?: 'upgrade' | 'seat';
  /** A one-use ticket from POST /rooms/:kind, used for the first join. */
  ticket?: string;
  /** Reads the controls; called at every view() and once a tick. Left out: no input is sent. */
  sample?: () => InputOf<InputFieldsOf<G>>;
  /**
   * Ticks after which own actions are shown, 0..60. What is shown later is predicted less, and so
   * corrected less. No more than there is to predict on the line as it is. Default 0.
   */
  inputDelayTicks?: number;
  /**
   * Ticks that one's own are shown ahead of the newest STATE; on a line that wants more, own
   * actions are shown later instead. Default: what the line wants, and at most 128 while it stands
   * still.
   */
  maxPredictTicks?: number;
  /**
   * Ticks of input in one message, 1..8. 2 sends half the messages, which are mostly envelope, and
   * costs a tick of input lead. Default 1.
   */
  ticksPerMessage?: number;
  /**
   * In a waiting queue: called at once, when something of it changes, about once a second at most,
   * and every two seconds where nothing does, until the match is found. Does not say that it is:
   * then the promise resolves.
   */
  onWaiting?: (waiting: Waiting) => void;
  /** Ends the session as `leave` does, or the wait for it: `connect` rejects, reason `left`. */
  signal?: AbortSignal;
  /** Watch without input. */
  spectate?: boolean;
  /** Constructor of sockets; default: the global WebSocket. In Node 20 pass ws'. */
  WebSocket?: unknown;
  /** Wraps the line, as the network simulator does. */
  link?: (link: Link) => Link;
  /** Longest wait between two attempts to resume, ms. Default 15,000. */
  retryCapMs?: number;
  /** Ms without a line after which the session gives up (status lost). Default 5 minutes. */
  giveUpMs?: number;
  /**
   * For development: findDesyncs() of @tickwire/client/desync compares what is received with what
   * the server meant, and names what differs.
   */
  inspect?: Inspect;
  /** For tests: monotonic ms, delayed calls, and the seed of the backoff's jitter. */
  now?: () => number;
  later?: (ms: number, run: () => void) => () => void;
  seed?: number;
}

/** Every option there is. */
const OPTIONS = {
  url: 0,
  room: 0,
  token: 0,
  authenticateBefore: 0,
  ticket: 0,
  sample: 0,
  inputDelayTicks: 0,
  maxPredictTicks: 0,
  ticksPerMessage: 0,
  onWaiting: 0,
  signal: 0,
  spectate: 0,
  WebSocket: 0,
  link: 0,
  retryCapMs: 0,
  giveUpMs: 0,
  inspect: 0,
  now: 0,
  later: 0,
  seed: 0,
} satisfies Record<keyof ConnectOptions<Game>, 0>;

/** How the line and the loops stand. */
export interface Stats extends Traffic {
  /** Round trip and its deviation, ms. */
  readonly rttMs: number;
  readonly jitterMs: number;
  /** How far behind the server others are shown, ms. */
  readonly shownDelayMs: number;
  /** How far ahead of the server input is made, ticks. */
  readonly inputLeadTicks: number;
  /**
   * Least margin of late with which input arrives, ticks; negative: too late. NaN before the first.
   */
  readonly inputMarginTicks: number;
  /** Ticks after which own actions are shown. */
  readonly inputDelayTicks: number;
  /** Own moves the server saw otherwise, by more than a step. */
  readonly corrections: number;
  /** Ms that others stood still for want of news, after what could be guessed of them. */
  readonly frozenMs: number;
  /** Hops of the shown time over a gap, as after a sleep or a long stall. */
  readonly jumps: number;
  /** Ticks stepped by the server, and of those with our input in time. */
  readonly ticks: number;
  readonly ticksInTime: number;
}

/** A session as a page holds it. */
export interface GameClient<G> {
  /** One's seat id: rows of one's own have it as owner. */
  readonly seat: number;
  /** Id of the room, for an invitation. */
  readonly room: string;
  readonly status: Status;
  readonly stats: Stats;
  /** Called at once and at every change; returns what ends it. */
  onStatus(watch: (status: Status) => void): () => void;
  /** Called when the shown time reaches the event's tick; returns what ends it. */
  on<E extends keyof EventsOf<G> & string>(
    event: E,
    handler: (payload: PayloadOf<EventsOf<G>[E]>) => void,
  ): () => void;
  /**
   * Resolves with the game's answer; rejects with CommandError. Runs once at most: a call that a
   * broken line lost is sent again when the seat is resumed.
   */
  call<C extends keyof CommandsOf<G> & string>(
    command: C,
    args: ArgsOf<CommandFields<CommandsOf<G>[C]>>,
  ): Promise<CommandReply<CommandsOf<G>[C]>>;
  /**
   * The world at this instant: others interpolated, oneself predicted. Call it once for each drawn
   * frame.
   */
  view(): View<G>;
  /** The newest snapshot as it came, neither blended nor predicted. */
  newest(): View<G>;
  /** Gives the seat up and closes. */
  leave(): void;
}

/**
 * Joins a room, once there is a match where the room's kind has a waiting queue. Rejects with
 * ConnectError: full, refused, no-room, game-mismatch, unreachable, busy, room-error, left.
 */
export async function connect<G extends { readonly hash: string }>(
  game: G,
  options: ConnectOptions<G>,
): Promise<GameClient<G>> {
  const { room, token, ticket, spectate = false, sample, link = (line: Link) => line } = options;
  const { inputDelayTicks, maxPredictTicks, ticksPerMessage, onWaiting, signal } = options;
  checkOptions('connect', options, OPTIONS);
  signal?.throwIfAborted();
  checkTicks('inputDelayTicks', inputDelayTicks, 0, 60);
  checkTicks('maxPredictTicks', maxPredictTicks, 0, 128);
  checkTicks('ticksPerMessage', ticksPerMessage, 1, 8);
  const Socket = (options.WebSocket ?? globalThis.WebSocket) as SocketConstructor | undefined;
  if (!Socket)
    throw new UsageError('there is no WebSocket here: pass one, connect(game, { WebSocket, ... })');
  const url = options.url ?? globalThis.location?.origin;
  if (!url) throw new UsageError('there is no page here: say where, connect(game, { url, ... })');
  const session = new Session({
    game: game as unknown as Game,
    url,
    room,
    token: typeof token === 'string' ? () => token : token,
    renews: typeof token === 'function',
    ticket,
    offers: options.authenticateBefore === 'upgrade',
    spectate,
    sample,
    feel: { inputDelayTicks, maxPredictTicks, ticksPerMessage },
    onWaiting,
    open: (at, opened, offer) => link(openLink(at, Socket, opened, offer)),
    now: options.now ?? (() => performance.now()),
    later: options.later ?? later,
    seed: options.seed ?? Math.floor(Math.random() * 2 ** 32),
    retryCapMs: options.retryCapMs ?? 15_000,
    giveUpMs: options.giveUpMs ?? 300_000,
    inspect: options.inspect,
  });
  watchPage(session);
  signal?.addEventListener('abort', () => session.leave());
  await session.start();
  return new Handle(session) as unknown as GameClient<G>;
}

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/**
 * Stands still for a moment. Chromium sends a close behind the frames that its network process has
 * not taken yet, and drops it with the page if there are any: the server would see a broken line.
 */
function letFramesLeave(): void {
  for (const endMs = performance.now() + LEAVE_MS; performance.now() < endMs; );
}

/**
 * A page that is put away (bfcache) closes its line and takes its seat up again when it is shown;
 * one that is closed, reloaded or left for good gives it up: nobody else has its resume key.
 */
function watchPage(session: Session): void {
  if (typeof document === 'undefined') return;
  const over = new AbortController();
  const { signal } = over;
  const put = ({ persisted }: PageTransitionEvent) => {
    if (!persisted && session.status.state === 'live') letFramesLeave();
    session.pause(!persisted);
  };
  addEventListener('pagehide', put, { signal });
  addEventListener('pageshow', () => session.wake(), { signal });
  addEventListener('online', () => session.wake(true), { signal });
  // Timers of a hidden page run once a minute: who looks again does not wait for the next attempt.
  const look = () => {
    if (document.visibilityState === 'visible') session.wake();
  };
  document.addEventListener('visibilitychange', look, { signal });
  session.onStatus((status) => {
    if (status.state !== 'closed' && status.state !== 'lost') return;
    over.abort();
    // Nobody else says why the picture stands still; a join that failed is a rejection.
    if (session.seat && !session.isWatched && status.reason !== 'left')
      console.error('tickwire', status);
  });
}

class Handle implements GameClient<never> {
  readonly #session: Session;
  constructor(session: Session) {
    this.#session = session;
  }
  get seat(): number {
    return this.#session.seat;
  }
  get room(): string {
    return this.#session.roomId;
  }
  get status(): Status {
    return this.#session.status;
  }
  get stats(): Stats {
    const { clock, shownTime, inputTime, inputs, prediction, ticks, ticksInTime } =
      this.#session.playback;
    return {
      ...this.#session.traffic,
      rttMs: clock.rttMs,
      jitterMs: clock.jitterMs,
      shownDelayMs: shownTime.delayMs,
      inputLeadTicks: inputTime.lead,
      inputMarginTicks: inputTime.margin,
      inputDelayTicks: inputs.delayTicks,
      corrections: prediction.corrections,
      frozenMs: shownTime.frozenMs,
      jumps: shownTime.jumps,
      ticks,
      ticksInTime,
    };
  }
  onStatus(watch: (status: Status) => void): () => void {
    return this.#session.onStatus(watch);
  }
  on(event: string, handler: (payload: never) => void): () => void {
    return this.#session.on(event, handler);
  }
  call(command: string, args: object): never {
    return this.#session.call(command, args as Record<string, unknown>) as never;
  }
  view(): View<never> {
    return this.#session.view();
  }
  newest(): View<never> {
    return this.#session.playback.drawNewest();
  }
  leave(): void {
    this.#session.leave();
  }
}
