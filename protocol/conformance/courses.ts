// How the entities of motion cases move, as steps of a script: for each field one array, with a
// value for each tick.
import type { Step } from './vectors.ts';

export const by = (name: string, within = 0) => ({ smooth: { by: name, within } });

/** One entity, its fields tick after tick: one array for each field. */
export function course(fields: Readonly<Record<string, readonly unknown[]>>, id = 1): Step[] {
  const ticks = Math.max(...Object.values(fields).map((values) => values.length));
  return Array.from({ length: ticks }, (_, i) => {
    const at = Object.entries(fields).filter(([, values]) => values[i] !== undefined);
    const to = Object.fromEntries(at.map(([name, values]) => [name, values[i]]));
    return at.length > 0 ? { acts: [{ set: id, to }] } : {};
  });
}

/** `count` values from `start`, each so much on. */
export function run(start: number, speed: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + speed * i);
}

export const spawned = (kind: string, values: object = {}, owner = 0): Step => ({
  acts: [{ spawn: kind, with: values, owner }],
});
