// What ends a server from outside: SIGTERM, Ctrl-C, and the end of the process that started it.
// Listened to by serve(), for one process and for the parent of several. Trap: they are listened to
// until all is closed, for a process that is the first of its container would ignore the second
// signal otherwise.
import type { Log } from './log.ts';
import { RESTARTS_VARIABLE } from './restarts.ts';

export interface EndOptions {
  close(): Promise<void>;
  /** Ends what is left, at once; the process exits right after. */
  atOnce?: () => void;
  log: Log;
}

/**
 * Ms in which a signal that comes again is the same one: npm, systemd and a supervisor pass on what
 * the terminal, or the group of processes, has been told already.
 */
const SAME_MS = 500;

/** The first signal closes gracefully, a later one at once. Answers how to stop listening. */
export function onEndSignals({ close, atOnce, log }: EndOptions): () => void {
  let askedMs: number | undefined;
  const end = (signal: string) => {
    askedMs = performance.now();
    log.info({ signal }, 'closing');
    close().then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, 'closing failed');
        process.exit(1);
      },
    );
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (askedMs === undefined) return end(signal);
    if (performance.now() - askedMs < SAME_MS) return;
    atOnce?.();
    process.exit(1);
  };
  // No second signal: players get their farewells although the parent did not wait for them.
  const onDisconnect = () => {
    if (askedMs === undefined) end('disconnect');
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  // Started by a supervisor or a parent of shards: where that is gone, nobody can stop this process
  // nor start another on its port.
  if (process.env[RESTARTS_VARIABLE] && process.send) {
    process.on('disconnect', onDisconnect);
    if (!process.connected) onDisconnect();
  }
  return () => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal).off('disconnect', onDisconnect);
  };
}
