// That the register of hostile cases cannot lie: only what ran and passed has passed.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { argumentsIn, judge, numbersIn, type Report, reportAt } from './hostile-register.ts';
import { ROWS } from './hostile-rows.ts';
import { ROOT } from './house.ts';

const NONE = new Map<string, string>();

function reported(...tests: [fullName: string, status: string][]): Report {
  const assertionResults = tests.map(([fullName, status]) => ({ fullName, status }));
  return { testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults }] };
}

const stateOf = (number: string, report: Report, argued: ReadonlyMap<string, string> = NONE) =>
  judge(report, argued).rows.find((row) => row.number === number)?.state;

test('every number up to the last is there once', () => {
  const run = (letter: string, last: number) =>
    Array.from({ length: last }, (_, i) => `${letter}${i + 1}`);
  expect(Object.keys(ROWS)).toEqual([...run('S', 59), ...run('T', 66)]);
});

test('a title names its cases in braces, also those of its suite', () => {
  expect(numbersIn('over uws {T12} a frame {S5, S7} byte by byte')).toEqual(['T12', 'S5', 'S7']);
  expect(numbersIn('[T2] a rule, T3, {T}, {t4}, { T5 } and {T6,T7}')).toEqual([]);
});

test('an argument is a row of the table in its chapter that opens with its number', () => {
  const table = '| case | why |\n| --- | --- |\n| S22, S23 | not built |\n| T64 |  |\nT65 | no';
  const other = '\n## Counters\n\n| T5 | pings |\n';
  expect([...argumentsIn(other)]).toEqual([]);
  expect([...argumentsIn(`${other}## Which attacks are tried\n\n${table}${other}`)]).toEqual([
    ['S22', 'not built'],
    ['S23', 'not built'],
    ['T64', ''],
  ]);
});

describe('a case', () => {
  test('passes where every test that names it ran and passed', () => {
    const report = reported(['{T1} over uws', 'passed'], ['{T1} over ws', 'passed']);
    expect(stateOf('T1', report)).toBe('passed');
    const none = { argued: 0, failed: 0, skipped: 0 };
    expect(judge(report, NONE).counts).toEqual({ cases: 125, passed: 1, missing: 124, ...none });
  });

  test.each([
    ['failed', 'failed'],
    ['skipped', 'skipped'],
    ['pending', 'skipped'],
    ['todo', 'skipped'],
    ['a word of another vitest', 'skipped'],
  ])('has not passed where one test %s', (status, state) => {
    const report = reported(['{T1} over uws', status], ['{T1} over ws', 'passed']);
    expect(stateOf('T1', report)).toBe(state);
    expect(judge(report, NONE).counts.passed).toBe(0);
  });

  test('that nobody names is missing, unless it is argued', () => {
    expect(stateOf('T2', reported(['{T1} a', 'passed']))).toBe('missing');
    expect(stateOf('T2', reported(), new Map([['T2', 'why']]))).toBe('argued');
    expect(stateOf('T2', reported(), new Map([['T2', '']]))).toBe('missing');
  });
});

test('each case is counted once, by its state', () => {
  const report = reported(['{T1} a', 'failed'], ['{T2} b', 'skipped'], ['{T3} c', 'passed']);
  const { counts } = judge(report, new Map([['T4', 'why']]));
  const states = { passed: 1, failed: 1, skipped: 1, argued: 1, missing: 121 };
  expect(counts).toEqual({ cases: 125, ...states });
});

test('without a report it says how vitest ended', () => {
  const none = join(ROOT, 'no-such-report.json');
  const killed = () => reportAt(none, { status: null, signal: 'SIGTERM' });
  expect(killed).toThrow('no verdict: vitest was killed by SIGTERM and left no report');
  expect(() => reportAt(none, { status: 1, signal: null })).toThrow('ended with 1');
  const error = new Error('spawn EAGAIN');
  const failed = () => reportAt(none, { status: null, signal: null, error });
  expect(failed).toThrow('could not run: spawn EAGAIN');
});

describe('the register is wrong', () => {
  const faults = (report: Report, argued = NONE) => judge(report, argued).faults;

  test('where a number is none', () => {
    expect(faults(reported(['{T67} a', 'passed']))).toEqual(['T67 is no case']);
    expect(faults(reported(), new Map([['S60', 'why']]))).toEqual(['S60 is no case']);
  });

  test('where a case is argued and tested, or argued with nothing', () => {
    const tested = reported(['{T1} a', 'passed']);
    expect(faults(tested, new Map([['T1', 'why']]))[0]).toContain('argued and tested');
    expect(faults(reported(), new Map([['T1', '']]))[0]).toContain('without an argument');
  });

  test('where a file did not load', () => {
    const testResults = [
      { name: 'b.test.ts', status: 'failed', message: 'no such file', assertionResults: [] },
    ];
    expect(faults({ testResults })[0]).toBe('b.test.ts did not load: no such file');
  });
});
