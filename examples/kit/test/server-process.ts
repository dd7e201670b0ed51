// The server of an example as a person starts it: a process of its own, without the NODE_ENV that
// vite gives the one that builds pages. Used by tests. Trap: the address is found in what is
// printed, so a server that is told to log nothing has none.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ServerProcess {
  readonly url: string;
  /** All that it printed. */
  readonly said: () => string;
  /** Resolves when it has ended. */
  readonly stop: () => Promise<unknown>;
}

/** `file` and what it is given, in the folder `cwd`. Rejects where it ends without an address. */
export async function startServer(
  cwd: string,
  [file, ...args]: readonly [file: string, ...args: string[]],
  more: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const { NODE_ENV: _, ...env } = { ...process.env, ...more };
  const run = ['--conditions=source', '--import', import.meta.resolve('tsx'), file, ...args];
  const child = spawn(process.execPath, run, { cwd, env });
  const ended = once(child, 'exit');
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  for (;;) {
    const url = /http:\/\/[\w.]+:\d+(?=\W)/.exec(said)?.[0];
    if (url) return { url, said: () => said, stop };
    if ((child.exitCode ?? child.signalCode) !== null) throw new Error(`it ended: ${said}`);
    await Promise.race([once(child.stdout, 'data'), ended]);
  }
}
