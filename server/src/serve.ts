// The way in: builds transport, shard and edge from the options, listens, and closes gracefully.
// Time comes in here, and goes down as an argument. serve-options.ts reads the environment,
// end-signals.ts the signals.

import { randomBytes } from 'node:crypto';
import { CloseCode, UsageError } from '@tickwire/protocol';
import { accessOf } from './access.ts';
import { type TlsFiles, watchCertificate } from './certificate.ts';
import type { Directory } from './directory.ts';
import { Edge, linesFor } from './edge.ts';
import { onEndSignals } from './end-signals.ts';
import { Heartbeat } from './heartbeat.ts';
import { HttpApi } from './http-api.ts';
import { randomSecret } from './keys.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { makeShard } from './make-shard.ts';
import { MemoryDirectory } from './memory-directory.ts';
import type { MetricsRoute } from './metrics.ts';
import { linesThatFit } from './open-files.ts';
import { RESTARTS_VARIABLE, readRestarts } from './restarts.ts';
import type { Seating } from './seating.ts';
import { type ServeOptions, settingsOf } from './serve-options.ts';
import type { Shard } from './shard.ts';
import { loadStaticFiles } from './static-files.ts';
import { Tally } from './tally.ts';
import { Ticker } from './ticker.ts';
import type { Transport } from './transport.ts';
import { logWatch, pickTransport } from './transports.ts';
import { startWatchdog } from './watchdog.ts';

export interface Server {
  readonly port: number;
  readonly url: string;
  readonly transport: string;
  readonly shard: Shard;
  readonly seating: Seating;
  readonly edge: Edge;
  /** Tells everybody, awaits the rooms' `close`, stops. Idempotent. */
  close(reason?: string): Promise<void>;
}

/** Ms between sweeps: a handshake deadline is met to a tenth of it, an idle one to less. */
const SWEEP_MS = 250;

/** Ms between looks at the certificate's files: soon against days, and two calls of stat. */
const CERTIFICATE_LOOK_MS = 10_000;

/** Ms that close frames get to leave before sockets are cut. */
const FAREWELL_MS = 150;

export async function serve(options: ServeOptions): Promise<Server> {
  const settings = settingsOf(options);
  const { production, log, limits, now, wallClockMs, port, host } = settings;
  const { publicUrl, tls } = options;
  const directory = options.directory ?? new MemoryDirectory({ now: wallClockMs });
  const { rules, proxies, proofFirst } = accessOf(options, settings);
  const page = options.page === undefined ? undefined : loadStaticFiles(options.page, options);
  const tally = new Tally(readRestarts(process.env[RESTARTS_VARIABLE]));
  const metrics = await metricsOf(options, tally);
  const transport = await transportOf(options, log, tally);
  const heartbeat = new Heartbeat();
  const ticker = new Ticker(now, tally);
  const owner = { shard: randomBytes(8).toString('hex'), url: publicUrl ?? '' };
  const { shard, seating } = await makeShard({
    ...{ ...options, production, ...(await chanceOf(options, directory)) },
    ...{ limits, directory, owner, log, heartbeat, ticker, now, wallClockMs },
  });
  const mostLines = linesOf(limits, log);
  const common = { shard, seating, limits, tally, origins: rules, now, mostLines };
  const api = new HttpApi({ ...common, directory, page, metrics, publicUrl });
  const edge = new Edge({ ...common, ticker, proxies, proofFirst, api, log, wallClockMs });
  const listening = await transport.listen({ port, host, tls }, edge).catch(async (error) => {
    await shard.drain(CloseCode.Restart, 'the server did not start');
    throw error;
  });
  const sweeper = options.ticking === false ? undefined : setInterval(() => edge.sweep(), SWEEP_MS);
  const unguard = sweeper && startWatchdog(heartbeat, limits.hangMs, log);
  const url = urlOf(host, listening.port, tls);
  const unwatch = keepCertificate(transport, tls, log);
  log.info({ port: listening.port, transport: transport.name, production }, `listening on ${url}`);

  let closing: Promise<void> | undefined;
  const close = (reason = 'the server restarts'): Promise<void> => {
    closing ??= (async () => {
      transport.stopListening();
      clearInterval(sweeper);
      unwatch();
      await shard.drain(CloseCode.Restart, reason);
      edge.farewell(reason);
      await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS));
      await transport.close();
      unguard?.();
      deafen?.();
      log.info('closed');
    })();
    return closing;
  };
  const started = tally.restarts !== undefined;
  const deafen = options.signals === false ? undefined : onEndSignals({ close, started, log });
  return { port: listening.port, url, transport: transport.name, shard, seating, edge, close };
}

/** Of this machine; what players use is `publicUrl`. */
function urlOf(host: string, port: number, tls: TlsFiles | undefined): string {
  return `${tls ? 'https' : 'http'}://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}

/** What an HMAC-SHA256 is worth (RFC 2104 3): a shorter key is the easier way in. */
const TICKET_KEY_BYTES = 32;

/** What nobody may guess, and what shall differ from run to run. */
async function chanceOf(options: ServeOptions, directory: Directory) {
  const { makeSecret = randomSecret, ticketKey = await directory.secret() } = options;
  const { seed = () => randomBytes(4).readUInt32LE() } = options;
  const key = Buffer.from(ticketKey as Uint8Array);
  if (key.length < TICKET_KEY_BYTES)
    throw new UsageError(`ticketKey: ${key.length} bytes: wants ${TICKET_KEY_BYTES} or more`);
  return { makeSecret, ticketKey: key, seed, makeId: () => randomBytes(4).toString('hex') };
}

/** What the limit of open files allows; says so where that is less than the limits ask for. */
function linesOf(limits: Limits, log: Log): number {
  const mostLines = linesThatFit();
  const wanted = linesFor(limits);
  if (mostLines < wanted) {
    const what = `limits.connections wants ${wanted} lines, and this process may have ${mostLines}`;
    log.warn({ mostLines, wanted }, `${what}: raise its limit of open files (ulimit -n)`);
  }
  return mostLines;
}

/** Answers how to stop. */
function keepCertificate(transport: Transport, tls: TlsFiles | undefined, log: Log): () => void {
  const reload = transport.reloadCertificate?.bind(transport);
  if (!tls || !reload) return () => {};
  return watchCertificate(tls, CERTIFICATE_LOOK_MS, () => {
    try {
      reload();
      log.info({ certFile: tls.certFile }, 'took the new certificate');
    } catch (error) {
      log.warn({ err: error }, 'kept the old certificate');
    }
  });
}

async function transportOf(options: ServeOptions, log: Log, tally: Tally): Promise<Transport> {
  const { transport = 'auto', transportLimits = {} } = options;
  if (typeof transport === 'object') return transport;
  return pickTransport(transport, transportLimits, log, logWatch(log, tally));
}

/** Loads prom-client only where it is asked for. Throws UsageError for options that let all in. */
async function metricsOf(
  { metrics }: ServeOptions,
  tally: Tally,
): Promise<MetricsRoute | undefined> {
  if (metrics === undefined) return undefined;
  const { MetricsRoute } = await import('./metrics.ts');
  return new MetricsRoute(metrics, tally);
}
