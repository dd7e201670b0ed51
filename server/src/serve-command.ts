// `tickwire serve`: runs the script of a server and starts it again when it dies, once or on
// several shards. Called by cli.ts; supervisor.ts and shards.ts do the work. Trap: the script need
// not know: what it is told stands in its environment.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '@tickwire/protocol';
import type { Command } from './command.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { createLog } from './log.ts';
import { HAND_OVER_MS } from './moving.ts';
import { Shards } from './shards.ts';
import { supervise } from './supervisor.ts';

const HELP = `tickwire serve SCRIPT [--shards N|auto] [--port N] [-- ARGUMENTS]

Runs the script of a server and starts it again when it dies, later and later where it does not live
for ten seconds. SIGTERM and Ctrl-C close it gracefully, a second one at once. A .ts file is run by
tsx, where that is installed.

  --shards N|auto  as many processes, or one for each core: shard 0 listens on the port, shard 1 on
                   the next. Without it: one process, or what the script says itself
  --port N         PORT in the script's environment; 0 takes free ones. Default: PORT, else 9001
  -- ARGUMENTS     for the script
`;

export const SERVE_COMMAND: Command = {
  summary: 'run a server, on one core or on all',
  help: HELP,
  options: { shards: { type: 'string' }, port: { type: 'string' } },
  async run({ values: { shards, port }, positionals, rest }) {
    const [script, ...others] = positionals;
    if (script === undefined || others.length > 0)
      throw new UsageError('tickwire serve: wants one script; what is for it goes behind --');
    if (!existsSync(script)) throw new UsageError(`tickwire serve: ${script}: no such file`);
    const path = resolve(script);
    const flags = flagsFor(path, process.execArgv);
    const count = shards === undefined ? undefined : countOf(String(shards));
    // Whatever is started from here on has it.
    if (port !== undefined) process.env.PORT = portOf(String(port));
    if (count === undefined) return supervise(path, { args: rest, flags });
    await Shards.start({
      count,
      command: [...flags, path, ...rest],
      // What the script's own limits are is not known here.
      closeMs: HAND_OVER_MS + DEFAULT_LIMITS.closeMs,
      signals: true,
      log: createLog(),
    });
    return undefined;
  },
};

function countOf(text: string): number | 'auto' {
  if (text === 'auto') return text;
  if (!/^\d+$/.test(text)) throw new UsageError(`--shards ${text}: wants a whole number, or auto`);
  return Number(text);
}

function portOf(text: string): string {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new UsageError(`--port ${text}: wants a whole number in 0..65535`);
  return text;
}

/** Flags of Node for a script: those given, and what has it read TypeScript. Throws UsageError. */
export function flagsFor(path: string, flags: readonly string[]): readonly string[] {
  if (!/\.[cm]?tsx?$/.test(path)) return flags;
  const tsx = tsxFor(path);
  if (tsx !== undefined) return flags.includes(tsx) ? flags : [...flags, '--import', tsx];
  // Node 22.18 and later take the types away themselves.
  if ((process.features as { typescript?: unknown }).typescript) return flags;
  throw new UsageError(
    `tickwire serve: ${path}: TypeScript wants tsx (npm install --save-dev tsx), or a newer Node`,
  );
}

/** The one that the script's project has. */
function tsxFor(path: string): string | undefined {
  try {
    return pathToFileURL(createRequire(path).resolve('tsx')).href;
  } catch {
    return undefined;
  }
}
