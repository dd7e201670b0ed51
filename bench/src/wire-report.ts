// What `wire` found, for people: a table of bytes by codec, mode and size, how many times less than
// the best peer that is, and the plot of both. Reads figures, measures nothing.
import { say } from './figures.ts';
import { type Line, writePlot } from './plot.ts';
import type { BitCosts } from './wire-bits.ts';
import type { PeerFigures } from './wire-peers.ts';
import { MODES, type Mode } from './workload.ts';

/** What all codecs have in common. */
export interface Row {
  readonly error?: string;
  readonly bytesPerTick: number;
  readonly bytesPerEntityTick: number;
  readonly withHeaders: number;
  readonly encodeUs: number;
  readonly decodeUs: number;
}
export type ByMode = Record<Mode, Record<string, Row>>;

/** Codecs by name, ours first. */
export type Codecs = readonly { readonly name: string; readonly ours: boolean; rows: ByMode }[];

export function codecsOf(
  packed: ByMode,
  plain: ByMode,
  peers: Readonly<Record<string, PeerFigures>>,
): Codecs {
  return [
    { name: 'tickwire packed', ours: true, rows: packed },
    { name: 'tickwire plain', ours: true, rows: plain },
    ...Object.entries(peers).map(([name, rows]) => ({ name, ours: false, rows })),
  ];
}

const NAME_COLUMNS = 34;

export function sayTable(codecs: Codecs, ns: readonly number[]): void {
  say('\nbytes per entity and tick, whole WebSocket messages, TABLES in');
  for (const mode of MODES) {
    say(`${mode.padEnd(NAME_COLUMNS)}${ns.map((n) => String(n).padStart(9)).join('')}`);
    for (const { name, rows } of codecs)
      say(`  ${name.padEnd(NAME_COLUMNS - 2)}${ns.map((n) => cell(rows[mode][n])).join('')}`);
  }
}

function cell(row: Row | undefined): string {
  if (!row) return '-'.padStart(9);
  return (row.error === undefined ? row.bytesPerEntityTick.toFixed(3) : 'wrong').padStart(9);
}

/** How many times more bytes than ours a peer's are. */
export interface Ratio {
  readonly bestPeer: string;
  readonly times: number;
  /** The same with TLS, TCP and IP. */
  readonly timesWithHeaders: number;
}

export type Ratios = Record<Mode, Record<string, Ratio>>;

/** Against the peer with the fewest bytes, by mode and size; empty where no peer ran. */
export function ratiosOf(codecs: Codecs, ns: readonly number[]): Ratios {
  const [ours, ...others] = codecs;
  const peers = others.filter((codec) => !codec.ours);
  const ratios = { coast: {}, steer: {}, stop: {} } as Ratios;
  for (const mode of MODES)
    for (const n of ns) {
      const right = peers.filter(({ rows }) => rows[mode][n]?.bytesPerTick > 0);
      if (right.length === 0) continue;
      const bytesOf = (codec: (typeof right)[number]) => codec.rows[mode][n].bytesPerTick;
      const best = right.reduce((a, b) => (bytesOf(b) < bytesOf(a) ? b : a));
      const [peer, own] = [best.rows[mode][n], ours.rows[mode][n]];
      const times = (a: number, b: number) => Number((a / b).toFixed(2));
      ratios[mode][n] = {
        bestPeer: best.name,
        times: times(peer.bytesPerTick, own.bytesPerTick),
        timesWithHeaders: times(peer.withHeaders, own.withHeaders),
      };
    }
  return ratios;
}

export function sayRatios(ratios: Ratios): void {
  say('\nthe best peer of this run at equal precision, in multiples of tickwire packed');
  for (const mode of MODES)
    for (const [n, { bestPeer, times, timesWithHeaders }] of Object.entries(ratios[mode])) {
      const below = `with headers ${timesWithHeaders} x`;
      say(`  ${mode.padEnd(6)}${n.padStart(5)}  ${times} x (${below}), ${bestPeer}`);
    }
}

export function sayBits(title: string, bits: BitCosts): void {
  const sum = Object.values(bits).reduce((a, b) => a + b, 0);
  say(`\nbits per entity and tick, ${title}: ${sum.toFixed(3)}`);
  for (const [question, cost] of Object.entries(bits))
    if (cost >= LEAST_BITS) say(`  ${cost.toFixed(3).padStart(8)}  ${question}`);
}

/** Questions that cost less than this are not printed. */
const LEAST_BITS = 0.002;

/** Answers the path of the plot. */
export function plotBytes(codecs: Codecs, ns: readonly number[]): string {
  return writePlot('wire-bytes', {
    title: 'Bytes per entity and tick by codec',
    note: 'arena-N at 20 Hz, equal precision; whole WebSocket messages, TABLES in; ticks 60-359',
    xTitle: 'entities in the room',
    panels: MODES.map((mode) => ({
      title: mode,
      lines: codecs.flatMap(({ name, ours, rows }): Line[] => {
        const points = ns
          .filter((n) => rows[mode][n]?.bytesPerEntityTick > 0)
          .map((n) => [n, rows[mode][n].bytesPerEntityTick] as const);
        return points.length > 0 ? [{ name, ours, points }] : [];
      }),
    })),
  });
}
