// Proves that what would be published works: builds, packs, checks what is inside each tarball,
// installs the three into an empty folder as a user would, and imports them there with plain Node.
// Usage: node .ci/pack.mjs [OTHER_NODE...]; each further Node runs the installed packages too.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = ['protocol', 'server', 'client'];
const ALLOWED =
  /^(package\.json|README\.md|LICENSE|src\/[\w-]+\.ts|dist\/[\w-]+\.(js|d\.ts)(\.map)?)$/;
const TEST = /\.test(-d)?\./;

const folder = mkdtempSync(join(tmpdir(), 'pack-'));
try {
  run('npm', ['run', '--silent', 'build'], ROOT);
  const tarballs = pack(folder);
  const user = install(join(folder, 'user'), tarballs);
  checkTypes(user);
  for (const node of [process.execPath, ...process.argv.slice(2)]) {
    // The command is there, and starts.
    run(node, ['node_modules/.bin/tickwire', 'serve', '--help'], user);
    cpSync(join(ROOT, '.ci/consumer'), user, { recursive: true });
    for (const script of readdirSync(user)
      .filter((name) => name.endsWith('.mjs'))
      .sort()) {
      process.stdout.write(run(node, [script, ...doors().map(([door]) => door)], user));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Output of a command; what it said is shown if it fails. */
function run(command, args, cwd) {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    console.error(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr}`);
    process.exit(1);
  }
}

function pack(into) {
  const workspaces = PACKAGES.flatMap((name) => ['-w', `@tickwire/${name}`]);
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into, ...workspaces];
  // npm 10 and 11 print a list of packages, later ones an object by name.
  const packed = Object.values(JSON.parse(run('npm', args, ROOT)));
  if (packed.length !== PACKAGES.length) throw new Error(`packed ${packed.length} packages`);
  for (const { name, files, size } of packed) {
    check(
      name.replace('@tickwire/', ''),
      files.map((file) => file.path),
    );
    console.log(`${name}: ${files.length} files, ${size} B packed`);
  }
  return packed.map((one) => join(into, one.filename));
}

/** Nothing that does not belong, and everything that does: each source with its build and back. */
function check(name, files) {
  const wrong = files.filter((file) => !ALLOWED.test(file) || TEST.test(file));
  const sources = readdirSync(join(ROOT, name, 'src')).filter((file) => /\.ts$/.test(file));
  const needed = ['README.md', 'LICENSE', 'package.json'];
  for (const source of sources.filter((file) => !TEST.test(file))) {
    const stem = source.replace(/\.ts$/, '');
    needed.push(`src/${source}`, `dist/${stem}.js`, `dist/${stem}.d.ts`);
  }
  const missing = needed.filter((file) => !files.includes(file));
  const stale = files.filter((file) => file.startsWith('dist/') && !needed.includes(plain(file)));
  if (wrong.length + missing.length + stale.length === 0) return;
  throw new Error(`${name}: ${JSON.stringify({ wrong, missing, stale }, undefined, 2)}`);
}

function plain(file) {
  return file.replace(/\.map$/, '');
}

/** An empty project that depends on the tarballs: no optional packages, no uWebSockets.js. */
function install(user, tarballs) {
  mkdirSync(user);
  writeFileSync(
    join(user, 'package.json'),
    '{ "name": "user", "private": true, "type": "module" }',
  );
  const quiet = ['--no-audit', '--no-fund', '--omit=optional'];
  run('npm', ['install', ...quiet, ...tarballs], user);
  const installed = readdirSync(join(user, 'node_modules'));
  if (installed.includes('uWebSockets.js')) throw new Error('uWebSockets.js came uninvited');
  return user;
}

/** [specifier, package] of everything the packages export to who installs them. */
function doors() {
  return PACKAGES.flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, name, 'package.json'), 'utf8'));
    const names = Object.keys(exports).filter((door) => exports[door].default);
    return names.map((door) => [`@tickwire/${name}${door.slice(1)}`, name]);
  });
}

/** The declarations stand alone: a user's strict project that checks libraries finds no error. */
function checkTypes(user) {
  const lines = doors().map(([door], index) => `export * as door${index} from '${door}';`);
  writeFileSync(join(user, 'all.ts'), `${lines.join('\n')}\n`);
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable'],
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  writeFileSync(
    join(user, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['all.ts'] }),
  );
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', user], user);
  console.log(`types of ${doors().length} exports hold in a strict project`);
}
