// The odds of every context of a game: first what the declaration alone lets one expect, later what
// the room learnt of its own traffic and handed to its clients in a TABLES frame. Odds come in 128
// sizes, so that one byte names one. Written by the server's learner, read by both sides' coders.
import * as Context from './body-context.ts';
import { ODDS_BITS } from './coder.ts';
import {
  CHANGE_MIRRORED,
  CHANGE_SAME,
  CHANGE_TREE,
  CHANGED_CONTEXTS,
  COUNT_BITS,
  COUNT_CONTEXTS,
  FLAG_AFTER,
  FLAG_ARRIVAL,
  FLAG_BESIDE,
  FLAG_FIRST,
  FLAG_OWN,
  FLAG_SINCE,
  isWide,
  SPARSE,
  treeBits,
} from './contexts.ts';
import { assert, badState } from './errors.ts';
import type { FieldPlan, Plan } from './plan.ts';

/** Sizes below even; the other half mirrors them. */
const UNLIKELY = 64;

/**
 * Odds of a size against those of the one before it: so the first is the least there is, and the
 * last one stands half such a step below even.
 */
const STEP = 1.1174;

/** The sizes odds come in, ascending: of 4096 that the bit is 1. PROTOCOL.md 8 lists them. */
export const ODDS: readonly number[] = sizesOfOdds();

function sizesOfOdds(): number[] {
  const whole = 1 << ODDS_BITS;
  const sizes: number[] = [];
  for (let size = 1; sizes.length < UNLIKELY; ) {
    sizes.push(size);
    const next = (size * STEP) / (1 + (size * (STEP - 1)) / whole);
    size = Math.max(Math.round(next), size + 1);
  }
  return [...sizes, ...sizes.map((size) => whole - size).reverse()];
}

/** In TABLES a byte below this names odds, one above it passes over contexts. */
const SKIP = ODDS.length;
/** Contexts one byte passes over at most. */
const MOST_SKIPPED = 256 - SKIP;

/** A price of this many units is one bit. */
export const PRICE_UNITS = 256;

