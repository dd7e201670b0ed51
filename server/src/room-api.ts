// What the code of a game sees of a room: seats, rows, the past, and what it may ask the room to
// do. Types alone; room.ts and seat.ts are what they are made of. All inferred from the game's
// declaration and from `authenticate` (seat.auth) and `open` (room.data) of its definition.
import type {
  EntityId,
  EventsOf,
  Game,
  InitFields,
  InputFieldsOf,
  InputOf,
  KindName,
  KindsOf,
  LiveRowOf,
  LiveState,
  PastRowOf,
  PayloadOf,
  RowBase,
} from '@tickwire/protocol';
import type { PageOptions } from './boards.ts';
import type { Presence, Standing } from './directory.ts';
import type { Point } from './eyes.ts';

/** A player's place in a room. Outlives its connection for the grace time. */
export interface Seat<G = Game, Auth = unknown> {
  /** 1..65535, unique in its room. */
  readonly id: number;
  /** What `authenticate` returned. */
  readonly auth: Auth;
  /** Watches without input. */
  readonly spectator: boolean;
  /** False while the player's line is down and the grace time runs. */
  readonly connected: boolean;
  /** Round trip as the server measured it, ms; 0 before the first answer. */
  readonly rttMs: number;
  readonly jitterMs: number;
  /** The input of this tick: as sent, or repeated, or untouched. */
  readonly input: InputOf<InputFieldsOf<G>>;
  /** The first row of that kind this seat owns. */
  own<K extends KindName<G>>(kind: K): LiveRowOf<G, K> | undefined;
  owns<K extends KindName<G>>(kind: K): Iterable<LiveRowOf<G, K>>;
  /** Sends the player away, with the reason; the seat is gone, `leave` is called. */
  kick(reason: string): void;
}

/**
 * The world as one player was shown it. Others are blended between the two STATEs that its browser
 * blended, as rounded on the wire; its own entities of kinds with a step are as they are now, for
 * so it sees them. Rows are copies, good until `look` returns; writing to them changes nothing.
 * They have no lists, maps and records. What the seat was not told of is not there.
 */
export interface Past<G> {
  /** Fractional tick. */
  readonly tick: number;
  all<K extends KindName<G>>(kind: K): Iterable<PastRowOf<G, K>>;
  get<K extends KindName<G>>(kind: K, id: EntityId<NoInfer<K>>): PastRowOf<G, K> | undefined;
  /** Rows whose position is within `radius` world units. */
  near<K extends KindName<G>>(
    kind: K,
    x: number,
    y: number,
    radius: number,
  ): Iterable<PastRowOf<G, K>>;
  /**
   * What a shot from one point to another meets of rows that are `radius` world units thick, the
   * nearest first. With a z in both points and in the kind it counts, else the shot is flat.
   */
  ray<K extends KindName<G>>(
    kind: K,
    from: Point,
    to: Point,
    radius: number,
  ): readonly PastHit<PastRowOf<G, K>>[];
}

/** What a ray met. */
export interface PastHit<R> {
  readonly row: R;
  /** World units from where the ray began; 0 where it began inside. */
  readonly distance: number;
}

export interface RewindOptions {
  /** With what the seat was not told of: shots through smoke. Default false. */
  unseen?: boolean;
}

export interface LaunchOptions {
  /** Ms in which the shot stays in its shooter's time. Default: half its least round trip. */
  holdMs?: number;
  /** Ms in which it then comes to the present. Default 200. */
  overMs?: number;
}

/** Whose words a room hears. */
export interface Sender {
  /** Id of the room that said it. */
  readonly room: string;
  /** As it was published: with its topic. */
  readonly channel: string;
}

