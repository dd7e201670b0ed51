// The house rules as a test: what a reviewer would otherwise have to say again and again.
// .ci/house.ts reads the files; each test below is one rule and lists every place that breaks it.
// Trap: a rule is changed here and in DECISIONS.md, never worked around beside the code.
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EDGE } from './.ci/edge.ts';
import {
  calledName,
  exists,
  filesUnder,
  isShipped,
  isTest,
  isTypeTest,
  lineAt,
  linesOf,
  type Node,
  PACKAGES,
  parse,
  proseOf,
  read,
  resolveFrom,
  type Source,
  testTitles,
  walk,
} from './.ci/house.ts';

/** A file has one job and still fits in a head. */
const MAX_FILE_LINES = 400;
/** A function fits on a screen. */
const MAX_FUNCTION_LINES = 60;
/** The formatter's width; it cannot break comments and strings, so they are counted here. */
const MAX_COLUMNS = 100;
/** Names that say nothing about what is inside. */
const FORBIDDEN_WORDS = new Set('util utils helper helpers manager common misc types'.split(' '));

const AMBIENT_CALLS = new Set(['setTimeout', 'setInterval', 'setImmediate']);
const AMBIENT_MEMBERS = new Set(['Date.now', 'Math.random', 'performance.now', 'process.hrtime']);

/** Which packages of ours a package may name; its tests beside the sources obey the same wall. */
const MAY_IMPORT: Readonly<Record<(typeof PACKAGES)[number], readonly string[]>> = {
  protocol: [],
  server: ['@tickwire/protocol'],
  client: ['@tickwire/protocol'],
};

const all = filesUnder('');
const code = all.filter((path) => /\.(ts|mjs|js)$/.test(path));
const sources: Source[] = code.filter((path) => path.endsWith('.ts')).map(parse);
const shipped = sources.filter((source) => isShipped(source.path));
const RULE_ID = /\[([A-Z]{1,2}\d+(?:\s*,\s*[A-Z]{1,2}\d+)*)\]/g;

function idsIn(text: string): string[] {
  return [...text.matchAll(RULE_ID)].flatMap((match) => match[1]!.split(/\s*,\s*/));
}

function packageOf(path: string): (typeof PACKAGES)[number] {
  return PACKAGES.find((name) => path.startsWith(`${name}/`))!;
}

describe('size', () => {
  test('no file is longer than 400 lines', () => {
    const long = code.filter((path) => linesOf(read(path)) > MAX_FILE_LINES);
    expect(long.map((path) => `${path}: ${linesOf(read(path))} lines`)).toEqual([]);
  });

  test('no function is longer than 60 lines', () => {
    const long: string[] = [];
    for (const source of sources) {
      walk(source.program, (node, parent) => {
        if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type))
          return;
        if (isChapter(parent)) return;
        const lines = linesOf(source.text.slice(node.start, node.end));
        const at = lineAt(source.text, node.start);
        if (lines > MAX_FUNCTION_LINES) long.push(`${source.path}:${at}: ${lines} lines`);
      });
    }
    expect(long).toEqual([]);
  });

  test('no line is longer than 100 columns', () => {
    const long: string[] = [];
    for (const path of code) {
      read(path)
        .split('\n')
        .forEach((line, index) => {
          if (line.length > MAX_COLUMNS) long.push(`${path}:${index + 1}: ${line.length} columns`);
        });
    }
    expect(long).toEqual([]);
  });
});

/** The callback of a describe is a chapter of tests, not a function one has to hold in the head. */
function isChapter(parent: Node | undefined): boolean {
  if (parent?.type !== 'CallExpression') return false;
  return /^(describe|\w+Suite)$/.test(calledName(parent.callee as Node) ?? '');
}

