// The two bodies of a STATE: `shared`, what any seat in the same position may receive, and `own`,
// what only this seat does. Called by replication; received.ts is the reading twin (PROTOCOL.md 5).
// HOT: allocates nothing per tick.

import { type Baseline, sendsSinceNamed } from './baseline.ts';
import * as Context from './body-context.ts';
import { PRICE_UNITS } from './coding-tables.ts';
import { changedOffset, FORM_ARRIVAL, FORM_SINCE, FORM_STEP, MAX_AGE } from './contexts.ts';
import { type KnownSet, kindOfKey, rowOfKey } from './known-set.ts';
import { ENTITY_LEVELS } from './limits.ts';
import type { LiveTable } from './live-table.ts';
import type { Sink } from './sink.ts';
import { SlotList } from './slot-list.ts';
import { NEVER, writeOwn, writeShared } from './state-writer.ts';

/** Each slot of the set keeps its own tick: what was sent when differs from entity to entity. */
export const BY_SLOT = -2;

/** What naming one of few candidates costs, about: the candidates passed over before it. */
const PRICE_OF_RUN = 10 * PRICE_UNITS;
/** With this many slots passed over for each arrival it is shorter to count them. */
const SPARSE_ARRIVALS = 8;

const left = new SlotList();
const nobody = new SlotList();
/** No slot. */
const NOBODY = -1;

/**
 * What is in the receiver's slots, looked through once for each body: those it was told of, in
 * ascending order, each with how it is asked whether it changed (Baseline.asked); and those it
 * will be told of now.
 */
const arriving = new SlotList();
let told = new Int32Array(64);
let asked = new Int32Array(64);
let toldCount = 0;
/**
 * Of those told of: how many changed, whether some in step are told whole, and what asking all of
 * them one by one costs.
 */
let changes = 0;
let wholes = false;
let price = 0;
/** All of those told of were told in the STATE before, of the tier they are in. */
let allInStep = false;

/** What a body is relative to. */
export interface Since {
  /** All that changed after this tick: or NEVER for everything, or BY_SLOT. */
  since: number;
  /** Tick of the receiver's last STATE, for the room's own state. */
  stateSince: number;
  /**
   * Tick of the room's STATE before, if the receiver had it: what it was told then, it is told the
   * step from. NEVER for a receiver that is behind, or new.
   */
  before: number;
}

/**
 * Writes all that the receiver lacks. Returns false when the body says nothing (the caller leaves
 * it out).
 */
export function writeBody(
  sink: Sink,
  tables: readonly LiveTable[],
  state: LiveTable,
  known: KnownSet,
  said: Since,
): boolean {
  const { since, stateSince, before } = said;
  lookThrough(tables, known, said, sink.prices);
  sink.reset();
  sink.open();
  const grown = writeLimit(sink, state, known, since === BY_SLOT ? stateSince : since);
  const departed = writeLeft(sink, known, since);
  const arrived = writeArrivals(sink, tables, known, stateSince);
  const changed = writeChanges(sink, tables, known, said);
  const step = stateSince === before && before !== NEVER;
  writeShared(sink, state, 1, stateSince, step ? FORM_STEP : undefined);
  const deferred = writeDeferred(sink, known, said);
  sink.close();
  return grown || departed || arrived || changed || deferred || state.changed[1] > stateSince;
}

/**
 * Where bodies are packed a limit is told when it has grown, and then it must be; else always.
 * Answers whether the body has to go for its sake.
 */
function writeLimit(sink: Sink, state: LiveTable, known: KnownSet, told: number): boolean {
  const grown = told === NEVER || known.grownTick > told;
  if (state.tracks) sink.level(Context.Grown, grown ? 1 : 0, 1);
  if (grown || !state.tracks) sink.count(Context.Limit, known.limit);
  return grown && state.tracks !== undefined;
}

/** Tick a slot's entity was last told at; 0 if never. */
function sentAt(known: KnownSet, slot: number, since: number): number {
  if (since === BY_SLOT) return known.sentAt(slot);
  return known.enteredAt(slot) > since ? 0 : since;
}

function lookThrough(
  tables: readonly LiveTable[],
  known: KnownSet,
  said: Since,
  prices: Uint16Array | undefined,
): void {
  if (told.length < known.high) {
    told = new Int32Array(known.capacity);
    asked = new Int32Array(known.capacity);
  }
  arriving.clear();
  toldCount = 0;
  changes = 0;
  wholes = false;
  price = 0;
  if (said.since === BY_SLOT && known.lates > 1) known.late.sort();
  allInStep = isInStep(known, said);
  if (allInStep) lookInStep(tables, known);
  else lookBySlot(tables, known, said);
  if (prices) for (let i = 0; i < toldCount; i++) price += prices[asked[i]];
}

