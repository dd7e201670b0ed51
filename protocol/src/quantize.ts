// Between a field's value and its wire value, the integer 0..levels that travels. Called by tables
// (rounding the live world), readers (restoring what was sent) and inputs. A value that came off
// the wire goes back to the same wire value: that is what lets a shown row stand for the server's
// rounded one.
import type { FieldSpec } from './field.ts';

/**
 * Wire values a component can take, less one. Component 0 of a quat names the greatest component
 * (0..3).
 */
export function levelsOf(spec: FieldSpec, component: number): number {
  return spec.type === 'quat' && component === 0 ? 3 : spec.levels;
}

/**
 * Nearest wire value, unclamped: the caller clamps to 0..levels and counts. NaN stays NaN. Not for
 * quat.
 */
export function toWire(spec: FieldSpec, value: number): number {
  const steps = Math.round((value - spec.min) / spec.step);
  if (spec.type !== 'angle') return steps;
  const turn = spec.levels + 1;
  return ((steps % turn) + turn) % turn;
}

/** Wire value in 0..levels; what is not a number travels as 0. */
export function clampedWire(spec: FieldSpec, value: number): number {
  const wire = toWire(spec, value);
  return wire >= 0 ? Math.min(wire, spec.levels) : 0;
}

/** The value a wire value stands for. An angle comes back in [-PI, PI). Not for quat. */
export function fromWire(spec: FieldSpec, wire: number): number {
  if (spec.type === 'angle' && wire * 2 > spec.levels) return (wire - spec.levels - 1) * spec.step;
  return spec.min + wire * spec.step;
}

/**
 * Smallest three: `out` becomes [index of the greatest component, the other three in order as wire
 * values].
 */
export function quatToWire(spec: FieldSpec, q: ArrayLike<number>, out: Float64Array): void {
  let greatest = 0;
  let length = 0;
  for (let i = 0; i < 4; i++) {
    length += q[i] * q[i];
    if (Math.abs(q[i]) > Math.abs(q[greatest])) greatest = i;
  }
  // A zero or broken quaternion travels as the identity: there is no rotation to keep.
  const usable = length > 0 && Number.isFinite(length);
  if (!usable) greatest = 3;
  const scale = usable ? (q[greatest] < 0 ? -1 : 1) / Math.sqrt(length) : 0;
  out[0] = greatest;
  for (let i = 0, at = 1; i < 4; i++) {
    if (i === greatest) continue;
    const wire = Math.round((q[i] * scale - spec.min) / spec.step);
    out[at++] = Math.min(Math.max(scale === 0 ? spec.levels / 2 : wire, 0), spec.levels);
  }
  settleTie(spec, out);
}

/**
 * Where two components are as good as equal, rounding may lift one above the greatest: it goes a
 * step back, so that what is received has the same greatest component.
 */
function settleTie(spec: FieldSpec, wire: Float64Array): void {
  const middle = spec.levels / 2;
  for (;;) {
    let square = 1;
    let most = 1;
    for (let i = 1; i < 4; i++) {
      const value = (wire[i] - middle) * spec.step;
      square -= value * value;
      if (Math.abs(wire[i] - middle) > Math.abs(wire[most] - middle)) most = i;
    }
    const value = (wire[most] - middle) * spec.step;
    if (value * value < square) return;
    wire[most] -= Math.sign(value);
  }
}

/** The unit quaternion that four wire values stand for; `out` becomes [x, y, z, w]. */
export function quatFromWire(spec: FieldSpec, wire: ArrayLike<number>, out: Float64Array): void {
  const greatest = wire[0];
  let rest = 1;
  for (let i = 0, at = 1; i < 4; i++) {
    if (i === greatest) continue;
    const value = spec.min + wire[at++] * spec.step;
    out[i] = value;
    rest -= value * value;
  }
  out[greatest] = Math.sqrt(Math.max(rest, 0));
}

/** The wire values of all components of a value, clamped; what is not a number travels as 0. */
export function partsToWire(spec: FieldSpec, parts: ArrayLike<number>, out: Float64Array): void {
  if (spec.type === 'quat') return quatToWire(spec, parts, out);
  for (let i = 0; i < spec.components; i++) out[i] = clampedWire(spec, parts[i]);
}

/** All components of the value that wire values stand for. */
export function partsFromWire(spec: FieldSpec, wire: ArrayLike<number>, out: Float64Array): void {
  if (spec.type === 'quat') return quatFromWire(spec, wire, out);
  for (let i = 0; i < spec.components; i++) out[i] = fromWire(spec, wire[i]);
}

/**
 * A number near the exact one, made of the wire value that the receiver was told with everybody.
 */
export function nearby(spec: FieldSpec, wire: number): number {
  return spec.type === 'quat' || spec.scope !== 'all' ? 0 : fromWire(spec, wire);
}

/** The text as it travels: at most `most` UTF-16 units, no character cut in two. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most);
}

/** The value a receiver restores for a number, which is in range. A quaternion's part stays. */
export function roundTrip(spec: FieldSpec, value: number): number {
  if (spec.type === 'quat') return value;
  return fromWire(spec, clampedWire(spec, value));
}
