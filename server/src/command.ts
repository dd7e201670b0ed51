// What a subcommand of `tickwire` is, and how what was typed is read for it. Used by cli.ts and
// each `*-command.ts`. Trap: what stands behind `--` is the script's, and none of ours.
import { parseArgs } from 'node:util';
import { checkNames, UsageError } from '@tickwire/protocol';

export interface Command {
  /** One line, in the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly help: string;
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  /**
   * Resolves with the code to end with; undefined where what was started goes on. Throws UsageError
   * for what it cannot make sense of.
   */
  run(typed: Typed): Promise<number | undefined>;
}

export interface Typed {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
  /** Behind `--`. */
  readonly rest: readonly string[];
}

/** Throws UsageError that names the nearest option, or what is wrong with a value. */
export function readTyped(name: string, command: Command, typed: readonly string[]): Typed {
  const at = typed.includes('--') ? typed.indexOf('--') : typed.length;
  const args = typed.slice(0, at);
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
  const loose = parseArgs({ args, options, strict: false });
  const known = Object.keys(options).map(asTyped);
  for (const key of Object.keys(loose.values))
    checkNames(`tickwire ${name}`, { [asTyped(key)]: true }, known);
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { values, positionals, rest: typed.slice(at + 1) };
  } catch (error) {
    throw new UsageError(`tickwire ${name}: ${(error as Error).message}`, { cause: error });
  }
}

function asTyped(option: string): string {
  return option.length > 1 ? `--${option}` : `-${option}`;
}
