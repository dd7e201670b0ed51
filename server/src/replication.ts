// What each seat must be told this tick, and whether its line can take it. Called by room.ts after
// visibility; writes through protocol's body-writer; the only reader of a seat's unacknowledged
// bytes. Seats in the same position share one encoded body. HOT: allocates nothing per tick.
import {
  BY_SLOT,
  type CodingTables,
  KnownSet,
  MAX_STEP_TICKS,
  MsgpackWriter,
  NEVER,
  PackedSink,
  PlainSink,
  type Since,
  type Sink,
  SlotList,
  type StateHeader,
  tableChanges,
  writeBody,
  writeContinuity,
  writeEventHeader,
  writeOwnBody,
  writeStateHeader,
  writeTables,
} from '@tickwire/protocol';
import { Arrivals } from './arrivals.ts';
import { Budget, type BudgetOptions } from './budget.ts';
import { packCold } from './cold.ts';
import type { RoomLimits } from './define-room.ts';
import type { Point } from './eyes.ts';
import type { Line, RoomSeat } from './seat.ts';
import { TableLearner } from './table-learner.ts';
import { Distribution } from './tally.ts';
import { updateShared, type Visibility } from './visibility.ts';
import type { World } from './world.ts';

/**
 * Bodies of one tick that seats at different positions share; more positions than this are encoded
 * one by one.
 */
const MAX_BODIES = 32;

/** Ticks that a seat's inputs come before they are needed; below 0 they come too late. */
export const MARGIN_BOUNDS = [-8, -4, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 8, 16] as const;

/** A seat that waits longer is told everything: with the STATE after it a step may be too long. */
const LONGEST_WAIT_TICKS = MAX_STEP_TICKS - 255;

interface Body {
  since: number;
  from: number;
  to: number;
}

export interface SendTime {
  tick: number;
  /** When within the tick this is, 0..1. */
  sentAt: number;
  nowMs: number;
}

export interface ReplicationOptions {
  /** Undefined: everybody sees everything, and one body serves all seats in step. */
  visibility: Visibility<RoomSeat> | undefined;
  limits: RoomLimits;
  /** The game's odds, where bodies are packed. */
  priors: CodingTables | undefined;
  /** Whether odds may be learnt from what is sent. */
  learns: boolean;
  /** By kind: how much its arrival matters. Undefined: a seat is told of all at once. */
  arrivalWeights?: Float64Array | undefined;
  /** Bytes a seat gets; rooms with `visibility` only. */
  budget?: BudgetOptions | undefined;
}

