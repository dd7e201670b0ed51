// Keeps a server running: starts its script in a process of its own and starts it again when that
// dies, by the watchdog or otherwise. For machines on which nothing else does (systemd, Docker and
// Kubernetes do); players come back by themselves. kept-process.ts is the loop, shards.ts has
// several.
import { fileURLToPath } from 'node:url';
import { KeptProcess } from './kept-process.ts';
import { createLog, type Log, type LogLevel } from './log.ts';

export interface SuperviseOptions {
  /** Of the script. Default: none. */
  args?: readonly string[];
  /** Of Node. Default: those of this process. */
  flags?: readonly string[];
  log?: LogLevel | Log;
}

/** SIGHUP: the terminal is gone. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs a script by this process's Node with its flags (and so under tsx where this is), and runs it
 * again when it dies: at once, or later and later where it does not live for 10 s. SIGTERM, SIGINT
 * and SIGHUP are passed down. Resolves when the script was told to stop, or ended with 0 by itself,
 * with the code to end with: `process.exitCode = await supervise(new URL('./server.ts',
 * import.meta.url))`.
 */
export async function supervise(
  script: string | URL,
  { args = [], flags = process.execArgv, log: given }: SuperviseOptions = {},
): Promise<number> {
  const log = typeof given === 'object' ? given : createLog(given);
  const path = script instanceof URL ? fileURLToPath(script) : script;
  const kept = new KeptProcess({
    command: [...flags, path, ...args],
    goesOn: ({ code }) => code !== 0,
    onRestart: (restart) => {
      log.warn(restart, `the server ${restart.why}: it is started again`);
    },
  });
  const stop = (signal: NodeJS.Signals) => kept.stop(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const { code } = await kept.run();
    return code;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
