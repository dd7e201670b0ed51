// Numbers for people: percentiles of samples, the machine they were measured on, and figures as
// indented lines. Used by every program of the bench; nothing here measures.
import { cpus } from 'node:os';

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Percentiles by nearest rank. NaN for no samples. */
export function spread(samples: readonly number[]): Spread {
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number) =>
    sorted[Math.min(Math.ceil(share * sorted.length), sorted.length) - 1];
  return { p50: round(at(0.5), 3), p99: round(at(0.99), 3), max: round(at(1), 3) };
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Standard deviation over the mean, which is above 0; else 0. */
export function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return mean > 0 ? Math.sqrt(variance) / mean : 0;
}

/** What figures depend on beside the code. */
export function machine(): Record<string, string> {
  const { node, v8 } = process.versions;
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: String(cpus().length), node, v8 };
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** An object as indented `name: value` lines on stdout. */
export function printFigures(figures: object, indent = ''): void {
  for (const [name, value] of Object.entries(figures)) {
    const nested = typeof value === 'object' && value !== null;
    console.log(`${indent}${name}:${nested ? '' : ` ${value}`}`);
    if (nested) printFigures(value, `${indent}  `);
  }
}
