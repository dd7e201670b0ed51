// Structured logs through pino: one line of JSON with connection, room and seat ids, readable text
// on a terminal's request. Made once by serve(); everything below gets a child. Secrets never reach
// it: no caller logs a token, ticket or key.
import pino, { type Logger } from 'pino';

export type Log = Logger;

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** LOG_LEVEL in the environment wins; tests pass 'silent'. */
export function createLog(level: LogLevel = 'info'): Log {
  return pino({ name: 'tickwire', level: process.env.LOG_LEVEL ?? level, base: undefined });
}
