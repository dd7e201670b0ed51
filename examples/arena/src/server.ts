// The arena's server: reads the command line, serves the rooms and the built page, says where they
// are. `start.ts` builds the page first; tests call `runArena` themselves and use another port.

import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { wholeNumber } from '@tickwire/kit/arguments';
import { UsageError } from '@tickwire/protocol';
import { type ServeOptions, type Server, serve } from '@tickwire/server';
import { MAX_PLAYERS } from './rules.ts';
import { arenaRoom } from './server/field.ts';
import { welcome } from './server/welcome.ts';

/** Bots of a public room unless told otherwise: company within ten seconds of walking anywhere. */
const DEFAULT_BOTS = 24;

/** Where the page is built to. */
export const PAGE = fileURLToPath(new URL('../dist', import.meta.url));

const HELP = `Usage: npm start -- [options]
  --bots N     bots in every public room, 0 to ${MAX_PLAYERS} (${DEFAULT_BOTS})
  --port N     port to listen on (PORT, or 9001)
  --host A     address to listen on (HOST, or every interface)
  --shards N   processes that share the rooms, or auto: one for each core; the next port for each
  --help       this text`;

export interface ArenaOptions {
  /** Bots of a public room. */
  bots: number;
  /** Default: PORT in the environment, else 9001. 0 takes a free one. */
  port?: number;
  /** Default: HOST in the environment, else every address. */
  host?: string;
}

/** Opens the rooms: `field` with bots, `friends` without. */
export function runArena(options: ArenaOptions): Promise<Server> {
  return serve(served(options));
}

function served({ bots, port, host }: ArenaOptions): ServeOptions {
  return {
    port,
    host,
    rooms: { field: arenaRoom({ bots, keep: true }), friends: arenaRoom({ bots: 0, keep: false }) },
    page: existsSync(PAGE) ? PAGE : undefined,
    // Joins and leaves are told in the room's chat; the terminal keeps the address in sight.
    log: 'warn',
  };
}

/** More than any machine has cores. */
const MOST_SHARDS = 512;

interface Arguments extends ArenaOptions {
  shards: number | 'auto' | undefined;
  help: boolean;
}

/** Throws an Error with a sentence for what it does not understand. */
function readArguments(args: string[]): Arguments {
  const { values } = parseArgs({
    args,
    options: {
      bots: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      shards: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const { bots, port, host, shards, help = false } = values;
  return {
    bots: bots === undefined ? DEFAULT_BOTS : wholeNumber(bots, '--bots', 0, MAX_PLAYERS),
    port: port === undefined ? undefined : wholeNumber(port, '--port', 0, 65_535),
    host,
    shards:
      shards === undefined || shards === 'auto'
        ? shards
        : wholeNumber(shards, '--shards', 1, MOST_SHARDS),
    help,
  };
}

/**
 * Reads the arguments and runs until it is stopped. Answers the program's exit code if it did not
 * start.
 */
export async function main(args: string[]): Promise<number | undefined> {
  let options: Arguments;
  try {
    options = readArguments(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return 1;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  try {
    const { shards } = options;
    const server = await (shards === undefined
      ? runArena(options)
      : serve({ ...served(options), shards }));
    // The parent has said where they are.
    if (shards !== undefined && 'shard' in server) return undefined;
    const host = options.host ?? process.env.HOST ?? '';
    console.log(await welcome(server.port, host, options.bots));
    if (!existsSync(PAGE)) console.error('  No page is built here yet: `npm start` builds it.\n');
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`The arena did not start: ${error.message}`);
    if (/\bport\b/i.test(error.message)) console.error('Another port: npm start -- --port 9002');
    return 1;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = await main(process.argv.slice(2));
