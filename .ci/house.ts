// Reads the project's own files for tidy.test.ts: which there are, their text, and their syntax
// trees. The parser is the one inside vite (oxc); TypeScript 7 has no stable API yet. Nothing here
// knows a rule.
// Trap: it walks folders instead of asking git, because the tests must pass where no git is
// installed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const PACKAGES = ['protocol', 'server', 'client'] as const;

/** Folders that hold nothing of ours: installed, generated, or git's. */
const FOREIGN = new Set(['node_modules', 'dist', '.git', 'test-results', 'coverage']);

export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

interface Import {
  specifier: string;
  line: number;
}

export interface Source {
  /** From the root, with forward slashes. */
  path: string;
  text: string;
  program: Node;
  comments: readonly { value: string; start: number; end: number }[];
  imports: Import[];
}

export function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/**
 * The text of a file; a file that is missing is a finding of its own, so the error says who waits
 * for it.
 */
export function read(path: string): string {
  if (!exists(path)) throw new Error(`${path} is missing: this house rule needs it`);
  return readFileSync(join(ROOT, path), 'utf8');
}

export function filesUnder(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (FOREIGN.has(entry.name)) continue;
    if (entry.isDirectory()) found.push(...filesUnder(path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

export const isTest = (path: string): boolean => /\.test(-d)?\.ts$/.test(path);
export const isTypeTest = (path: string): boolean => path.endsWith('.test-d.ts');

/** The shipped sources of one package: what lies in its src, tests left out. */
export function isShipped(path: string): boolean {
  return /^(protocol|server|client)\/src\//.test(path) && path.endsWith('.ts') && !isTest(path);
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
  }
  return line;
}

export const linesOf = (text: string): number => text.replace(/\n$/, '').split('\n').length;

export function parse(path: string): Source {
  const text = read(path);
  const result = parseSync(path, text);
  if (result.errors.length > 0) throw new Error(`${path}: ${result.errors[0]?.message}`);
  const imports: Import[] = [];
  const add = (specifier: string, start: number): void => {
    imports.push({ specifier, line: lineAt(text, start) });
  };
  for (const found of result.module.staticImports) add(found.moduleRequest.value, found.start);
  for (const found of result.module.staticExports) {
    const request = found.entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    if (request) add(request.value, found.start);
  }
  const program = result.program as unknown as Node;
  walk(program, (node) => {
    const source = node.source as Node | undefined;
    const constant = node.type === 'ImportExpression' && source?.type === 'Literal';
    if (constant) add(String(source.value), node.start);
  });
  return { path, text, program, comments: result.comments, imports };
}

/** Visits every node, outer ones first, with its parent. */
export function walk(node: Node, visit: (node: Node, parent?: Node) => void, parent?: Node): void {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit, node);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/**
 * First argument of test(...), it.each(...)(...), describe.skipIf(...)(...) and the like, with its
 * line.
 */
export function testTitles(source: Source): { title: string; line: number }[] {
  const found: { title: string; line: number }[] = [];
  walk(source.program, (node) => {
    if (node.type !== 'CallExpression' || !TITLED.test(calledName(node.callee as Node) ?? ''))
      return;
    const title = textOf((node.arguments as Node[])[0]);
    if (title !== undefined) found.push({ title, line: lineAt(source.text, node.start) });
  });
  return found;
}

/** The name a call starts from: `describe` of `describe.skipIf(x)('title', ...)`. */
export function calledName(callee: Node): string | undefined {
  if (callee.type === 'MemberExpression') return calledName(callee.object as Node);
  if (callee.type === 'CallExpression') return calledName(callee.callee as Node);
  return callee.type === 'Identifier' ? String(callee.name) : undefined;
}

/** test, it, describe, and suites of ours: functions named ...Suite that take a title first. */
const TITLED = /^(test|it|describe|\w+Suite)$/;

/** The text of a string literal or template; undefined for anything else. */
export function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type !== 'TemplateLiteral') return undefined;
  return (node.quasis as Node[]).map((part) => (part.value as { raw: string }).raw).join('…');
}

/** Every string and comment of a file: where prose may name a rule. */
export function proseOf(source: Source): { text: string; line: number }[] {
  const found = source.comments.map((comment) => ({
    text: comment.value,
    line: lineAt(source.text, comment.start),
  }));
  walk(source.program, (node) => {
    const text = textOf(node);
    if (text !== undefined) found.push({ text, line: lineAt(source.text, node.start) });
  });
  return found;
}

/** The path a relative import names, from the root. */
export function resolveFrom(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}