export class Replication {
  /** STATE bytes and frames sent since the start. */
  bytes = 0;
  frames = 0;
  ownBytes = 0;
  /** Least input margin of each STATE's inputs, ticks. */
  readonly margins = new Distribution(MARGIN_BOUNDS);
  readonly #world: World;
  readonly #visibility: Visibility<RoomSeat> | undefined;
  readonly #shared: KnownSet | undefined;
  readonly #limits: RoomLimits;
  readonly #frame = new MsgpackWriter(4096);
  readonly #shares = new MsgpackWriter(16_384);
  readonly #own = new MsgpackWriter(1024);
  readonly #shareSink: Sink;
  readonly #ownSink: Sink;
  readonly #packedSinks: PackedSink[] = [];
  readonly #learner: TableLearner | undefined;
  /** What packed bodies are coded with. */
  #tables: CodingTables | undefined;
  /** The frames that say so: to a seat that has the version before, and to any other. */
  #newTables: Uint8Array | undefined;
  #allTables: Uint8Array | undefined;
  readonly #priors: CodingTables | undefined;
  readonly #since: Since = { since: 0, stateSince: 0, before: 0 };
  /** Tick of this STATE, and of the one before. */
  #tick = 0;
  #tickBefore = 0;
  /** A body of this tick was learnt from. */
  #noted = false;
  readonly #arrivals: Arrivals | undefined;
  readonly #budget: Budget | undefined;
  readonly #bodies: Body[] = Array.from({ length: MAX_BODIES }, () => ({
    since: 0,
    from: 0,
    to: 0,
  }));
  #bodyCount = 0;
  readonly #slots = new SlotList();
  readonly #header: StateHeader = {
    dTick: 0,
    everything: false,
    inTime: 0,
    marginTicks: 0,
    sentAt: 0,
  };
  #seat: RoomSeat | undefined;
  readonly #flush = (): void => this.#sendAll(this.#seat!);
  #ownWritten = false;

  constructor(world: World, options: ReplicationOptions) {
    const { visibility, limits, priors, learns, arrivalWeights, budget } = options;
    this.#world = world;
    this.#visibility = visibility;
    this.#shared = visibility ? undefined : new KnownSet();
    this.#limits = limits;
    this.#priors = priors;
    this.#tables = priors;
    if (priors && learns) this.#learner = new TableLearner(priors);
    this.#shareSink = this.#sink(this.#shares);
    this.#ownSink = this.#sink(this.#own);
    if (visibility && arrivalWeights)
      this.#arrivals = new Arrivals(world, visibility, arrivalWeights);
    if (visibility && budget) this.#budget = new Budget(world, visibility, this.#shareSink, budget);
  }

  #sink(out: MsgpackWriter): Sink {
    if (!this.#tables) return new PlainSink(out, packCold);
    const sink = new PackedSink(out, this.#tables, packCold);
    this.#packedSinks.push(sink);
    return sink;
  }

  /** True if the seat was told of the entity. Own events and `near` go by this. */
  knows(seat: RoomSeat, id: number): boolean {
    // Where everybody sees everything, they see what comes and goes within a tick as well.
    if (this.#shared) return true;
    const slot = seat.known.slotOf(id);
    return slot >= 0 && seat.known.sentAt(slot) > 0;
  }

  /** Once a tick, after the world was rounded and before the first send. */
  begin(tick: number): void {
    this.#bodyCount = 0;
    this.#shares.reset();
    this.#tickBefore = this.#tick;
    this.#tick = tick;
    this.#noted = false;
    this.#reviewTables();
    for (const sink of this.#packedSinks) sink.begin(tick, this.#tables!);
    if (this.#shared) updateShared(this.#shared, this.#world, tick);
    else this.#visibility!.begin();
  }

  /** True if the seat got the room's STATE before. */
  isInStep(seat: RoomSeat): boolean {
    return seat.sentTick === this.#tickBefore && !seat.needsEverything;
  }

  /**
   * Sends the seat its STATE and the events that waited for it, unless it is behind. Answers
   * whether it did.
   */
  send(seat: RoomSeat, time: SendTime): boolean {
    if (seat.isBehind(this.#limits.slowSeatBytes)) {
      seat.skips++;
      if (seat.slowSinceMs === 0) seat.slowSinceMs = time.nowMs;
      if (time.tick - seat.sentTick > LONGEST_WAIT_TICKS) seat.needsEverything = true;
      return false;
    }
    seat.slowSinceMs = 0;
    if (this.#visibility) this.#look(this.#visibility, seat, time.tick);
    this.#seat = seat;
    this.#writeState(seat, time);
    // Before its events: those near whom it tells of go with it.
    if (this.#visibility) seat.known.sent(time.tick);
    // Most STATEs go alone: one write, with or without a cork.
    if (seat.owesEvents || seat.tablesVersion !== (this.#tables?.version ?? 0))
      seat.line!.cork(this.#flush);
    else seat.line!.send(this.#frame.bytes());
    return true;
  }

  /** Whom the seat sees now, who has left, and what waits for a later STATE. */
  #look(visibility: Visibility<RoomSeat>, seat: RoomSeat, tick: number): void {
    visibility.update(seat, tick);
    if (seat.known.leavers > 0) seat.told.left(seat.known, tick);
    if (this.#budget && !seat.needsEverything) return this.#budget.choose(seat);
    // By what the seat was told so far: that is on its screen, and must stay there.
    this.#arrivals?.choose(seat);
    if (seat.needsEverything) seat.known.startOver();
  }

  /** Where the seat looks from, where that matters and is known. */
  placeOf(seat: RoomSeat): Point | undefined {
    return this.#visibility?.placeOf(seat);
  }

  /** The seat looked from there before the room was restored. */
  settle(seat: RoomSeat, from: Point): void {
    this.#visibility?.settle(seat, from);
  }

  /** The seat is gone for good. */
  forget(seat: RoomSeat): void {
    this.#visibility?.forget(seat);
  }

  #reviewTables(): void {
    const better = this.#learner?.review(this.#tables!);
    if (!better) return;
    const before = this.#tables!;
    this.#newTables = tablesFrame(better, before);
    this.#allTables = tablesFrame(better, this.#priors!);
    this.#tables = better;
  }

  /** Once a tick, after the last send. */
  end(): void {
    this.#shared?.told();
    this.#seat = undefined;
  }

  #writeState(seat: RoomSeat, time: SendTime): void {
    const known = this.#shared ?? seat.known;
    const lost = this.#shared !== undefined && !this.#shared.remembers(seat.sentTick);
    const everything = seat.needsEverything || lost;
    const since = everything ? NEVER : this.#shared ? seat.sentTick : BY_SLOT;
    const body = this.#shared
      ? this.#sharedBody(known, since)
      : this.#ownBody(known, BY_SLOT, everything ? NEVER : seat.sentTick);

    this.#own.reset();
    this.#collectOwned(seat, known);
    this.#ownWritten =
      this.#slots.count > 0 &&
      writeOwnBody(
        this.#ownSink,
        this.#world.tables,
        known,
        this.#slots,
        this.#shared ? since : BY_SLOT,
      );
    if (this.#ownWritten) this.#ownSink.finish();

    const header = this.#header;
    header.dTick = time.tick - seat.sentTick;
    header.everything = everything;
    header.inTime = seat.takeInTime();
    header.marginTicks = seat.takeMargin();
    if (!Number.isNaN(header.marginTicks)) this.margins.observe(header.marginTicks);
    header.sentAt = time.sentAt;
    const hasBody = body.to > body.from || everything;
    const out = this.#frame;
    out.reset();
    writeStateHeader(out, header, this.#ownWritten ? 2 : hasBody ? 1 : 0);
    if (hasBody) out.raw(this.#shares.bytes(), body.from, body.to);
    else if (this.#ownWritten) out.nil();
    if (this.#ownWritten) {
      out.raw(this.#own.bytes());
      this.ownBytes += this.#own.length;
    }
    this.bytes += out.length;
    this.frames++;
    if (!everything) this.#budget?.spent(seat, out.length);
    seat.needsEverything = false;
    seat.sent(time.tick, out.length);
  }

  /** STATE, then the events that waited for it, in one corked write. */
  #sendAll(seat: RoomSeat): void {
    const line = seat.line!;
    if (this.#tables && seat.tablesVersion !== this.#tables.version) this.#sendTables(seat);
    line.send(this.#frame.bytes());
    if (seat.owesEvents) this.#sendEvents(seat, line);
  }

  #sendTables(seat: RoomSeat): void {
    const { version } = this.#tables!;
    const frame = seat.tablesVersion === version - 1 ? this.#newTables! : this.#allTables!;
    seat.tablesVersion = version;
    this.bytes += frame.length;
    seat.line!.send(frame);
  }

  /** Those near what the seat has come to know with this STATE are told in their place. */
  #sendEvents(seat: RoomSeat, line: Line): void {
    const { outbox, inputTick, commandsTaken: commands } = seat;
    outbox.decide((id) => this.knows(seat, id), this.#tickBefore);
    const out = this.#frame;
    const lostEvents = outbox.takeMissing();
    if (lostEvents > 0) {
      out.reset();
      writeContinuity(out, { lostEvents, inputTick, commands });
      line.send(out.bytes());
    }
    for (const { tick, event, payload } of outbox.waiting) {
      out.reset();
      writeEventHeader(out, tick - seat.sentTick, event);
      out.raw(payload);
      line.send(out.bytes());
    }
    outbox.told(seat.sentTick, seat.ackTick);
  }

  /** The body for every seat that was last told at `since`, encoded once a tick. */
  #sharedBody(known: KnownSet, since: number): Body {
    for (let i = 0; i < this.#bodyCount; i++)
      if (this.#bodies[i].since === since) return this.#bodies[i];
    const body = this.#ownBody(known, since, since);
    if (this.#bodyCount < MAX_BODIES - 1) this.#bodyCount++;
    return body;
  }

  /** A body written for one seat; it stays in place until the next one. */
  #ownBody(known: KnownSet, since: number, stateSince: number): Body {
    if (this.#visibility) this.#shares.reset();
    const body = this.#bodies[this.#bodyCount];
    body.since = since;
    body.from = this.#shares.length;
    const relative = this.#since;
    relative.since = since;
    relative.stateSince = stateSince;
    // Plain bodies know no steps.
    relative.before = this.#priors ? this.#tickBefore : NEVER;
    const { tables, state } = this.#world;
    const said = writeBody(this.#shareSink, tables, state, known, relative);
    if (said || stateSince === NEVER) {
      this.#shareSink.finish();
      body.to = this.#shares.length;
      this.#learn(stateSince);
    } else body.to = body.from;
    return body;
  }

  /** One body of a tick is enough: of a seat in step, as nearly all are. */
  #learn(stateSince: number): void {
    if (!this.#learner || this.#noted || stateSince !== this.#tickBefore) return;
    this.#learner.note(this.#packedSinks[0].bits);
    this.#noted = true;
  }

  #collectOwned(seat: RoomSeat, known: KnownSet): void {
    this.#slots.clear();
    const owned = this.#world.owned.get(seat.id);
    if (!owned) return;
    for (let i = 0; i < owned.length; i++) {
      const row = owned[i];
      const slot = known.slotOf(row.id);
      if (slot >= 0 && row.$table.plan.ownMask !== 0) this.#slots.push(slot);
    }
    this.#slots.sort();
  }
}

function tablesFrame(tables: CodingTables, base: CodingTables): Uint8Array {
  const frame = new MsgpackWriter();
  const changes = tableChanges(tables.odds, base.odds);
  writeTables(frame, { version: tables.version, base: base.version, changes });
  return frame.bytes().slice();
}
