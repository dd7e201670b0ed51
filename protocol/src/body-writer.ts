// The two bodies of a STATE: `shared`, what any seat in the same position may receive, and `own`,
// what only this seat does. Called by replication; received.ts is the reading twin (PROTOCOL.md 5).
// HOT: allocates nothing per tick.
import { type KnownSet, SlotList } from './known-set.ts';
import type { LiveTable } from './live-table.ts';
import { Context, type Sink } from './sink.ts';
import { NEVER, writeEntered, writeOwn, writeShared } from './state-writer.ts';

/** Each slot of the set keeps its own tick: what was sent when differs from entity to entity. */
export const BY_SLOT = -2;

const left = new SlotList();
const nobody = new SlotList();

/**
 * Writes all that changed after `since`: a tick, NEVER for everything, or BY_SLOT. Returns false
 * when the body says nothing (the caller leaves it out). `stateSince` is the tick of the receiver's
 * last STATE, for the room's own state.
 */
export function writeBody(
  sink: Sink,
  tables: readonly LiveTable[],
  state: LiveTable,
  known: KnownSet,
  since: number,
  stateSince: number,
): boolean {
  sink.reset();
  sink.open();
  sink.count(Context.Limit, known.limit);
  const departed = writeLeft(sink, known, since);
  const arrived = writeArrivals(sink, tables, known, since);
  const changed = writeChanges(sink, tables, known, since);
  writeShared(sink, state, 1, stateSince);
  sink.close();
  return departed || arrived || changed || state.changed[1] > stateSince;
}

/** Tick a slot's entity was last told at; 0 if never. */
function sentAt(known: KnownSet, slot: number, since: number): number {
  if (since === BY_SLOT) return known.sentTick[slot];
  return known.entered[slot] > since ? 0 : since;
}

function writeLeft(sink: Sink, known: KnownSet, since: number): boolean {
  let gone = known.leaving;
  if (since === BY_SLOT) gone.sort();
  else if (since === NEVER) gone = nobody;
  else {
    known.leftSince(since, left);
    gone = left;
  }
  let from = 0;
  sink.open();
  for (let i = 0; i < gone.count; i++) {
    sink.pick(Context.Left, gone.slots[i], from, known.limit);
    from = gone.slots[i] + 1;
  }
  sink.done(Context.Left, from, known.limit);
  sink.close();
  return gone.count > 0;
}

function writeArrivals(
  sink: Sink,
  tables: readonly LiveTable[],
  known: KnownSet,
  since: number,
): boolean {
  let from = 0;
  sink.open();
  for (let slot = 0; slot < known.limit; slot++) {
    const kind = known.kind[slot];
    if (kind < 0 || sentAt(known, slot, since) > 0) continue;
    sink.pick(Context.Entered, slot, from, known.limit);
    from = slot + 1;
    writeEntered(sink, tables[kind], known.row[slot], tables.length);
  }
  sink.done(Context.Entered, from, known.limit);
  sink.close();
  return from > 0;
}

function writeChanges(
  sink: Sink,
  tables: readonly LiveTable[],
  known: KnownSet,
  since: number,
): boolean {
  let from = 0;
  sink.open();
  for (let slot = 0; slot < known.limit; slot++) {
    const kind = known.kind[slot];
    if (kind < 0) continue;
    const sent = sentAt(known, slot, since);
    const row = known.row[slot];
    if (sent === 0 || tables[kind].changed[row] <= sent) continue;
    sink.pick(Context.Changed, slot, from, known.limit);
    from = slot + 1;
    writeShared(sink, tables[kind], row, sent);
  }
  sink.done(Context.Changed, from, known.limit);
  sink.close();
  return from > 0;
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
  let from = 0;
  sink.reset();
  sink.open();
  for (let i = 0; i < own.count; i++) {
    const slot = own.slots[i];
    const table = tables[known.kind[slot]];
    const row = known.row[slot];
    const sent = sentAt(known, slot, since);
    const after = sent === 0 || table.given[row] > sent ? NEVER : sent;
    if (table.ownChanged[row] <= after || table.plan.ownMask === 0) continue;
    sink.pick(Context.Own, slot, from, known.limit);
    from = slot + 1;
    writeOwn(sink, table, row, after);
  }
  sink.done(Context.Own, from, known.limit);
  sink.close();
  return from > 0;
}
