// Cold values, free-form data whose shape only the game knows: those that travel (command replies,
// `packed` fields) as MessagePack through msgpackr, and those that are kept (auth, timers' data,
// what `save` gives) by protocol's own writer and reader. Called by replication's sinks, commands
// and checkpoints. Trap: msgpackr makes 0 of -0 and Buffers of bytes; what is kept must come back
// as it was.
import {
  FREE_LIMITS,
  type MsgpackReader,
  type MsgpackWriter,
  UsageError,
} from '@tickwire/protocol';
import { Packr } from 'msgpackr';

// Records would need code generation in the reader; 64-bit integers would arrive as BigInt.
const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true });

/** As deep as the reader goes (protocol's MAX_FREE_DEPTH). */
const MAX_DEPTH = 8;
/**
 * Values in one that is kept. Objects cost a hundred times their byte when they are read: so many
 * are some 50 MB. A map of tiles is better kept as bytes.
 */
const MAX_KEPT_VALUES = 2 ** 18;

/** Bytes of any plain value: nil, booleans, numbers, text, bytes, arrays, plain objects. */
export function packCold(value: unknown): Uint8Array {
  const found = misfit(value, SENT, 0);
  if (found) throw new UsageError(found.problem);
  return packr.pack(value === undefined ? null : value);
}

/**
 * Writes a plain value so that it comes back as it was, but that undefined properties are left out
 * and undefined elements become null. Throws UsageError that names what of it is not plain; `what`:
 * its name.
 */
export function writeKept(out: MsgpackWriter, what: string, value: unknown): void {
  const found = misfit(value, KEPT, 0);
  if (found) throw new UsageError(`${what}${found.path}: ${found.problem}`);
  if (countOf(value) > MAX_KEPT_VALUES)
    throw new UsageError(`${what}: more than ${MAX_KEPT_VALUES} values; keep them as bytes`);
  out.arrayHeader(value === undefined ? 0 : 1);
  if (value !== undefined) out.value(value);
}

/** Throws ProtocolError for what writeKept does not write. */
export function readKept(from: MsgpackReader): unknown {
  if (from.arrayHeader(1) === 0) return undefined;
  return ordinary(from.value({ ...FREE_LIMITS, maxElements: MAX_KEPT_VALUES }));
}

/** The reader's objects have no prototype; a game's have. */
function ordinary(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(ordinary);
  const made: Record<string, unknown> = { ...value };
  for (const key of Object.keys(made)) {
    const inner = ordinary(made[key]);
    // Not by assignment: a key may be called __proto__.
    if (inner !== made[key]) Object.defineProperty(made, key, { ...PLAIN, value: inner });
  }
  return made;
}

const PLAIN = { configurable: true, enumerable: true, writable: true };

function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countOf(inner), 1);
}

/** What is done with a value, as it is said to the game. */
const SENT = { done: 'sent', instead: 'send' };
const KEPT = { done: 'kept', instead: 'keep' };

/**
 * What of a value is not plain, and where in it. Maps, Dates and classes would be extensions, which
 * no reader of this protocol takes.
 */
function misfit(
  value: unknown,
  { done, instead }: typeof SENT,
  depth: number,
): { path: string; problem: string } | undefined {
  if (value === undefined) return undefined;
  const type = typeof value;
  if (type === 'function' || type === 'symbol' || type === 'bigint')
    return { path: '', problem: `a ${type} cannot be ${done}; ${instead} plain values` };
  if (type === 'number' && !Number.isFinite(value))
    return { path: '', problem: `${value} cannot be ${done}; ${instead} a finite number` };
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined;
  if (depth >= MAX_DEPTH) return { path: '', problem: `values nest at most ${MAX_DEPTH} deep` };
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    const what = `a ${value.constructor.name}`;
    return { path: '', problem: `${what} cannot be ${done}; ${instead} plain objects and arrays` };
  }
  for (const [key, inner] of Object.entries(value)) {
    const found = misfit(inner, { done, instead }, depth + 1);
    if (found) return { path: `.${key}${found.path}`, problem: found.problem };
  }
  return undefined;
}