/** True where all that is new are arrivals, and all else was told in the STATE before. */
function isInStep(known: KnownSet, { since, before }: Since): boolean {
  const { sentTick, lates, untold, deferrals, parted } = known;
  if (since !== BY_SLOT || sentTick !== before) return false;
  return lates === untold && deferrals === 0 && !parted;
}

/** What is the same for all slots is not read for each: seats are many, and caches small. */
function lookInStep(tables: readonly LiveTable[], known: KnownSet): void {
  const { high, keys, lates } = known;
  let next = 0;
  // Mostly there is none, and the list is not even looked at.
  let late = lates > 0 ? known.late.slots[0] : NOBODY;
  for (let slot = 0; slot < high; slot++) {
    const key = keys[slot];
    if (key < 0) continue;
    if (slot === late) {
      arriving.push(slot);
      next++;
      late = next < lates ? known.late.slots[next] : NOBODY;
      continue;
    }
    const ask = tables[kindOfKey(key)].asked[rowOfKey(key)];
    told[toldCount] = slot;
    asked[toldCount++] = ask;
    changes += ask & 1;
  }
}

function lookBySlot(
  tables: readonly LiveTable[],
  known: KnownSet,
  { since, stateSince, before }: Since,
): void {
  const { high, keys } = known;
  for (let slot = 0; slot < high; slot++) {
    if (keys[slot] < 0) continue;
    const row = rowOfKey(keys[slot]);
    const sent = sentAt(known, slot, since);
    const waits = known.isDeferred(slot);
    if (sent === 0) {
      if (!waits) arriving.push(slot);
      continue;
    }
    const near = tables[kindOfKey(keys[slot])];
    // Asked by what the receiver holds: of the tier it was told before.
    const table: Baseline = known.toldTierAt(slot) !== 0 ? near.far! : near;
    const moves = known.tierAt(slot) !== known.toldTierAt(slot);
    let ask = table.asked[row];
    if (moves) ask |= 1;
    // What waited is named even if nothing is new of it any more, as where it was to become near
    // and is to stay far again: by this alone the receiver has it in step again.
    const waited = since === BY_SLOT && sent !== stateSince;
    if (sent !== before) ask = behind(table, waited || moves || table.changed[row] > sent);
    else if (moves && !waits) wholes = true;
    if (waits) ask &= ~1;
    told[toldCount] = slot;
    asked[toldCount++] = ask;
    changes += ask & 1;
  }
}

/** As Baseline.asked, for a receiver that does not know when the row last changed. */
function behind({ plan }: Baseline, changed: boolean): number {
  return (plan.changed + changedOffset(undefined)) * 2 + (changed ? 1 : 0);
}

/** The table that a slot is told from. */
function tableOf(tables: readonly LiveTable[], known: KnownSet, slot: number): Baseline {
  const near = tables[known.kindAt(slot)];
  return known.tierAt(slot) === 0 ? near : near.far!;
}

/** Candidates are the slots told of and those that left: the two never meet. */
function writeLeft(sink: Sink, known: KnownSet, since: number): boolean {
  let gone = nobody;
  if (since === BY_SLOT && known.leavers > 0) {
    gone = known.leaving;
    gone.sort();
  } else if (since !== BY_SLOT && since !== NEVER) {
    known.leftSince(since, left);
    gone = left;
  }
  sink.grant(toldCount + gone.count);
  sink.select(Context.Left, true, gone.count);
  let below = 0;
  for (let i = 0; i < gone.count; i++) {
    const slot = gone.slots[i];
    const from = below;
    while (below < toldCount && told[below] < slot) below++;
    sink.pass(Context.Left, below - from);
    sink.offer(Context.Left, slot, true);
  }
  sink.close();
  return gone.count > 0;
}

/** Candidates are the slots not told of: free, or of an entity that arrives or waits. */
function writeArrivals(
  sink: Sink,
  tables: readonly LiveTable[],
  known: KnownSet,
  stateSince: number,
): boolean {
  const { slots, count } = arriving;
  if (count === 0) {
    sink.select(Context.Entered, true, 0);
    sink.close();
    return false;
  }
  const context = stateSince === NEVER ? Context.First : Context.Arrives;
  const sparse = known.limit - toldCount - count >= count * SPARSE_ARRIVALS;
  sink.select(Context.Entered, sparse, count);
  let below = 0;
  let passed = 0;
  let idBefore = 0;
  for (let i = 0; i < count; i++) {
    const slot = slots[i];
    while (below < toldCount && told[below] < slot) below++;
    sink.pass(context, slot - below - passed);
    sink.offer(context, slot, true);
    passed = slot - below + 1;
    idBefore = writeEntered(
      sink,
      tables.length,
      tableOf(tables, known, slot),
      known.rowAt(slot),
      idBefore,
    );
  }
  if (!sparse) sink.pass(context, known.limit - toldCount - passed);
  sink.close();
  return true;
}

