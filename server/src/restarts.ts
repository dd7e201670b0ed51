// How often a server was started again, told by the supervisor to the process it starts: a counter
// must outlive what it counts. A line in the environment, `hung=1,died=2`; written by
// supervisor.ts, read by serve().

export interface Restarts {
  /** The watchdog ended it: its event loop stood still. */
  hung: number;
  /** Any other end that nobody asked for. */
  died: number;
}

export const RESTARTS_VARIABLE = 'TICKWIRE_RESTARTS';

export function writeRestarts({ hung, died }: Restarts): string {
  return `hung=${hung},died=${died}`;
}

/** Undefined where no supervisor wrote it. */
export function readRestarts(text = ''): Restarts | undefined {
  const found = /^hung=(\d+),died=(\d+)$/.exec(text);
  return found ? { hung: Number(found[1]), died: Number(found[2]) } : undefined;
}
