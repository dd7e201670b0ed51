// How many bytes a page pays: the client's core with a small game, and the doors beside it, bundled
// as a page would (esbuild and vite, minified, for production) and gzipped at level 9. The doors
// count what they add to the core. Read from the packages' sources; the build only takes the types
// away. Trap: vite sets the `production` condition by itself, who uses esbuild has to.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { build as viteBuild } from 'vite';
import { say } from './figures.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const CORE = `export * from './size-game.ts';`;
const DOORS = ['overlay', 'simulator'] as const;

export interface SizeFigures {
  readonly client: { readonly gzipBytes: number; readonly bytes: number };
  readonly overlay: { readonly gzipBytes: number };
  readonly simulator: { readonly gzipBytes: number };
  /** The core as vite builds it. */
  readonly vite: { readonly gzipBytes: number };
  /** What the checks of declarations add, where a bundler is not told `production`. */
  readonly checks: { readonly gzipBytes: number };
}

/** `details` prints a line for each module. */
export async function measureSize(details = true): Promise<SizeFigures> {
  const core = await bundle(CORE);
  if (details) breakDown(core.metafile);
  const doors = await Promise.all(
    DOORS.map(async (door) => {
      const { bytes } = await bundle(`${CORE} export * from '@tickwire/client/${door}';`);
      return { gzipBytes: gzipped(bytes) - gzipped(core.bytes) };
    }),
  );
  return {
    client: { gzipBytes: gzipped(core.bytes), bytes: core.bytes.length },
    overlay: doors[0],
    simulator: doors[1],
    vite: { gzipBytes: await viteBytes() },
    checks: { gzipBytes: gzipped((await bundle(CORE, ['source'])).bytes) - gzipped(core.bytes) },
  };
}

/** The core alone, in gzipped bytes: what the gate judges. */
export async function coreBytes(): Promise<number> {
  return gzipped((await bundle(CORE)).bytes);
}

function gzipped(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length;
}

async function bundle(
  contents: string,
  conditions = ['source', 'production'],
): Promise<{ bytes: Uint8Array; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: FOLDER, loader: 'ts' },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    conditions,
    write: false,
    metafile: true,
  });
  return { bytes: outputFiles[0].contents, metafile };
}

async function viteBytes(): Promise<number> {
  const answer = await viteBuild({
    configFile: false,
    logLevel: 'silent',
    root: FOLDER,
    resolve: { conditions: ['source', 'production', 'browser', 'module', 'import', 'default'] },
    build: {
      target: 'es2022',
      write: false,
      minify: true,
      lib: { entry: `${FOLDER}size-game.ts`, formats: ['es'], fileName: 'core' },
      rollupOptions: { output: { minify: true } },
    },
  });
  const [{ output }] = answer as { output: { type: string; code?: string }[] }[];
  return gzipped(Buffer.from(output.map(({ code = '' }) => code).join('\n')));
}

/** Minified bytes by module, largest first. */
function breakDown({ outputs }: Metafile): void {
  const [{ inputs }] = Object.values(outputs);
  const rows = Object.entries(inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
  say('minified bytes by module, before gzip:');
  for (const [path, { bytesInOutput }] of rows)
    if (bytesInOutput > 0) say(`${String(bytesInOutput).padStart(8)}  ${path}`);
}
