// Columns of numbers that grow: one entry per row of a table. Small wire values are kept as small
// integers, so that handing one on never makes a number object.

/** A column of wire values. */
export type Wire = Int32Array | Float64Array;
export type Column = Wire | Uint32Array | Uint8Array | Int8Array;

const MAX_INT32 = 2 ** 31 - 1;

export function wireColumn(levels: number, capacity: number): Wire {
  return levels <= MAX_INT32 ? new Int32Array(capacity) : new Float64Array(capacity);
}

/** A copy with room for `capacity` rows. */
export function longer<A extends Column>(from: A, capacity: number): A {
  const to = new (from.constructor as new (size: number) => A)(capacity);
  to.set(from);
  return to;
}

/** Columns of no length stay so: nothing is kept in them. */
export function lengthen(columns: Column[], capacity: number): void {
  for (let c = 0; c < columns.length; c++)
    if (columns[c].length > 0) columns[c] = longer(columns[c], capacity);
}
