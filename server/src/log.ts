// Structured logs through pino: one line of JSON with connection, room and seat ids, readable text
// on a terminal's request. Made once by serve(); everything below gets a child. Secrets never reach
// it: no caller logs a token, ticket or key.
import { UsageError } from '@tickwire/protocol';
import pino, { type Logger } from 'pino';

export type Log = Logger;

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** As pino names them. */
const LEVELS = ['silent', ...Object.values(pino.levels.labels)];

/** LOG_LEVEL in the environment wins; tests pass 'silent'. Throws UsageError. */
export function createLog(level: LogLevel = 'info'): Log {
  const { LOG_LEVEL = level } = process.env;
  if (!LEVELS.includes(LOG_LEVEL)) {
    const what = process.env.LOG_LEVEL === undefined ? 'log: ' : 'LOG_LEVEL=';
    throw new UsageError(`${what}${LOG_LEVEL}: wants one of ${LEVELS.join(', ')}`);
  }
  return pino({ name: 'tickwire', level: LOG_LEVEL, base: undefined });
}
