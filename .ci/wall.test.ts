// Proof that the compiler is the wall between packages: each package's own tsconfig is given one
// line that must not compile there, or one that must. Each line lies alone in a temporary folder,
// so typeRoots says where the types are that the package's tsconfig asks for.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type PACKAGES, ROOT } from './house.ts';

type Package = (typeof PACKAGES)[number];

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const run = promisify(execFile);

/** Undoes what only makes sense for a whole package; lib and types, the wall, stay as they are. */
const ALONE = {
  composite: false,
  incremental: false,
  noEmit: true,
  rootDir: null,
  outDir: null,
  tsBuildInfoFile: null,
};

/** What tsc says about `code` as a source file of the package; '' if it compiles. */
async function compile(name: Package, code: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wall-'));
  try {
    await writeFile(join(folder, 'line.ts'), `${code}\nexport {};\n`);
    const compilerOptions = { ...ALONE, typeRoots: [join(ROOT, 'node_modules/@types')] };
    const config = { extends: join(ROOT, name, 'tsconfig.json'), compilerOptions };
    const rest = { include: ['line.ts'], references: [] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, ...rest }));
    await run(process.execPath, [TSC, '-p', folder, '--pretty', 'false']);
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const HOLDS = 'const squares = [1, 2].map((side) => side ** 2); squares.length;';
const REFUSED: readonly [Package, string, string, string][] = [
  ['protocol', 'the page', 'document.title;', "'document'"],
  ['protocol', 'the process', 'process.exit();', "'process'"],
  ['protocol', 'Node modules', "import 'node:fs';", 'node:fs'],
  ['protocol', 'sockets', 'new WebSocket("ws://x");', "'WebSocket'"],
  ['protocol', 'timers', 'setTimeout(() => {}, 1);', "'setTimeout'"],
  ['protocol', 'clocks other than Date', 'performance.now();', "'performance'"],
  ['server', 'the page', 'document.title;', "'document'"],
  ['server', 'the window', 'window.innerWidth;', "'window'"],
  ['client', 'the process', 'process.exit();', "'process'"],
  ['client', 'Node modules', "import 'node:fs';", 'node:fs'],
  ['client', 'Buffer', 'Buffer.from([1]);', "'Buffer'"],
];
const ALLOWED: readonly [Package, string, string][] = [
  ['protocol', 'plain computing', HOLDS],
  ['server', 'the process and its modules', "import 'node:fs'; process.pid;"],
  ['client', 'the page', 'document.title; new WebSocket("ws://x");'],
];

describe('the wall', () => {
  test.concurrent.each(ALLOWED)('%s may use %s', async (name, _what, code) => {
    expect(await compile(name, code)).toBe('');
  });

  test.concurrent.each(REFUSED)('%s cannot use %s', async (name, _what, code, named) => {
    const said = await compile(name, code);
    expect(said).toMatch(/error TS\d+/);
    expect(said).toContain(named);
    expect(said.trim().split('\n')).toHaveLength(1);
  });
});
