// Cold values (command replies, `packed` fields) as MessagePack through msgpackr: free-form data
// whose shape only the game knows. Called by replication's sinks and by commands; browsers read the
// result with protocol's own reader.
import { UsageError } from '@tickwire/protocol';
import { Packr } from 'msgpackr';

// Records would need code generation in the reader; 64-bit integers would arrive as BigInt.
const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true });

/** Bytes of any plain value: nil, booleans, numbers, text, bytes, arrays, plain objects. */
export function packCold(value: unknown): Uint8Array {
  checkPlain(value, 0);
  return packr.pack(value === undefined ? null : value);
}

/** As deep as the reader goes (protocol's MAX_FREE_DEPTH). */
const MAX_DEPTH = 8;

/** Maps, Dates and classes would travel as extensions, which no reader of this protocol takes. */
function checkPlain(value: unknown, depth: number): void {
  if (value === undefined) return;
  const type = typeof value;
  if (type === 'function' || type === 'symbol' || type === 'bigint')
    throw new UsageError(`a ${type} cannot be sent; send plain values`);
  if (type === 'number' && !Number.isFinite(value))
    throw new UsageError(`${value} cannot be sent; send a finite number`);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (depth >= MAX_DEPTH) throw new UsageError(`values nest at most ${MAX_DEPTH} deep`);
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    throw new UsageError(
      `a ${value.constructor.name} cannot be sent; send plain objects and arrays`,
    );
  for (const inner of Object.values(value)) checkPlain(inner, depth + 1);
}
