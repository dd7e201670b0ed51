// Picks the transport by name: uWebSockets.js where it loads, ws where it does not. Called by
// serve(); the only file that knows both implementations. Trap: 'auto' never fails for want of the
// native package, so what it took must be told: it is logged and in `name`.

import { UsageError } from '@tickwire/protocol';
import type { Tally } from './tally.ts';
import type { Transport, TransportLimits, TransportWatch } from './transport.ts';
import { createUwsTransport } from './uws-transport.ts';
import { createWsTransport } from './ws-transport.ts';

export type TransportName = 'uws' | 'ws' | 'auto';

/** One line of log: fields, then a sentence. A pino logger fits. */
export interface TransportLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Throws UsageError for an unknown name, a limit out of range, or 'uws' where it cannot load. */
export async function pickTransport(
  name: TransportName,
  limits: Partial<TransportLimits>,
  log: TransportLog,
  watch: TransportWatch = logWatch(log),
  createUws: typeof createUwsTransport = createUwsTransport,
): Promise<Transport> {
  switch (name) {
    case 'ws':
      return createWsTransport(limits, watch);
    case 'uws':
      return createUws(limits, watch);
    case 'auto': {
      // Made first: a limit out of range must not pass for a missing package.
      const fallback = createWsTransport(limits, watch);
      try {
        return await createUws(limits, watch);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn({ transport: 'ws' }, `using the slower ws transport: ${reason}`);
        return fallback;
      }
    }
    default:
      throw new UsageError(`transport '${String(name)}' is unknown; use 'uws', 'ws' or 'auto'`);
  }
}

/** What a proxy with nginx's defaults lacks: those speak HTTP/1.0. */
const PROXY_SETTING = 'proxy_http_version 1.1 (nginx), see docs/proxies';

/** Faults as errors, refusals as one informative line each; both counted. */
export function logWatch(log: TransportLog, tally?: Tally): TransportWatch {
  return {
    fault: (error, where, about) => {
      if (tally) tally.faults++;
      log.error({ err: error, where, ...about }, `a handler threw in ${where}`);
    },
    refused: ({ status, reason }, remoteAddress) => {
      tally?.refused(`request-${status}`, status);
      log.info({ status, reason, remoteAddress }, `refused a request: ${reason}`);
    },
    unread: () => {
      const what = 'connections end in a row, none with a request that could be read';
      log.warn({ setting: PROXY_SETTING }, `${what}; if a proxy opens them: ${PROXY_SETTING}`);
    },
  };
}