/** Which of ODDS comes nearest to a share of ones, 0..1. */
export function nearestOdds(share: number): number {
  const wanted = share * (1 << ODDS_BITS);
  let low = 0;
  let high = ODDS.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ODDS[middle] + ODDS[middle + 1] < 2 * wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class CodingTables {
  /** 0: what the declaration gives; then the number of the room's TABLES. */
  readonly version: number;
  /** By context: of 4096 that its bit is 1. */
  readonly odds: Uint16Array;

  constructor(version: number, odds: Uint16Array) {
    this.version = version;
    this.odds = odds;
  }
}

const pricesOfTables = new WeakMap<CodingTables, Uint16Array>();

/**
 * By context and bit (twice the context, plus the bit): what it costs, in 1 / PRICE_UNITS bit. Made
 * when it is first asked for.
 */
export function pricesOf(tables: CodingTables): Uint16Array {
  const known = pricesOfTables.get(tables);
  if (known) return known;
  const { odds } = tables;
  const prices = new Uint16Array(odds.length * 2);
  for (let c = 0; c < odds.length; c++) {
    const share = odds[c] / (1 << ODDS_BITS);
    prices[c * 2] = Math.round(-Math.log2(1 - share) * PRICE_UNITS);
    prices[c * 2 + 1] = Math.round(-Math.log2(share) * PRICE_UNITS);
  }
  pricesOfTables.set(tables, prices);
  return prices;
}

/** What TABLES tells: where the odds differ from those the client has. */
export function tableChanges(odds: Uint16Array, base: Uint16Array): Uint8Array {
  const bytes: number[] = [];
  let next = 0;
  for (let c = 0; c < odds.length; c++) {
    if (odds[c] === base[c]) continue;
    for (let skip = c - next; skip > 0; skip -= MOST_SKIPPED)
      bytes.push(SKIP - 1 + Math.min(skip, MOST_SKIPPED));
    const size = ODDS.indexOf(odds[c]);
    assert(size >= 0, 'odds come in the sizes there are');
    bytes.push(size);
    next = c + 1;
  }
  return Uint8Array.from(bytes);
}

/** The odds that TABLES tells. Throws ProtocolError. */
export function changedTables(bytes: Uint8Array, base: Uint16Array): Uint16Array {
  const odds = base.slice();
  let next = 0;
  for (const byte of bytes) {
    if (byte >= SKIP) next += byte - SKIP + 1;
    else if (next >= odds.length) badState('a context that is not there');
    else odds[next++] = ODDS[byte];
  }
  return odds;
}

/** Each bit length is so much rarer than the one below it. */
const LENGTH_DECAY = 0.75;

/**
 * The odds that follow from the declaration alone. Both sides compute the same. The shares of ones
 * hold for most games; a room learns better ones within a second or two.
 */
export function priorTables(plans: readonly Plan[], contexts: number): CodingTables {
  const odds = new Uint16Array(contexts).fill(ODDS[nearestOdds(0.5)]);
  const set = (context: number, share: number) => {
    odds[context] = ODDS[nearestOdds(share)];
  };
  set(Context.First, 0.98);
  set(Context.Grown, 0.1);
  set(Context.Arrives, 0.5);
  set(Context.Ascii, 0.95);
  set(Context.Wholes, 0);
  set(Context.Defers, 0);
  for (let block = Context.Limit; block < Context.End; block += COUNT_CONTEXTS)
    setLengths(odds, block, COUNT_BITS);
  set(Context.Left + SPARSE, 0.95);
  set(Context.Changed + SPARSE, 0.2);
  set(Context.Behind + SPARSE, 0.5);
  for (const plan of plans) {
    // What was not named for long is seldom named.
    for (let i = 0; i < CHANGED_CONTEXTS; i++)
      set(plan.changed + i, i < CHANGED_CONTEXTS - 3 ? 0.5 : 0.05);
    set(plan.others, 0.4);
    for (const f of plan.fields) setField(odds, f, set);
  }
  return new CodingTables(0, odds);
}

type SetOdds = (context: number, share: number) => void;

function setField(odds: Uint16Array, f: FieldPlan, set: SetOdds): void {
  const { flags, value, change, changeSize } = f.contexts;
  const { levels, components, type } = f.spec;
  set(flags + FLAG_FIRST, 0.3);
  set(flags + FLAG_AFTER, 0.4);
  set(flags + FLAG_BESIDE, 0.4);
  set(flags + FLAG_SINCE, 0.6);
  set(flags + FLAG_ARRIVAL, 0.7);
  set(flags + FLAG_OWN, 0.7);
  if (components === 0) {
    setLengths(odds, value, COUNT_BITS);
    return;
  }
  // Whole values: every one as likely as the next.
  if (isWide(levels)) setTree(odds, value, treeBits(levels), (l) => sizeOf(l, levels));
  else setTree(odds, value, treeBits(levels), (v) => (v <= levels ? 1 : 0));
  for (let i = 0; i < components; i++) {
    const at = change + i * changeSize;
    if (levels === 1) set(at + CHANGE_SAME, 0.01);
    set(at + CHANGE_MIRRORED, 0.02);
    if (isWide(levels)) setLengths(odds, at + CHANGE_TREE, treeBits(levels));
    else if (type !== 'quat')
      setTree(odds, at + CHANGE_TREE, treeBits(levels), (v) => (v <= levels ? 1 : 0));
  }
}

/** How many of 0..levels have this bit length. */
function sizeOf(length: number, levels: number): number {
  const first = length === 0 ? 0 : 2 ** (length - 1);
  const last = Math.min(length === 0 ? 0 : 2 ** length - 1, levels);
  return Math.max(last - first + 1, 0);
}

/** A tree over bit lengths. */
function setLengths(odds: Uint16Array, context: number, bits: number): void {
  let weight = 1;
  const weights = Array.from({ length: 2 ** bits }, () => (weight *= LENGTH_DECAY));
  setTree(odds, context, bits, (leaf) => weights[leaf]);
}

/** A tree whose leaves are as likely as their weights. */
function setTree(
  odds: Uint16Array,
  context: number,
  bits: number,
  weightOf: (leaf: number) => number,
): void {
  const weights = new Float64Array(2 ** (bits + 1));
  for (let leaf = 0; leaf < 2 ** bits; leaf++) weights[2 ** bits + leaf] = weightOf(leaf);
  for (let node = 2 ** bits - 1; node >= 1; node--) {
    weights[node] = weights[node * 2] + weights[node * 2 + 1];
    const share = weights[node] > 0 ? weights[node * 2 + 1] / weights[node] : 0.5;
    odds[context + node - 1] = ODDS[nearestOdds(share)];
  }
}
