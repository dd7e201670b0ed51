// How many files this process may have open, sockets included. Asked once by serve(), for without a
// free one a server's accept loop spins: the lines that are let in stay below it. Linux tells;
// where nobody does, nothing is known and nothing bounded.
import { readFileSync } from 'node:fs';

/** Files of the process itself: modules, logs, pipes, timers, the listener. */
const OWN_FILES = 48;
/** Share of what is left to files that lines may take: a page, a reload, a database want some. */
const LINE_SHARE = 0.8;

/** TCP connections that fit into the limit of open files; Infinity where it is not known. */
export function linesThatFit(read: () => string = readLimits): number {
  let text: string;
  try {
    text = read();
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  const soft = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.max(Math.floor((soft - OWN_FILES) * LINE_SHARE), 1);
}

function readLimits(): string {
  return readFileSync('/proc/self/limits', 'utf8');
}
