// The TypeScript that the documents show, made into files that the compiler can read: each block a
// module of its own, on the lines where it stands in its document. Called by blocks.test.ts. A
// block that follows a paragraph which begins with `name.ts` is that file, and blocks of the same
// document may import it; the files of .ci/around stand for a reader's own, unless the document
// shows one of that name.
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, read } from './house.ts';

const AROUND = '.ci/around';

export interface Block {
  /** From the root. */
  readonly document: string;
  /** Of the fence above it, from 1. */
  readonly line: number;
  /** What its paragraph calls it. */
  readonly name: string | undefined;
  readonly text: string;
}

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  const lines = read(document).split('\n');
  for (let at = 0; at < lines.length; at++) {
    if (!lines[at].startsWith('```')) continue;
    const end = lines.indexOf('```', at + 1);
    if (end === -1) throw new Error(`${document}:${at + 1}: a block without an end`);
    const text = `${lines.slice(at + 1, end).join('\n')}\n`;
    if (lines[at] === '```ts')
      blocks.push({ document, line: at + 1, name: nameAbove(lines, at), text });
    at = end;
  }
  return blocks;
}

/** What the paragraph above a line begins with, where that is the name of a file. */
function nameAbove(lines: readonly string[], at: number): string | undefined {
  let above = at - 1;
  while (above > 0 && lines[above].trim() === '') above--;
  while (above > 0 && lines[above - 1].trim() !== '') above--;
  return /^`([\w-]+\.ts)`/.exec(lines[above])?.[1];
}

/** Writes the blocks of one document into a folder; answers the files to compile. */
export function writeBlocks(folder: string, blocks: readonly Block[]): string[] {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(join(ROOT, AROUND)).filter((name) => name.endsWith('.ts')))
    cpSync(join(ROOT, AROUND, file), join(folder, file));
  return blocks.map(({ line, name, text }) => {
    const file = join(folder, name ?? `line-${line}.ts`);
    // As many lines above it as in the document; a block without import or export is a module too.
    writeFileSync(file, `${'\n'.repeat(line)}${text}export {};\n`);
    return file;
  });
}

/** `docs/several-machines.md` is checked in a folder `docs-several-machines`. */
export function folderOf(document: string): string {
  return document.replace(/\.md$/, '').replaceAll('/', '-');
}
