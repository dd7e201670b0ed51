// What a player was shown when it pulled the trigger: which moment that was, how far back its line
// allows, and the shots that take their time along. Called by the room at each STATE and by games
// through room.rewind and room.launch; the past itself is kept by rewind-history and shown by
// rewound. Trap: a look may rewind again, so each depth has a view of its own.
import {
  type Game,
  guessedMotionMs,
  MOST_GUESSED_MS,
  type Row,
  type RowBase,
} from '@tickwire/protocol';
import { type Sent, SentHistory } from './rewind-history.ts';
import { type Moment, Rewound } from './rewound.ts';
import type { LaunchOptions, RewindOptions, RoomLog } from './room-api.ts';
import { RoomSeat } from './seat.ts';
import type { World } from './world.ts';

/**
 * Ms beyond round trip and send interval that a seat may look back: what a client's shown delay and
 * input lead may add for jitter (DESIGN 13.6).
 */
const JITTER_MS = 250;

/** Ms in which a shot comes from its shooter's time to the present: NETCODE 3.5. */
const DEFAULT_OVER_MS = 200;

/** Something on its way from its shooter's time to the present. Ticks. */
export interface Launch {
  readonly behind: number;
  readonly born: number;
  readonly hold: number;
  readonly over: number;
  readonly seat: RoomSeat;
}

export interface RewindSetting {
  readonly game: Game;
  readonly world: World;
  readonly log: RoomLog;
  /** Ticks from one STATE to the next. */
  readonly every: number;
  /** Ms that anybody may look back. */
  readonly mostMs: number;
  /** Seats see all there is: nothing is asked of their known sets. */
  readonly seesAll: boolean;
  readonly seat: (id: number) => RoomSeat | undefined;
}

export class Rewind {
  /**
   * Looks into the past, and those that reached no further than the line allows, since the start.
   */
  looks = 0;
  capped = 0;
  readonly #setting: RewindSetting;
  readonly #history: SentHistory;
  readonly #tickMs: number;
  /** By depth of calls. */
  readonly #views: Rewound[] = [];
  /** By entity. */
  readonly launches = new Map<number, Launch>();
  #depth = 0;

  constructor(setting: RewindSetting) {
    const { game, mostMs, every } = setting;
    this.#setting = setting;
    this.#tickMs = 1000 / game.tickRate;
    // One more at either end: what lies between two STATEs needs both.
    const length = Math.ceil(mostMs / this.#tickMs / every) + 2;
    this.#history = new SentHistory(game, length, every);
  }

  /** The world was rounded for the STATE of `tick`. */
  remember(tick: number): void {
    const { world } = this.#setting;
    this.#history.push(tick, world.tables);
    if (this.launches.size > 0) this.#forgetArrived(tick);
  }

  look<T>(who: RoomSeat | RowBase, look: (past: Rewound) => T, options: RewindOptions = {}): T {
    this.#views[this.#depth] ??= new Rewound(this.#setting.game, this.#setting.world);
    const view = this.#views[this.#depth++];
    try {
      return look(view.turn(this.#momentOf(who, options)));
    } finally {
      this.#depth--;
    }
  }

  launch(row: RowBase, by: RoomSeat | RowBase, options: LaunchOptions = {}): void {
    const { world } = this.#setting;
    const from = this.launches.get((by as RowBase).id);
    const seat = from && !(by instanceof RoomSeat) ? from.seat : this.#seatOf(by);
    const behind = world.tick - this.#momentOf(by, {}).tick;
    if (!seat || behind <= 0) return;
    // The least of late: a pong that was held back gains nothing.
    const { holdMs = seat.clock.rttMinMs / 2, overMs = DEFAULT_OVER_MS } = options;
    this.launches.set(row.id, {
      behind,
      born: world.tick,
      hold: holdMs / this.#tickMs,
      over: overMs / this.#tickMs,
      seat,
    });
  }

  /** The moment of a look: of a shot on its way, of a seat, or the present. */
  #momentOf(who: RoomSeat | RowBase, { unseen = false }: RewindOptions): Moment {
    const launch = who instanceof RoomSeat ? undefined : this.launches.get(who.id);
    if (launch) return this.#atTick(this.#tickOf(launch), launch.seat, false);
    const seat = this.#seatOf(who);
    const shown = seat?.inputs.shownTick ?? Number.NaN;
    // Whoever made no input yet was shown nothing.
    if (!seat || Number.isNaN(shown)) return this.#present(seat);
    this.looks++;
    const earliest = this.#earliest(seat, shown);
    const tick = Math.max(shown, earliest);
    const sighted = !unseen && !this.#setting.seesAll;
    const moment = this.#guessed(seat, tick, sighted) ?? this.#asShown(seat, tick, sighted);
    // What it had by its own word, or was sent as it let us, reaches back no further than the rest.
    return moment.tick >= earliest ? moment : this.#atTick(earliest, seat, sighted);
  }

  #seatOf(who: RoomSeat | RowBase): RoomSeat | undefined {
    return who instanceof RoomSeat ? who : this.#setting.seat((who as Row).owner);
  }

  /** Between the two STATEs that the seat's browser blended. */
  #asShown(seat: RoomSeat, tick: number, sighted: boolean): Moment {
    const history = this.#history;
    const { newest, oldest } = history;
    if (!newest || !oldest) return this.#present(seat);
    const { every } = this.#setting;
    const first = Math.max(seat.told.before(Math.min(tick, newest.tick), every), oldest.tick);
    const older = history.at(first) ?? newest;
    // Past the newest it was sent there is nothing: it guessed.
    const newer = history.at(seat.told.after(older.tick, every)) ?? older;
    const span = newer.tick - older.tick;
    const shown = Math.min(Math.max(tick, older.tick), newer.tick);
    const fraction = span > 0 ? (shown - older.tick) / span : 0;
    return { tick: shown, older, newer, fraction, guessedSeconds: 0, seat, sighted };
  }