export interface RoomLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface Room<G = Game, Auth = unknown, Data = unknown> {
  readonly id: string;
  readonly kind: string;
  /** What the room was opened for: a value for each name in the kind's `match.by`. */
  readonly match: Readonly<Record<string, string>>;
  /**
   * True: nobody new comes in but who has a ticket, for the match has begun, say. Seats that are
   * kept are taken up as before.
   */
  locked: boolean;
  /** The tick being computed; between ticks, the next one. Ticks start at 1. */
  readonly tick: number;
  /** Seconds of one tick. */
  readonly dt: number;
  readonly state: LiveState<G>;
  /** What `open` returned, or `load`. */
  readonly data: Data;
  readonly seats: Iterable<Seat<G, Auth>>;
  readonly log: RoomLog;
  /** 0 <= n < 1 from the room's seeded chance: a recorded room replays exactly. */
  random(): number;
  spawn<K extends KindName<G>>(
    kind: K,
    init: InitFields<KindsOf<G>[K]>,
    owner?: Seat<G, Auth>,
  ): LiveRowOf<G, K>;
  despawn(row: RowBase): void;
  /** Hands a row to another seat, or to nobody. */
  give(row: RowBase, owner: Seat<G, Auth> | undefined): void;
  get<K extends KindName<G>>(kind: K, id: EntityId<NoInfer<K>>): LiveRowOf<G, K> | undefined;
  all<K extends KindName<G>>(kind: K): Iterable<LiveRowOf<G, K>>;
  /** Rows whose position is within `radius` world units. */
  near<K extends KindName<G>>(
    kind: K,
    x: number,
    y: number,
    radius: number,
  ): Iterable<LiveRowOf<G, K>>;
  seat(id: number): Seat<G, Auth> | undefined;
  /** Told once, after this tick's STATE, shown when the browser's shown time reaches the tick. */
  emit<E extends keyof EventsOf<G> & string>(
    event: E,
    payload: PayloadOf<EventsOf<G>[E]>,
    to?: { to?: Seat<G, Auth>; near?: RowBase },
  ): void;
  /** Input of the row's owner for this tick; undefined for a row without an owner. */
  inputOf(row: RowBase): InputOf<InputFieldsOf<G>> | undefined;
  /** One step of a row nobody owns, such as a bot's, by the kind's own `step`. */
  step(row: RowBase, input: InputOf<InputFieldsOf<G>>): void;
  /**
   * Runs `look` on the world that the seat (or the row's owner) was shown when it made the input of
   * this tick: what was launched is shown its own time (`launch`), and who is nobody's, or has sent
   * no input yet, the present. Goes back no further than the seat's line allows: from the arrival
   * of its input the least of its late round trips + send interval + 250 ms, and `limits.rewindMs`
   * (1 s) at most.
   */
  rewind<T>(who: Seat<G, Auth> | RowBase, look: (past: Past<G>) => T, options?: RewindOptions): T;
  /**
   * A shot that flies sets out in the time of who fired it: from now on `rewind(row, ...)` gives
   * the world as `by` is shown it, and step by step the present. Does nothing for who sees the
   * present.
   */
  launch(row: RowBase, by: Seat<G, Auth> | RowBase, options?: LaunchOptions): void;
  /**
   * Tells all other rooms whose kind `hears` the channel: plain data of at most 16 KiB. At most
   * once; those of one room in order. A channel is a `name`, or a `name.topic` that those hear who
   * subscribed to it, each 1..64 letters, digits, `_` or `-`.
   */
  publish(channel: string, data?: unknown): void;
  /**
   * Hears `name.topic` from now on, with the handler `hears.name`: in a moment, for other processes
   * must know it. The room keeps its topics in its checkpoints; 1,000 at most, then UsageError.
   */
  subscribe(channel: string): void;
  unsubscribe(channel: string): void;
  /**
   * The rooms that a user (`user` of the definition) has a seat in, whatever their kind and server,
   * private ones too: what players learn of it is up to the game. Undefined while it cannot be
   * told, for the directory is away; never rejects, but throws UsageError for what is no user.
   *
   * The answer comes between ticks, and to a room that went to another process meanwhile not at
   * all. Return the promise from the hook or command that asks: what is thrown after an `await` in
   * a promise that nobody holds ends the process, not the room.
   */
  whereIs(user: string): Promise<readonly Presence[] | undefined>;
  /** As whereIs, of up to 256 users in one question. */
  whereAre(users: readonly string[]): Promise<ReadonlyMap<string, readonly Presence[]> | undefined>;
  /**
   * A user's next score on a board of `serve({ boards })`: a number within +-MAX_SAFE_INTEGER. It
   * is posted in a moment, or once the directory is back, also after the room is over; the log says
   * if it is lost. `once` names the post: of several by that name, of this room for this user,
   * within a day the first counts. A sum wants one, for a room that goes on from a checkpoint may
   * come by the same moment again. Throws UsageError.
   */
  score(board: string, user: string, score: number, options?: { once?: string }): void;
  /**
   * The first `count` (1 to 100, default 10) users of a board after `from` (default 0), of whom
   * each has a place: 1, 2, 3. Those of equal scores stand by the bytes of their users. As for
   * whereIs, undefined where it cannot be told.
   */
  top(board: string, page?: PageOptions): Promise<readonly Standing[] | undefined>;
  /** Undefined for who is not on the board as well. */
  standing(board: string, user: string): Promise<Standing | undefined>;
  /** Runs the declared timer `ticks` ticks from now. */
  after(ticks: number, timer: string, data?: unknown): void;
  /** Closes the room: every seat is told the reason. */
  close(reason: string): void;
}