describe('names and headers', () => {
  test('files are nouns in lower-case kebab and say what is inside', () => {
    const bad = code.filter((path) => {
      const words = basename(path).replace(
        /\.(test|test-d|browser\.test|config)?\.?(ts|mjs|js)$/,
        '',
      );
      return (
        !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(words) ||
        words.split('-').some((w) => FORBIDDEN_WORDS.has(w))
      );
    });
    expect(bad).toEqual([]);
  });

  test('src folders are flat', () => {
    expect(all.filter((path) => /^(protocol|server|client)\/src\/.*\//.test(path))).toEqual([]);
  });

  test('every shipped file opens with a header of at least two sentences', () => {
    const bare = shipped.filter((source) => {
      const header = /^(?:#!.*\n)?(?:\/\/.*\n)+|^\/\*[\s\S]*?\*\//.exec(source.text)?.[0] ?? '';
      return (header.match(/[.!?](?=\s|$)/g) ?? []).length < 2;
    });
    expect(bare.map((source) => source.path)).toEqual([]);
  });
});

describe('imports', () => {
  test.each(PACKAGES)('%s: a file imports only files above it in index.ts', (name) => {
    const index = [...read(`${name}/src/index.ts`).matchAll(/\.\/([\w-]+)\.ts/g)];
    const order = [...new Set(index.map((match) => `${name}/src/${match[1]}.ts`))];
    const entries = entriesOf(name);
    const findings = order.filter((path) => !exists(path)).map((path) => `index.ts lists ${path}`);
    for (const source of shipped.filter((one) => one.path.startsWith(`${name}/src/`))) {
      if (source.path === `${name}/src/index.ts`) continue;
      const rank = entries.includes(source.path)
        ? Number.POSITIVE_INFINITY
        : order.indexOf(source.path);
      if (rank === -1) findings.push(`${source.path} is not listed in index.ts`);
      for (const { specifier, line } of source.imports.filter((one) =>
        /^[.#]/.test(one.specifier),
      )) {
        const target = privateImports(name)[specifier] ?? resolveFrom(source.path, specifier);
        const above = order.indexOf(target) !== -1 && order.indexOf(target) < rank;
        if (!above)
          findings.push(`${source.path}:${line} imports ${specifier}, which is not above it`);
      }
    }
    expect(findings).toEqual([]);
  });

  test('packages name only packages below them and what their package.json declares', () => {
    const findings: string[] = [];
    for (const source of sources.filter((one) =>
      /^(protocol|server|client)\/src\//.test(one.path),
    )) {
      const name = packageOf(source.path);
      const declared = declaredBy(name);
      for (const { specifier, line } of source.imports) {
        if (!allowed(source.path, specifier, MAY_IMPORT[name], declared)) {
          findings.push(`${source.path}:${line} imports ${specifier}`);
        }
      }
    }
    expect(findings).toEqual([]);
  });

  test('no relative import leaves its package, and each names its .ts file', () => {
    const findings: string[] = [];
    for (const source of sources) {
      const home = /^(examples\/[^/]+|[^/]+)\//.exec(source.path)?.[0] ?? '';
      for (const { specifier, line } of source.imports) {
        if (!specifier.startsWith('.')) continue;
        const inside = resolveFrom(source.path, specifier).startsWith(home);
        const named = /\.(ts|mjs|json|css)$/.test(specifier);
        if (!inside || !named) findings.push(`${source.path}:${line} imports ${specifier}`);
      }
    }
    expect(findings).toEqual([]);
  });
});

/**
 * Further doors of a package (./overlay, ./simulator): they may use every file, and no file uses
 * them.
 */
function entriesOf(name: string): string[] {
  const exports = JSON.parse(read(`${name}/package.json`)).exports as Record<
    string,
    { source?: string }
  >;
  const doors = Object.entries(exports).filter(([door]) => door !== '.');
  return doors.flatMap(([, { source }]) => (source ? [`${name}/${source.slice(2)}`] : []));
}

function declaredBy(name: string): string[] {
  const manifest = JSON.parse(read(`${name}/package.json`));
  const { dependencies, peerDependencies, imports } = manifest;
  return Object.keys({ ...dependencies, ...peerDependencies, ...imports });
}

/** The source file that each `#name` of a package stands for, unless a bundler asks for another. */
function privateImports(name: string): Record<string, string> {
  const imports: Record<string, { source: { default: string } }> =
    JSON.parse(read(`${name}/package.json`)).imports ?? {};
  return Object.fromEntries(
    Object.entries(imports).map(([key, { source }]) => [key, `${name}/${source.default.slice(2)}`]),
  );
}

function allowed(
  path: string,
  specifier: string,
  ours: readonly string[],
  declared: string[],
): boolean {
  if (specifier.startsWith('.')) return true;
  const bare = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (bare.startsWith('@tickwire/')) return ours.includes(bare);
  if (isTest(path)) return true;
  if (specifier.startsWith('node:')) return path.startsWith('server/');
  return declared.includes(bare);
}

describe('time, chance and escapes', () => {
  test('clocks, dice and timers are touched only at the edge', () => {
    const findings: string[] = [];
    for (const source of shipped.filter((one) => !(one.path in EDGE))) {
      walk(source.program, (node, parent) => {
        const name = ambientName(node, parent);
        if (name) findings.push(`${source.path}:${lineAt(source.text, node.start)} uses ${name}`);
      });
    }
    expect(findings).toEqual([]);
  });

  test('every file of the edge list exists and has a reason', () => {
    expect(Object.keys(EDGE).filter((path) => !exists(path) || EDGE[path] === '')).toEqual([]);
  });

  test('nothing is typed any', () => {
    const findings: string[] = [];
    for (const source of sources) {
      walk(source.program, (node) => {
        if (node.type !== 'TSAnyKeyword') return;
        findings.push(`${source.path}:${lineAt(source.text, node.start)}`);
      });
    }
    expect(findings).toEqual([]);
  });

  test('the compiler is silenced only where a type test expects an error', () => {
    const findings: string[] = [];
    for (const source of sources) {
      for (const { value, start } of source.comments) {
        const pragma = /^[\s*]*@ts-(ignore|nocheck|expect-error)/.exec(value)?.[1];
        if (!pragma || (pragma === 'expect-error' && isTypeTest(source.path))) continue;
        findings.push(`${source.path}:${lineAt(source.text, start)} @ts-${pragma}`);
      }
    }
    expect(findings).toEqual([]);
  });

  test('nothing is left for later in a mark', () => {
    const mark = new RegExp(
      `\\b(${['TO', 'FIX'].map((w, i) => w + ['DO', 'ME'][i]).join('|')})\\b`,
    );
    const text = all.filter((path) => /\.(ts|mjs|js|md|json|html|css)$/.test(path));
    expect(text.filter((path) => mark.test(read(path)))).toEqual([]);
  });
});

function ambientName(node: Node, parent: Node | undefined): string | undefined {
  if (node.type === 'NewExpression' && (node.callee as Node).name === 'Date') {
    return (node.arguments as Node[]).length === 0 ? 'new Date()' : undefined;
  }
  if (node.type === 'MemberExpression') {
    const object = node.object as Node;
    const name = String((node.property as Node).name);
    if (object.name === 'globalThis' && AMBIENT_CALLS.has(name)) return `globalThis.${name}`;
    const member = `${String(object.name)}.${name}`;
    return AMBIENT_MEMBERS.has(member) ? member : undefined;
  }
  if (node.type !== 'Identifier' || !AMBIENT_CALLS.has(String(node.name))) return undefined;
  const isName =
    parent?.property === node || parent?.key === node || parent?.type === 'TSTypeQuery';
  return isName && !parent?.shorthand ? undefined : String(node.name);
}

describe('the protocol document', () => {
  const document = (): string => read('protocol/PROTOCOL.md');
  /** A rule is stated where a line, list item or table row opens with its id: `- [S4] text`. */
  const stated = (): string[] =>
    [...document().matchAll(/^\s*(?:[-*|]\s*)?\**\[([A-Z]{1,2}\d+)\]/gm)].map((match) => match[1]!);
  const titles = sources.filter((source) => isTest(source.path)).flatMap(testTitles);

  test('states each rule once', () => {
    const ids = stated();
    expect(ids.length, 'PROTOCOL.md states no rule').toBeGreaterThan(0);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('states every rule that code, tests and its own text cite', () => {
    const known = new Set(stated());
    const findings = idsIn(document()).filter((id) => !known.has(id));
    for (const source of sources) {
      for (const { text, line } of proseOf(source)) {
        const unknown = idsIn(text).filter((id) => !known.has(id));
        findings.push(...unknown.map((id) => `${source.path}:${line} [${id}]`));
      }
    }
    expect(findings).toEqual([]);
  });

  test('has every rule proved by a test that cites it in its title', () => {
    const cited = new Set(titles.flatMap(({ title }) => idsIn(title)));
    expect(stated().filter((id) => !cited.has(id))).toEqual([]);
  });

  test('names every close code and every refusal the code can make, and no other code', () => {
    const text = document();
    const codes = literalsOf('protocol/src/close-codes.ts', 'CloseCode');
    const refusals = literalsOf('protocol/src/errors.ts', 'ProtocolErrorCode');
    expect(codes.length * refusals.length, 'lists found').toBeGreaterThan(0);
    const rows = [...text.matchAll(/^\|\s*`?(\d{4})`?\s*\|/gm)].map((match) => match[1]!);
    expect(codes.filter((value) => !rows.includes(value))).toEqual([]);
    expect(refusals.filter((value) => !text.includes(`\`${value}\``))).toEqual([]);
    expect(rows.filter((row) => !codes.includes(row))).toEqual([]);
    const titled = titles.flatMap(({ title }) => title.match(/\b40[0-4]\d\b/g) ?? []);
    expect(titled.filter((value) => !codes.includes(value))).toEqual([]);
  });
});

/** The values of `export const NAME = { ... } as const`, as text. */
function literalsOf(path: string, name: string): string[] {
  const values: string[] = [];
  walk(parse(path).program, (node) => {
    if (node.type !== 'VariableDeclarator' || (node.id as Node).name !== name) return;
    walk(node, (inner) => {
      const value = inner.type === 'Property' ? (inner.value as Node).value : undefined;
      if (value !== undefined) values.push(String(value));
    });
  });
  return values;
}

describe('the README', () => {
  const listing = ['game.ts', 'server.ts', 'client.ts'];
  const pathOf = (name: string): string => {
    const paths = [`examples/squares/${name}`, `examples/squares/src/${name}`];
    return paths.find(exists) ?? paths[0]!;
  };

  test('shows the squares game byte for byte', () => {
    const readme = read('README.md');
    const shown = (name: string): boolean =>
      readme.includes(`\`\`\`ts\n${read(pathOf(name))}\`\`\`\n`);
    expect(listing.filter((name) => !shown(name))).toEqual([]);
  });

  test('shows a game of at most 30 lines, imports counted', () => {
    const lines = listing.flatMap((name) => read(pathOf(name)).split('\n'));
    expect(lines.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(30);
  });

  test('gives the two commands that the gate runs', () => {
    expect(read('README.md')).toContain('npm install && npm start');
    expect(read('README.md')).toContain('npm install && npm test');
  });
});

test('the lock file names no host', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved": "https?:/);
});
