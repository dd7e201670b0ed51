// The questions of a body itself, by the first context of each: whether an entity left, which kind
// it is, how long a run is. A module and not an object, imported as `* as Context`: bundlers put
// the numbers where they are used, and a page carries neither the object nor the names. Trap:
// esbuild does so only in a module whose constants all come of its own numbers, and before any
// function.

/** COUNT_CONTEXTS of contexts.ts. A selection has two such blocks. */
const COUNTS = 64;
/** One character of 7 bits, as a tree. */
const CHARS = 128;

/** Whether the known set's limit has grown. */
export const Grown = 0;
/** Whether a free slot is taken: where everything is told, and elsewhere. */
export const First = 1;
export const Arrives = 2;
/** Whether an entity of the seat's own has something to say to it. */
export const Owned = 3;
/** Whether a text is of 7-bit characters. */
export const Ascii = 4;
/** Whether an input differs from the tick before. */
export const Moved = 5;
/**
 * Whether some rows that are in step are told as to a seat that is behind, and whether one is.
 */
export const Wholes = 6;
export const Whole = 9;
/** Whether rows fall behind in this body, and whether one does. */
export const Defers = 7;
export const Deferred = 8;
export const Char = 16;
export const Limit = Char + CHARS;
export const Kind = Limit + COUNTS;
export const Id = Limit + 2 * COUNTS;
export const IdStep = Limit + 3 * COUNTS;
export const Age = Limit + 5 * COUNTS;
export const Run = Limit + 6 * COUNTS;
export const Float = Limit + 7 * COUNTS;
export const Left = Limit + 8 * COUNTS;
export const Entered = Limit + 10 * COUNTS;
export const Changed = Limit + 12 * COUNTS;
export const Behind = Limit + 14 * COUNTS;
/** Contexts of plans and fields begin here. */
export const End = Behind + 2 * COUNTS;
