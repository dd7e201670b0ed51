// Reads vitest's JSON reports and the list of failed steps that .ci/run left in a folder, and
// prints the line the gate is judged by. A failed step that no report explains counts as one
// failure, and so does a skipped test whose title does not say "skipped: reason".
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const folder = process.argv[2];
if (!folder) throw new Error('usage: node .ci/summary.mjs FOLDER');

let passed = 0;
let failed = 0;
let skipped = 0;
const reasons = new Map();
/** Reports with a failure in them: their step is not counted once more. */
const explained = new Set();

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  for (const file of report.testResults) count(file, name.replace('.json', ''));
}

function count(file, run) {
  const path = relative(process.cwd(), file.name);
  const broken = file.status === 'failed' && !file.assertionResults.some(isFailed);
  if (broken) fail(run, `${path}: ${file.message.split('\n')[0]}`);
  for (const test of file.assertionResults) {
    if (test.status === 'passed') passed++;
    else if (isFailed(test)) fail(run, `${path}: ${test.fullName}`);
    else skip(run, path, test.fullName);
  }
}

function isFailed(test) {
  return test.status === 'failed';
}

function fail(run, what) {
  failed++;
  explained.add(run);
  console.log(`failed   ${run}: ${what}`);
}

function skip(run, path, title) {
  const reason = reasonOf(title);
  if (!reason) return fail(run, `${path}: ${title} (skipped without a reason)`);
  skipped++;
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
}

/** The text after "skipped: " in a title, up to the bracket that closes it; '' if there is none. */
function reasonOf(title) {
  const text = title.split('skipped: ').slice(1).join('skipped: ');
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && depth-- === 0) return text.slice(0, at);
  }
  return text;
}

for (const [reason, times] of reasons) console.log(`skipped  ${times}: ${reason}`);

const list = join(folder, 'failed-steps');
const steps = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n') : [];
for (const [report, step] of steps.map((line) => line.split('\t'))) {
  console.log(`step failed: ${step}`);
  if (!explained.has(report)) failed++;
}
if (passed + failed === 0) {
  console.log('no test ran');
  failed++;
}

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 && steps.length === 0 ? 0 : 1;
