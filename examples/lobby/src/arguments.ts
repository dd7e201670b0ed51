// The command line of the lobby's server. Read by server.ts, which runs in each shard and in their
// parent: the parent says what is wrong before it starts any.
import { parseArgs } from 'node:util';
import { wholeNumber } from '@tickwire/kit/arguments';

export const HELP = `Usage: npm start -w @tickwire/lobby -- [options]
  --shards N    processes (2)
  --port N      of the page (PORT, or 9001); shards have the next ones
  --redis URL   agree through Redis, as servers of several machines would
  --allow-kill  visitors may kill -9 a shard: for demonstrations alone
  --help        this text`;

/** As many as serve() starts. */
const MOST_SHARDS = 512;
const MOST_PORT = 65_535;

export interface Arguments {
  shards: number;
  /** 0: a free one. */
  port: number;
  redis: string | undefined;
  allowKill: boolean;
  help: boolean;
}

/** Throws an Error with a sentence for what it does not understand. */
export function readArguments(args: string[], { PORT = '9001' }: NodeJS.ProcessEnv): Arguments {
  const { values } = parseArgs({
    args,
    options: {
      shards: { type: 'string', default: '2' },
      port: { type: 'string' },
      redis: { type: 'string' },
      'allow-kill': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const shards = wholeNumber(values.shards, '--shards', 1, MOST_SHARDS);
  const [name, given] = values.port === undefined ? ['PORT', PORT] : ['--port', values.port];
  return {
    shards,
    port: wholeNumber(given, name, 0, MOST_PORT - shards),
    redis: values.redis,
    allowKill: values['allow-kill'],
    help: values.help,
  };
}
