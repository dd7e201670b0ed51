#!/usr/bin/env node
// The `tickwire` command: finds the subcommand and says what there is. Ends with 0 when all went
// well, 1 when it did not, 2 when nobody could tell what was asked for. Trap: it runs when it is
// imported, so nothing imports it.
import { createRequire } from 'node:module';
import { checkNames, UsageError } from '@tickwire/protocol';
import { type Command, readTyped } from './command.ts';
import { SERVE_COMMAND } from './serve-command.ts';

const EXIT_FAILED = 1;
/** As Bash has it for its own commands. */
const EXIT_USAGE = 2;

/** Of this package, which has the same as all. */
const { version: VERSION } = createRequire(import.meta.url)('../package.json') as {
  readonly version: string;
};

const COMMANDS: Readonly<Record<string, Command>> = { serve: SERVE_COMMAND };

function helpOf(commands: typeof COMMANDS): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name}  ${summary}`);
  const more = 'tickwire COMMAND --help says more, tickwire --version which this is.';
  return `tickwire COMMAND\n\n${lines.join('\n')}\n\n${more}\n`;
}

/** The code to end with; undefined where what was started goes on. */
async function run([name, ...typed]: readonly string[]): Promise<number | undefined> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(helpOf(COMMANDS));
    return 0;
  }
  if (name === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (name === undefined) throw new UsageError(`which command?\n\n${helpOf(COMMANDS)}`);
  checkNames('tickwire', { [name]: 0 }, Object.keys(COMMANDS));
  const command = COMMANDS[name];
  const given = readTyped(name, command, typed);
  if (!given.values.help) return command.run(given);
  process.stdout.write(command.help);
  return 0;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const { message } = error as Error;
  process.stderr.write(`${message}\n`);
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}
