// Shapes of what a game's author gives, where no compiler looked at it: a port that came as text
// from the environment, an 'off' that counts as true. Called by serve-options.ts, define-room.ts
// and boards.ts after the names are checked; ranges are for them. Trap: no refusal repeats a value,
// for it may be a key.
import { UsageError } from '@tickwire/protocol';

const isText = (value: unknown) => typeof value === 'string';
const isFunction = (value: unknown) => typeof value === 'function';
const isObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** By what a refusal calls them. */
const SHAPES = {
  anything: () => true,
  'true or false': (value: unknown) => typeof value === 'boolean',
  'a number': (value: unknown) => typeof value === 'number' && !Number.isNaN(value),
  'a text': isText,
  'a function': isFunction,
  'a text or a function': (value: unknown) => isText(value) || isFunction(value),
  'a text or bytes': (value: unknown) => isText(value) || value instanceof Uint8Array,
  'a list': Array.isArray,
  'an object': isObject,
  'a directory, such as redis({ url })': (value: unknown) =>
    isObject(value) && isFunction((value as { secret?: unknown }).secret),
};

export type Shape = keyof typeof SHAPES;

/** Throws UsageError for a value that is neither undefined nor of the shape. */
export function checkShape(name: string, value: unknown, shape: Shape): void {
  if (value === undefined || SHAPES[shape](value)) return;
  throw new UsageError(`${name}: wants ${shape}, not ${inWords(value)}`);
}

/** The same of each that `shapes` names. */
export function checkShapes(given: object, shapes: Readonly<Record<string, Shape>>): void {
  for (const [name, shape] of Object.entries(shapes))
    checkShape(name, (given as Readonly<Record<string, unknown>>)[name], shape);
}

function inWords(value: unknown): string {
  if (value === null || Number.isNaN(value)) return String(value);
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'boolean':
      return String(value);
    case 'string':
      return 'a text';
    case 'object':
      return 'an object';
    default:
      return `a ${typeof value}`;
  }
}
