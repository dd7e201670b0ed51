// Says of each hostile case whether a test passed, an argument stands for it, or nobody looked at
// it. Reads what vitest reported and the table in SECURITY.md; used by .ci/hostile.ts. A test names
// its cases in braces at the start of its title, `{T12, S7}`: square brackets are the rules of
// PROTOCOL.md. Trap: a case passes only if every test that names it ran and passed.
import { readFileSync } from 'node:fs';
import { ROWS } from './hostile-rows.ts';

/** What is read of vitest's JSON report. */
export interface Report {
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

export type State = 'passed' | 'argued' | 'failed' | 'skipped' | 'missing';

export interface Judged {
  readonly number: string;
  readonly state: State;
  /** Files with the number of tests in them, or the argument. */
  readonly by: string;
}

export interface Register {
  readonly rows: readonly Judged[];
  /** What makes the register itself wrong, each with its place. */
  readonly faults: readonly string[];
  /** Of `cases`, how many are in each state. */
  readonly counts: { cases: number } & Record<State, number>;
}

/**
 * The report that vitest wrote to `path` before it ended so. Throws an Error that says why there is
 * none: vitest writes it last.
 */
export function reportAt(
  path: string,
  { status, signal, error }: { status: number | null; signal: string | null; error?: Error },
): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const end = signal ? `was killed by ${signal}` : `ended with ${status}`;
    const why = error ? `could not run: ${error.message}` : end;
    throw new Error(`no verdict: vitest ${why} and left no report`, { cause });
  }
}

const NAMED = /\{([ST]\d+(?:, [ST]\d+)*)\}/g;
const ARGUED = /^\|\s*([ST]\d+(?:, [ST]\d+)*)\s*\|\s*(.*?)\s*\|\s*$/gm;

/** The numbers that a title names. */
export function numbersIn(title: string): string[] {
  return [...title.matchAll(NAMED)].flatMap((match) => match[1]!.split(', '));
}

/** Where SECURITY.md argues; its other tables name cases as well. */
const CHAPTER = '## Which attacks are tried\n';

/** Numbers with their arguments: the table rows of SECURITY.md's chapter that open with one. */
export function argumentsIn(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const [, chapter = ''] = text.split(CHAPTER);
  for (const [, numbers, why] of chapter.split('\n## ')[0]!.matchAll(ARGUED))
    for (const number of numbers!.split(', ')) found.set(number, why!);
  return found;
}

interface Ran {
  readonly file: string;
  readonly title: string;
  readonly status: string;
}

/** Judges every row by what ran and what is argued. */
export function judge(report: Report, argued: ReadonlyMap<string, string>): Register {
  const ran = new Map<string, Ran[]>();
  const faults: string[] = [];
  for (const file of report.testResults) {
    if (file.status !== 'passed' && file.assertionResults.length === 0)
      faults.push(`${file.name} did not load: ${file.message ?? ''}`);
    for (const { fullName, status } of file.assertionResults)
      for (const number of numbersIn(fullName)) {
        const tests = ran.get(number) ?? [];
        ran.set(number, [...tests, { file: file.name, title: fullName, status }]);
      }
  }
  for (const number of new Set([...ran.keys(), ...argued.keys()]))
    if (!Object.hasOwn(ROWS, number)) faults.push(`${number} is no case`);
  for (const [number, why] of argued) {
    if (ran.has(number)) faults.push(`${number} is argued and tested: one of them is wrong`);
    if (why === '') faults.push(`${number} is argued without an argument`);
  }
  const rows = Object.keys(ROWS).map((number) => row(number, ran.get(number) ?? [], argued));
  const counts = { cases: rows.length, passed: 0, argued: 0, missing: 0, failed: 0, skipped: 0 };
  for (const { state } of rows) counts[state]++;
  return { rows, faults, counts };
}

function row(number: string, ran: readonly Ran[], argued: ReadonlyMap<string, string>): Judged {
  const failed = ran.filter(({ status }) => status === 'failed');
  if (failed.length > 0) return { number, state: 'failed', by: titlesOf(failed) };
  const idle = ran.filter(({ status }) => status !== 'passed');
  if (idle.length > 0) return { number, state: 'skipped', by: titlesOf(idle) };
  if (ran.length > 0) return { number, state: 'passed', by: filesOf(ran) };
  const why = argued.get(number);
  if (why) return { number, state: 'argued', by: why };
  return { number, state: 'missing', by: '' };
}

const titlesOf = (ran: readonly Ran[]): string => ran.map(({ title }) => title).join('; ');

function filesOf(ran: readonly Ran[]): string {
  const counts = new Map<string, number>();
  for (const { file } of ran) counts.set(file, (counts.get(file) ?? 0) + 1);
  return [...counts].map(([file, count]) => `${file} (${count})`).join(', ');
}
