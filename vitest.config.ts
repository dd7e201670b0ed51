import { defineConfig } from 'vitest/config';

// Packages are read from their sources (the `source` export condition): a test run needs no build.
// Three projects, one after the other: types (tsc on *.test-d.ts), unit (everything in Node), and
// browser (real Chromium, one file at a time: two Chromiums on two cores starve each other).
const fromSource = {
  resolve: { conditions: ['source', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['source', 'import', 'module', 'node', 'default'] } },
};
const BROWSER_TESTS = 'examples/*/test/**/*.browser.test.ts';

export default defineConfig({
  test: {
    // One more than the gate's cores: many suites wait, for deadlines that they try.
    maxWorkers: 3,
    projects: [
      {
        ...fromSource,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            tsconfig: './tsconfig.test.json',
            include: ['*/src/**/*.test-d.ts', '*/test/**/*.test-d.ts'],
            // Errors outside the type tests are reported once, by `tsc -b`.
            ignoreSourceErrors: true,
          },
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...fromSource,
        test: {
          name: 'unit',
          include: [
            '*.test.ts',
            '.ci/*.test.ts',
            '{protocol,server,client,bench}/{src,test}/**/*.test.ts',
            'protocol/conformance/*.test.ts',
            'examples/*/{src,test}/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/dist/**', BROWSER_TESTS],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...fromSource,
        test: {
          name: 'browser',
          include: [BROWSER_TESTS],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
