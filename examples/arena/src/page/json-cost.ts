// What this match would cost as JSON: the rows this player sees, written as JSON each tick, the way
// a first version of most games does it. Sampled, not sent. Compared in the panel with the bytes
// that really came.

import type { ArenaView } from './shown.ts';

/** Kinds a player is shown, as keys of the message. */
const KINDS = ['player', 'shot', 'kit', 'card'] as const;

/** Fields that never leave the server; the rest of a row is what the same game would send. */
const HIDDEN = new Set(['gunDone', 'rocketDone', 'shieldTicks', 'life']);

/** Fields only the owner receives. */
const OWN = new Set(['vx', 'vy', 'gunWait', 'rocketWait', 'dashWait', 'gunCount', 'rocketCount']);

/**
 * Decimals a careful author would leave in a coordinate: the 1/8 steps of the declaration need
 * three.
 */
const DECIMALS = 1000;

/**
 * Bytes of one tick's visible world as JSON. `fields`: names of each kind's fields, from the
 * declaration.
 */
export function jsonBytes(
  view: ArenaView,
  seat: number,
  fields: Readonly<Record<string, readonly string[]>>,
): number {
  const message: Record<string, unknown> = { tick: Math.round(view.tick) };
  for (const kind of KINDS) {
    const rows: Record<string, unknown>[] = [];
    for (const row of view.all(kind)) {
      const plain: Record<string, unknown> = { id: row.id };
      const source = row as unknown as Record<string, unknown>;
      for (const name of fields[kind]) {
        if (HIDDEN.has(name)) continue;
        if (kind === 'player' && OWN.has(name) && row.owner !== seat) continue;
        plain[name] = shortened(source[name]);
      }
      rows.push(plain);
    }
    message[kind] = rows;
  }
  return new TextEncoder().encode(JSON.stringify(message)).length;
}

function shortened(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * DECIMALS) / DECIMALS : value;
}
