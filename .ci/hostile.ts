// `npm run hostile`: runs the tests that name hostile cases and prints what became of each case,
// and last, as JSON, how many are in each state. Ends with 1 while a case is missing or failed, and
// with 2 where there is no verdict, or for a flag that does not exist.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { argumentsIn, judge, numbersIn, type Report, reportAt } from './hostile-register.ts';
import { ROWS } from './hostile-rows.ts';
import { filesUnder, isTest, isTypeTest, ROOT, read } from './house.ts';

const USAGE = `usage: npm run hostile -- [--json] [--allow-missing]

  runs every test that names a hostile case, some minutes, and says what became of each case
  --json           the counts alone on stdout, all else on stderr
  --allow-missing  a case without a test is no reason to end with 1`;

/** Its own test shows what a title looks like. */
const OWN_TEST = '.ci/hostile-register.test.ts';

function filesWithCases(): string[] {
  const tests = filesUnder('').filter((path) => isTest(path) && !isTypeTest(path));
  return tests.filter((path) => path !== OWN_TEST && numbersIn(read(path)).length > 0);
}

/** Runs vitest on the files; what it prints goes to stderr. */
function run(files: readonly string[]): Report {
  const folder = mkdtempSync(join(tmpdir(), 'tickwire-hostile-'));
  const output = join(folder, 'report.json');
  const manifest = createRequire(import.meta.url).resolve('vitest/package.json');
  const vitest = join(dirname(manifest), 'vitest.mjs');
  try {
    const projects = ['--project', 'unit', '--project', 'browser'];
    const reporters = ['--reporter', 'dot', '--reporter', 'json', '--outputFile.json', output];
    const ended = spawnSync(
      process.execPath,
      [vitest, 'run', ...projects, ...reporters, ...files],
      {
        cwd: ROOT,
        stdio: ['ignore', 2, 2],
      },
    );
    return reportAt(output, ended);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What was asked for; ends the process where that is help, or nothing that there is. */
function asked() {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({ options: { json: flag, 'allow-missing': flag, help: flag } });
    if (!values.help) return values;
  } catch (error) {
    console.error(`${(error as Error).message.split('. ')[0]}\n\n${USAGE}`);
    process.exit(2);
  }
  console.log(USAGE);
  process.exit(0);
}

const flags = asked();
const say = flags.json ? console.error : console.log;
let report: Report;
try {
  report = run(filesWithCases());
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}
for (const file of report.testResults) file.name = relative(ROOT, file.name);
const { rows, faults, counts } = judge(report, argumentsIn(read('SECURITY.md')));
for (const { number, state, by } of rows) {
  const word = state === 'passed' || state === 'argued' ? state : state.toUpperCase();
  say(`${number.padEnd(4)} ${word.padEnd(8)} ${ROWS[number]}${by ? `: ${by}` : ''}`);
}
for (const fault of faults) say(`FAULT ${fault}`);
console.log(JSON.stringify(counts));

const forgiven = flags['allow-missing'] ? ['missing'] : [];
const bad = rows.filter(({ state }) => !['passed', 'argued', ...forgiven].includes(state));
process.exitCode = bad.length + faults.length > 0 ? 1 : 0;
