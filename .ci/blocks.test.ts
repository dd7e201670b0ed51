// The documents' TypeScript compiles, as somebody who copies it would have it: with the imports
// that it shows, in a strict project. One run of the compiler for all of it, 3 s.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, folderOf, writeBlocks } from './blocks.ts';
import { filesUnder, ROOT } from './house.ts';

const documents = filesUnder('').filter((path) => path.endsWith('.md'));
const cache = join(ROOT, 'node_modules/.cache');
let folder = '';

beforeAll(() => {
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'blocks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compilerOptions = {
  target: 'es2023',
  module: 'nodenext',
  lib: ['es2023', 'dom', 'dom.iterable'],
  types: ['node'],
  customConditions: ['source'],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
};

/** What the compiler says, by document and line. */
function compile(files: readonly string[]): string[] {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [tsc, '--pretty', 'false', '-p', folder],
    { cwd: folder, encoding: 'utf8' },
  );
  const said = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
  return status === 0 ? [] : ['the compiler found:', ...said];
}

test('the documents show TypeScript that compiles', () => {
  const shown = documents.map(blocksOf).filter((blocks) => blocks.length > 0);
  expect(shown.length, 'documents with TypeScript').toBeGreaterThan(10);
  const files = shown.flatMap((blocks) =>
    writeBlocks(join(folder, folderOf(blocks[0]!.document)), blocks),
  );
  expect(compile(files)).toEqual([]);
});

test('a block that does not compile is named by its document and line', () => {
  const text = "\nexport const seats: number = 'four';\n";
  const block = { document: 'docs/some.md', line: 7, name: undefined, text };
  const found = compile(writeBlocks(join(folder, folderOf(block.document)), [block]));
  expect(found[1]).toMatch(/^docs-some\/line-7\.ts\(9,\d+\): error TS2322: /);
});
