// Hostile cases that are decided by what stands in the files, not by what a program does: where
// packages come from, and whether any page makes markup of text.
import { describe, expect, test } from 'vitest';
import { filesUnder, isTest, parse, read, walk } from './house.ts';

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** What makes markup or code of text in a page. */
const SINKS = new Set([
  'innerHTML',
  'outerHTML',
  'srcdoc',
  'insertAdjacentHTML',
  'createContextualFragment',
  'setHTMLUnsafe',
  'parseFromString',
  'write',
  'writeln',
]);

describe('{S46} packages', () => {
  test('are named with one version each', () => {
    const manifests = filesUnder('').filter((path) => /(^|\/)package\.json$/.test(path));
    expect(manifests.length).toBeGreaterThan(4);
    const loose = manifests.flatMap((path) => {
      const { dependencies, devDependencies } = JSON.parse(read(path)) as Manifest;
      return Object.entries({ ...dependencies, ...devDependencies })
        .filter(([name]) => !name.startsWith('@tickwire/'))
        .filter(([, version]) => !/^(npm:[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name, version]) => `${path}: ${name} ${version}`);
    });
    expect(loose).toEqual([]);
  });

  test('are locked with the hash of their bytes', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { link?: boolean; integrity?: string; inBundle?: boolean }>;
    };
    const installed = Object.entries(packages).filter(
      ([path, { link, inBundle }]) => path.includes('node_modules/') && !link && !inBundle,
    );
    expect(installed.length).toBeGreaterThan(20);
    const bare = installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(bare.map(([path]) => path)).toEqual([]);
  });
});

test('{T63, S40} no page makes markup or code of text', () => {
  const pages = filesUnder('').filter(
    (path) => /^(client\/src|examples\/\w+\/src)\//.test(path) && path.endsWith('.ts'),
  );
  const found = pages
    .filter((path) => !isTest(path))
    .flatMap((path) => {
      const names: string[] = [];
      walk(parse(path).program, (node) => {
        if (node.type !== 'MemberExpression') return;
        const { name, value } = node.property as { name?: string; value?: unknown };
        const sink = String(name ?? value);
        if (!SINKS.has(sink)) return;
        const { name: owner } = node.object as { name?: string };
        if (!sink.startsWith('write') || owner === 'document') names.push(`${path}: ${sink}`);
      });
      return names;
    });
  expect(found).toEqual([]);
});