  /** After the newest STATE that the seat's browser had: what it made of the two before. */
  #guessed(seat: RoomSeat, tick: number, sighted: boolean): Moment | undefined {
    const { knownTick } = seat.inputs;
    if (!(tick > knownTick)) return undefined;
    const { every } = this.#setting;
    const older = this.#history.at(knownTick);
    const newer = older && this.#history.at(seat.told.before(knownTick - 1, every));
    if (!older || !newer) return undefined;
    const motionMs = guessedMotionMs((tick - knownTick) * this.#tickMs);
    const fraction = motionMs / this.#tickMs / (knownTick - newer.tick);
    const last = Math.min(tick, knownTick + MOST_GUESSED_MS / this.#tickMs);
    return { tick: last, older, newer, fraction, guessedSeconds: motionMs / 1000, seat, sighted };
  }

  /** All there was at a fractional tick, up to the present. */
  #atTick(tick: number, seat: RoomSeat, sighted: boolean): Moment {
    const { world, every } = this.#setting;
    const history = this.#history;
    const { newest, oldest } = history;
    if (!newest || !oldest || tick >= world.tick) return this.#present(seat);
    const from = Math.max(Math.floor(tick / every) * every, oldest.tick);
    const older: Sent = history.at(from) ?? newest;
    const newer = history.at(older.tick + every);
    const end = newer?.tick ?? world.tick;
    const fraction = Math.max(tick - older.tick, 0) / (end - older.tick);
    return { tick, older, newer, fraction, guessedSeconds: 0, seat, sighted };
  }

  #present(seat: RoomSeat | undefined): Moment {
    const { tick } = this.#setting.world;
    const nothing = { older: undefined, newer: undefined, fraction: 0, guessedSeconds: 0 };
    return { tick, ...nothing, seat, sighted: false };
  }

  /** The tick of a shot's surroundings: behind by less and less. */
  #tickOf({ behind, born, hold, over }: Launch): number {
    const { tick } = this.#setting.world;
    const gone = tick - born - hold;
    const share = gone <= 0 ? 1 : over > 0 ? Math.max(1 - gone / over, 0) : 0;
    return tick - behind * share;
  }

  #forgetArrived(tick: number): void {
    for (const [id, { born, hold, over }] of this.launches)
      if (tick - born > hold + over) this.launches.delete(id);
  }

  /**
   * Earliest tick that a seat may look back to: what its measured line allows (DESIGN 13.6),
   * counted from when its input arrived, for what that waited here is no claim of the client's. By
   * the least round trip of late: a client that holds back some pongs gains nothing, one that holds
   * back all of them is taken for far away, and gets the limit at most.
   */
  #earliest(seat: RoomSeat, shown: number): number {
    const { mostMs, every, world, log } = this.#setting;
    const now = world.tick - 1;
    // Nothing where no input came in time.
    const waited = Math.max(now - seat.inputs.cameTick, 0) || 0;
    const lineMs = seat.clock.rttMinMs + this.#tickMs * every + JITTER_MS;
    const reachMs = Math.min(mostMs, lineMs + waited * this.#tickMs);
    const earliest = now - reachMs / this.#tickMs;
    if (shown >= earliest) return earliest;
    this.capped++;
    // The first, the tenth, the hundredth: enough to be seen, too few to fill a disk.
    if (Number.isInteger(Math.log10(++seat.rewindsCapped))) {
      const shownMs = Math.round((now - shown) * this.#tickMs);
      const what = {
        seat: seat.id,
        times: seat.rewindsCapped,
        shownMs,
        reachMs: Math.round(reachMs),
      };
      log.info(what, `rewind capped: seat ${seat.id} was shown more than its line allows`);
    }
    return earliest;
  }
}