/** A newly known entity: kind, id, then what is not at its default. Answers its id. */
function writeEntered(
  sink: Sink,
  kinds: number,
  table: Baseline,
  row: number,
  idBefore: number,
): number {
  const id = table.ids[row];
  sink.open();
  sink.level(Context.Kind, table.plan.index, kinds - 1);
  if (idBefore === 0) sink.level(Context.Id, id, ENTITY_LEVELS);
  else sink.change(Context.IdStep, id, idBefore, ENTITY_LEVELS);
  if (!sink.recall(FORM_ARRIVAL, table, row)) {
    if (table.tracks) writeAge(sink, table, row);
    writeShared(sink, table, row, NEVER, FORM_ARRIVAL);
    sink.keep(FORM_ARRIVAL, table, row);
  }
  sink.close();
  return id;
}

function writeChanges(
  sink: Sink,
  tables: readonly LiveTable[],
  known: KnownSet,
  said: Since,
): boolean {
  const sparse = changes === 0 || price > changes * PRICE_OF_RUN;
  const step = said.stateSince === said.before && said.before !== NEVER;
  if (step) sink.level(Context.Wholes, wholes ? 1 : 0, 1);
  sink.select(Context.Changed, sparse, changes);
  let from = 0;
  for (let i = 0; i < toldCount; i++) {
    if ((asked[i] & 1) === 0) continue;
    sink.passEach(asked, from, i);
    sink.offer(asked[i] >> 1, told[i], true);
    writeChange(sink, tables, known, told[i], said);
    from = i + 1;
  }
  if (!sparse) sink.passEach(asked, from, toldCount);
  sink.close();
  return changes > 0;
}

function writeChange(
  sink: Sink,
  tables: readonly LiveTable[],
  known: KnownSet,
  slot: number,
  { since, before }: Since,
): void {
  const table = tableOf(tables, known, slot);
  const row = known.rowAt(slot);
  const sent = allInStep ? before : sentAt(known, slot, since);
  const moves = !allInStep && known.tierAt(slot) !== known.toldTierAt(slot);
  const inStep = sent === before;
  if (inStep && wholes) sink.level(Context.Whole, moves ? 1 : 0, 1);
  if (inStep && !moves) {
    if (sink.recall(FORM_STEP, table, row)) return;
    writeShared(sink, table, row, sent, FORM_STEP);
    sink.keep(FORM_STEP, table, row);
  } else {
    if (table.tracks) writeAge(sink, table, row);
    // Another tier's motion is another, also where it did not change of late.
    const motion = moves ? tables[known.kindAt(slot)].far!.motion : 0;
    writeShared(sink, table, row, sent, FORM_SINCE, motion);
  }
}

/**
 * Rows that were in step and are not told what changed now: from here on they are behind, until a
 * later body names them.
 */
function writeDeferred(sink: Sink, known: KnownSet, { stateSince }: Since): boolean {
  if (known.deferrals === 0) {
    sink.option(Context.Defers, false);
    return false;
  }
  let count = 0;
  for (let i = 0; i < toldCount; i++) if (falls(known, told[i], stateSince)) count++;
  sink.option(Context.Defers, count > 0);
  if (count === 0) return false;
  sink.select(Context.Behind, count * SPARSE_ARRIVALS < known.count, count);
  for (let i = 0; i < toldCount; i++)
    sink.offer(Context.Deferred, told[i], falls(known, told[i], stateSince));
  sink.close();
  return true;
}

/** True for a deferred row that was in step. */
function falls(known: KnownSet, slot: number, stateSince: number): boolean {
  return known.isDeferred(slot) && known.sentAt(slot) === stateSince;
}

/** How many STATEs ago the row was last named to those who were in step. */
function writeAge(sink: Sink, table: Baseline, row: number): void {
  sink.count(Context.Age, Math.min(sendsSinceNamed(table, row), MAX_AGE));
}

/**
 * Writes the own parts of the given slots (ascending) that changed. Returns false when there is
 * nothing to say.
 */
export function writeOwnBody(
  sink: Sink,
  tables: readonly LiveTable[],
  known: KnownSet,
  own: SlotList,
  since: number,
): boolean {
  let said = false;
  sink.reset();
  sink.open();
  for (let i = 0; i < own.count; i++) {
    const slot = own.slots[i];
    const table = tables[known.kindAt(slot)];
    const row = known.rowAt(slot);
    const sent = sentAt(known, slot, since);
    const after = sent === 0 || table.given[row] > sent ? NEVER : sent;
    const chosen = table.ownChanged[row] > after && table.plan.ownMask !== 0;
    sink.grant(1);
    sink.offer(Context.Owned, slot, chosen);
    if (!chosen) continue;
    said = true;
    writeOwn(sink, table, row, after);
  }
  sink.close();
  return said;
}
