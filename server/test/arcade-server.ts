// The arcade on a free port of this machine, over a transport by name: where a suite about sockets
// begins.
import pino from 'pino';
import { type ServeOptions, type Server, serve } from '../src/index.ts';
import { arcade } from './arcade.ts';
import type { LogLine } from './stepper.ts';

/** `lines`: takes what the server logs; else it is silent. */
export function serveArcade(
  transport: string,
  more: Partial<ServeOptions> = {},
  lines?: LogLine[],
): Promise<Server> {
  const write = (line: string) => void lines!.push(JSON.parse(line));
  return serve({
    rooms: { field: arcade() },
    port: 0,
    host: '127.0.0.1',
    transport: transport as 'uws' | 'ws',
    signals: false,
    log: lines ? pino({ base: undefined }, { write }) : 'silent',
    ...more,
  });
}
