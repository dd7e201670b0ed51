// Values without a history: what an event or a command carries, and the number-like elements of the
// live world's collections. Plain arrays, Maps and objects go whole, in the shape that readValue
// takes. Apart from state-writer so that a browser, which writes commands, does not carry the
// tracked collections.
import { UsageError } from './errors.ts';
import type { FieldSpec } from './field.ts';
import { clampedWire, cutText, levelsOf, partsToWire } from './quantize.ts';
import type { Sink } from './sink.ts';

const valueParts = new Float64Array(4);
const wireParts = new Float64Array(4);

/** A number-like element, rounded and clamped to its declared range. */
export function writeElement(sink: Sink, spec: FieldSpec, context: number, value: unknown): void {
  if (spec.components === 1) {
    let number = Number(value);
    if (spec.type === 'choice') {
      number = spec.names.indexOf(value as string);
      if (number < 0) throw new UsageError(`'${value}': not one of ${spec.names.join(', ')}`);
    }
    sink.level(context, clampedWire(spec, number), spec.levels);
    return;
  }
  const parts = value as Readonly<Record<string, number>>;
  for (let i = 0; i < spec.components; i++) valueParts[i] = parts['xyzw'[i]];
  partsToWire(spec, valueParts, wireParts);
  for (let i = 0; i < spec.components; i++) sink.level(context, wireParts[i], levelsOf(spec, i));
}

/** Cut to its declared length, as in the live world: the reader refuses a longer one. */
function textOf(spec: FieldSpec, value: unknown): string {
  if (typeof value !== 'string') throw new UsageError(`wants text, got ${typeof value}`);
  return cutText(value, spec.capacity);
}

/** A whole value. Lists are any iterable, maps any iterable of pairs, records any object. */
export function writeWhole(sink: Sink, spec: FieldSpec, context: number, value: unknown): void {
  const { type, element, key, fields } = spec;
  if (type === 'text') return sink.text(context, textOf(spec, value));
  if (type === 'packed') return sink.free(context, value, spec.levels);
  if (spec.components) return writeElement(sink, spec, context, value);
  sink.open();
  if (type === 'record') {
    const record = value as Readonly<Record<string, unknown>>;
    fields.forEach(([name, inner], i) => {
      sink.offer(context, i, true);
      writeWhole(sink, inner, context, record[name]);
    });
  } else {
    const items = [...(value as Iterable<unknown>)];
    if (items.length > spec.capacity)
      throw new UsageError(`${items.length} in a ${type} of at most ${spec.capacity}`);
    if (key) sink.level(context, 1, 1);
    sink.count(context, items.length);
    items.forEach((item, i) => {
      if (key) {
        const [name, held] = item as [unknown, unknown];
        writeWhole(sink, key, context, name);
        writeWhole(sink, element!, context, held);
      } else {
        sink.offer(context, i, true);
        writeWhole(sink, element!, context, item);
      }
    });
  }
  sink.close();
}
