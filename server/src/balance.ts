// Hands rooms over to shards that have much less to do, one after the other, while they are played
// in: rooms stay where they were opened, so servers that come later, or come back, stand idle
// beside full ones. Made by cluster.ts, which asks it every two seconds. Trap: many that are full
// see the same idle one, so that one says itself which rooms it takes, and a room that was taken so
// is not handed on.
import type { AnswerTimes } from './answer-times.ts';
import type { Leases } from './leases.ts';
import type { Log } from './log.ts';
import type { Moving } from './moving.ts';
import type { Others } from './others.ts';
import type { Peers } from './peers.ts';
import type { GameRoom } from './room.ts';
import type { Shard } from './shard.ts';

export interface BalanceOptions {
  shard: Pick<Shard, 'rooms' | 'draining' | 'full'>;
  leases: Pick<Leases, 'hold' | 'settled'>;
  peers: Pick<Peers, 'ask'>;
  others: Pick<Others, 'idlest' | 'loadOf' | 'send'>;
  moving: Pick<Moving, 'move'>;
  /** Of the directory. */
  answerTimes: Pick<AnswerTimes, 'share'> | undefined;
  log: Log;
  /** Of this process with the rooms that it has, as measured: 0..1000, and above it. */
  load: () => number;
  /** Monotonic ms. */
  now: () => number;
  /** 0 <= n < 1. */
  chance: () => number;
}

/** Loads, of 1000: of one that begins to hand rooms over, and of another one that it begins for. */
const BUSY = 800;
const IDLE = 500;
/** Looks in a row at which it is busy before it begins: eight seconds, as long as a load's mean. */
const LOOKS = 4;
/**
 * It goes on until it has EASED left, more than IDLE, so that nobody hands to it then; or another
 * has at most GAP less, ten rooms of 16 players, so that neither a room's way nor what is wrong
 * with either load turns it round. And no other is brought beyond CALM.
 */
const EASED = 650;
const GAP = 150;
const CALM = 700;
/** Looks in a row at which nobody is found before it ends: each is at a few others by chance. */
const MOST_VAIN = 5;
/** Rooms that come here at once, and ms after which one does not come any more. */
const MOST_COMING = 4;
const COMING_MS = 5_000;
/** Ms for which one that came counts as what it was there: as long as a load's mean. */
const MEASURED_MS = 8_000;
/** Ms that a room is left alone: one that has just begun, and one that has come here so. */
const NEW_MS = 60_000;
const TAKEN_MS = 3_600_000;

/** A room that was promised to be taken. */
interface Coming {
  /** Until when it is waited for, or is not measured yet. */
  readonly untilMs: number;
  readonly load: number;
  readonly isHere: boolean;
}

export class Balance {
  readonly #options: BalanceOptions;
  /** Looks in a row at which this shard was busy. */
  #busy = 0;
  /** It has begun to hand rooms over: looks at which it may find nobody, until it ends. */
  #vain = 0;
  /** When each room may be handed over. */
  readonly #fromMs = new WeakMap<GameRoom, number>();
  /** By id. */
  readonly #coming = new Map<string, Coming>();

  constructor(options: BalanceOptions) {
    this.#options = options;
  }

  /** Hands a room over, if it is time and there is a shard for it. Rejects with DirectoryError. */
  async look(): Promise<void> {
    const { shard, others, peers, moving, log, load } = this.#options;
    this.#note();
    const own = load();
    const isCalm = this.#isCalm;
    this.#busy = own >= BUSY && isCalm ? this.#busy + 1 : 0;
    if (own <= EASED || !isCalm) this.#vain = 0;
    if (this.#vain === 0 && this.#busy < LOOKS) return;
    // Without one that may go it does not begin.
    const room = this.#some();
    const to = room && (await others.idlest());
    const theirs = to ? others.loadOf(to) : Number.POSITIVE_INFINITY;
    const isFound = mayTake(theirs, own) && (this.#vain > 0 || theirs < IDLE);
    this.#vain = isFound ? MOST_VAIN : Math.max(this.#vain - 1, 0);
    if (!isFound || !to || !room) return;
    if ((await peers.ask(to.id, 'takeOne', room.id, own, own / shard.rooms.size)) !== true) return;
    others.send(to);
    const isThere = !room.over && (await moving.move(room, to));
    log.info({ room: room.id, to: to.id, load: own, theirs, isThere }, 'handed a room over');
  }

  /** Whether this shard takes a room of so much load from one that has `theirs`. */
  takeOne(id: string, theirs: number, load: number): boolean {
    this.#note();
    const { shard, now } = this.#options;
    const coming = [...this.#coming.values()].filter(({ isHere }) => !isHere);
    const isFull = shard.full || coming.length >= MOST_COMING;
    if (isFull || !this.#isCalm || !mayTake(this.#expected + load, theirs)) return false;
    this.#coming.set(id, { untilMs: now() + COMING_MS, load, isHere: false });
    return true;
  }

  /** Load with what comes, and what has come and is not measured yet. */
  get #expected(): number {
    const { shard, load } = this.#options;
    const own = load();
    const ofRoom = own / Math.max(shard.rooms.size, 1);
    let expected = own;
    for (const room of this.#coming.values())
      expected += room.isHere ? Math.max(room.load - ofRoom, 0) : room.load;
    return expected;
  }

  /** Nothing else is amiss: the directory answers, and this shard goes on. */
  get #isCalm(): boolean {
    const { shard, leases, answerTimes } = this.#options;
    const answers = (answerTimes?.share('join') ?? 1) === 1;
    return answers && !shard.draining && leases.hold && leases.settled;
  }

  /** Since when rooms are here, and how they came. */
  #note(): void {
    const { shard, now } = this.#options;
    const nowMs = now();
    for (const [id, { untilMs }] of this.#coming) if (untilMs < nowMs) this.#coming.delete(id);
    for (const room of shard.rooms.values()) {
      if (this.#fromMs.has(room)) continue;
      const came = this.#coming.get(room.id);
      this.#fromMs.set(room, nowMs + (came ? TAKEN_MS : NEW_MS));
      if (!came) continue;
      this.#coming.set(room.id, { ...came, untilMs: nowMs + MEASURED_MS, isHere: true });
    }
  }

  /** One that may go, by chance: the mean of those is what a room is taken for. */
  #some(): GameRoom | undefined {
    const { shard, now, chance } = this.#options;
    const nowMs = now();
    const may = [...shard.rooms.values()].filter(
      (room) => room.failover === 'restore' && !room.over && this.#fromMs.get(room)! <= nowMs,
    );
    return may[Math.floor(chance() * may.length)];
  }
}

function mayTake(load: number, from: number): boolean {
  return load < CALM && from - load > GAP;
}
