// The way in: builds transport, shard and edge from the options, listens, and closes gracefully; or
// has shards.ts start several processes of it. Time comes in here, and goes down as an argument.
// serve-options.ts reads the environment, end-signals.ts the signals.

import { randomBytes } from 'node:crypto';
import { url as inspectorUrl } from 'node:inspector';
import { performance } from 'node:perf_hooks';
import { CloseCode, UsageError } from '@tickwire/protocol';
import { accessOf } from './access.ts';
import { type TlsFiles, watchCertificate } from './certificate.ts';
import type { Cluster } from './cluster.ts';
import type { Directory, Owner } from './directory.ts';
import { Edge, linesFor } from './edge.ts';
import { onEndSignals } from './end-signals.ts';
import { Heartbeat } from './heartbeat.ts';
import { HttpApi } from './http-api.ts';
import { randomSecret } from './keys.ts';
import { type Limits, readLimits } from './limits.ts';
import type { Log } from './log.ts';
import { type MadeShard, makeShard } from './make-shard.ts';
import { MemoryDirectory } from './memory-directory.ts';
import type { MetricsRoute } from './metrics.ts';
import { HAND_OVER_MS } from './moving.ts';
import { linesThatFit } from './open-files.ts';
import { ParentDirectory } from './parent-directory.ts';
import { BEAT_MS, type Channel, STILL_MS, type ToParent } from './parent-messages.ts';
import { PLACE_VARIABLE, type Place, readPlace } from './place.ts';
import { namesPort, type PublicUrl, publicUrlOf } from './public-url.ts';
import { PortError } from './request.ts';
import { RESTARTS_VARIABLE, readRestarts } from './restarts.ts';
import type { Seating } from './seating.ts';
import {
  type ServeOptions,
  type Settings,
  type ShardedOptions,
  settingsOf,
} from './serve-options.ts';
import type { Shard } from './shard.ts';
import { Shards } from './shards.ts';
import { loadStaticFiles } from './static-files.ts';
import { Tally } from './tally.ts';
import { Ticker } from './ticker.ts';
import type { ListenOptions, Transport } from './transport.ts';
import { logWatch, pickTransport } from './transports.ts';
import { freePort } from './uws-port.ts';
import { startWatchdog } from './watchdog.ts';

export interface Server {
  readonly port: number;
  readonly url: string;
  readonly transport: string;
  readonly shard: Shard;
  readonly seating: Seating;
  readonly edge: Edge;
  /** What it agrees with other shards through. */
  readonly directory: Directory;
  /** Tells everybody, awaits the rooms' `close`, stops. Idempotent. */
  close(reason?: string): Promise<void>;
}

/** Ms between sweeps: a handshake deadline is met to a tenth of it, an idle one to less. */
const SWEEP_MS = 250;

/** Ms between looks at what a shard among others has to do: a tenth of a lease or less. */
const WORK_MS = 50;

/** Ms between looks at the certificate's files: soon against days, and two calls of stat. */
const CERTIFICATE_LOOK_MS = 10_000;

/** Ms that close frames get to leave before sockets are cut. */
const FAREWELL_MS = 150;

/**
 * Serves rooms. With `shards`, this process starts the script once for each shard and serves no
 * player itself: it resolves to the Shards here, and in each of those to its Server.
 */
export function serve(options: ShardedOptions): Promise<Server | Shards>;
export function serve(options: ServeOptions): Promise<Server>;
export function serve(options: ServeOptions | ShardedOptions): Promise<Server | Shards>;
export async function serve(options: ServeOptions | ShardedOptions): Promise<Server | Shards> {
  const place = readPlace(process.env[PLACE_VARIABLE], process.send !== undefined);
  const { shards, ...rest } = options;
  if (place) return serveShard(rest, place);
  return shards === undefined ? serveRooms(rest) : serveShards({ ...rest, shards });
}

/**
 * The parent. Its options are those of its shards: a wrong one is found before any of them starts.
 */
async function serveShards(options: ShardedOptions): Promise<Shards> {
  const { limits, log, production } = settingsOf(options);
  if (production) checkNamed(options.shards, options.publicUrl);
  const [, script, ...args] = process.argv;
  if (script === undefined)
    throw new UsageError('serve({ shards }): wants a script, to start it for each shard');
  return Shards.start({
    count: options.shards,
    command: [...process.execArgv, script, ...args],
    closeMs: HAND_OVER_MS + limits.closeMs,
    signals: options.signals !== false,
    log,
  });
}

/** A child: its parent keeps the directory, unless there is another for several machines. */
async function serveShard(options: ServeOptions, place: Place): Promise<Server> {
  const parent = process as typeof process & Channel;
  // An error would be the parent's end, which is noticed elsewhere.
  const tell = (message: ToParent) => parent.send(message, undefined, undefined, () => {});
  let directory: Directory | undefined;
  try {
    directory = await ParentDirectory.open(parent);
    // Only its parent's word that it is a shard is wanted: who listens to it lives on.
    if (options.directory) await directory.close();
    const server = await serveRooms(options, place, directory);
    const { hangMs } = readLimits(options.limits);
    tell({ tickwire: 'listening', port: server.port, url: server.url, hangMs });
    const beat = () => tell({ tickwire: 'beat', debugged: inspectorUrl() !== undefined });
    setInterval(beat, BEAT_MS).unref();
    return server;
  } catch (error) {
    await directory?.close();
    const reason = error instanceof Error ? error.message : String(error);
    const misused = error instanceof UsageError && !(error instanceof PortError);
    tell({ tickwire: 'failed', reason, misused });
    throw error;
  }
}

async function serveRooms(
  options: ServeOptions,
  place?: Place,
  parent?: Directory,
): Promise<Server> {
  const settings = settingsOf(options, place);
  const { production, log, limits, boards, now, wallClockMs, host } = settings;
  const { tls } = options;
  const { port, publicUrl, owner } = await reachOf(options, settings, place);
  const directory = options.directory ?? parent ?? new MemoryDirectory({ now: wallClockMs });
  const { rules, proxies, proofFirst } = accessOf(options, settings);
  const page = options.page === undefined ? undefined : loadStaticFiles(options.page, options);
  const tally = new Tally(readRestarts(process.env[RESTARTS_VARIABLE]));
  const metrics = await metricsOf(options, tally);
  const transport = await transportOf(options, log, tally);
  const heartbeat = new Heartbeat();
  const ticker = new Ticker(now, tally);
  const made = await makeShard({
    ...{ ...options, production, ...(await chanceOf(options, directory)), load: loadMeter() },
    ...{ limits, boards, directory, owner, log, tally, heartbeat, ticker, now, wallClockMs },
  });
  const { shard, seating, cluster } = made;
  const mostLines = linesOf(limits, log);
  const common = { shard, seating, limits, tally, origins: rules, now, mostLines };
  const api = new HttpApi({ ...common, boards, directory, page, metrics, publicUrl });
  const edge = new Edge({ ...common, ticker, proxies, proofFirst, api, log, wallClockMs });
  const listening = await letIn(transport, { port, host, tls }, edge, made);
  const rest = options.ticking === false ? undefined : startDuties(edge, cluster);
  const unguard = rest && startWatchdog(heartbeat, limits.hangMs, log, stillMsOf(limits, place));
  const url = urlOf(host, listening.port, tls);
  const unwatch = keepCertificate(transport, tls, log);
  log.info({ port: listening.port, transport: transport.name, production }, `listening on ${url}`);

  let closing: Promise<void> | undefined;
  const close = (reason = 'the server restarts'): Promise<void> => {
    closing ??= (async () => {
      await cluster?.drain();
      transport.stopListening();
      unwatch();
      await shard.drain(CloseCode.Restart, reason);
      edge.farewell(reason);
      await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS));
      await transport.close();
      rest?.();
      await cluster?.close();
      // Another one is closed by who made it.
      if (directory !== options.directory) await directory.close();
      unguard?.();
      deafen?.();
      log.info('closed');
    })();
    return closing;
  };
  const deafen = options.signals === false ? undefined : onEndSignals({ close, log });
  const reached = { port: listening.port, url, transport: transport.name };
  return { ...reached, shard, seating, edge, directory, close };
}

/** Listens, and has other shards know; where either fails nothing is left behind. */
async function letIn(
  transport: Transport,
  options: ListenOptions,
  edge: Edge,
  { shard, cluster }: MadeShard,
): Promise<{ port: number }> {
  let listening: { port: number } | undefined;
  try {
    listening = await transport.listen(options, edge);
    await cluster?.start();
    return listening;
  } catch (error) {
    if (listening) await transport.close();
    await shard.drain(CloseCode.Restart, 'the server did not start');
    await cluster?.close();
    throw error;
  }
}

/** Throws UsageError where players of one shard could not be sent to another. */
function checkNamed(shards: number | 'auto', publicUrl: PublicUrl | undefined): void {
  if (shards === 1 || publicUrl) return;
  throw new UsageError(
    'production: shards send players to each other: give publicUrl, ' +
      "as 'https://shard{shard}.play.example' or 'https://play.example:{port}'",
  );
}

interface Reach {
  /** The real one, where it stands in a URL that others are told. */
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly owner: Owner;
}

/** Where this process will listen, and what others are told of it. */
async function reachOf(options: ServeOptions, settings: Settings, place?: Place): Promise<Reach> {
  const { transport, publicUrl: given } = options;
  const { host, production } = settings;
  const told = place !== undefined || namesPort(given);
  // A transport that was made elsewhere has ports of its own.
  const isFree = settings.port === 0 && told && typeof transport !== 'object';
  const port = isFree ? await freePort(host) : settings.port;
  const publicUrl = given && publicUrlOf(given, place?.index ?? 0, port);
  if (place && production) checkNamed(place.count, publicUrl);
  // By which name players reach this machine is theirs to know.
  const url = publicUrl ?? (place ? `:${port}` : '');
  return { port, publicUrl, owner: { shard: randomBytes(8).toString('hex'), url } };
}

/** Of this machine; what players use is `publicUrl`. */
function urlOf(host: string, port: number, tls: TlsFiles | undefined): string {
  return `${tls ? 'https' : 'http'}://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}

/** What is done by the clock, beside the rooms' ticks; answers what ends it. */
function startDuties(edge: Edge, cluster: Cluster | undefined): () => void {
  const sweeper = setInterval(() => edge.sweep(), SWEEP_MS);
  const worker = cluster && setInterval(() => cluster.work(), WORK_MS);
  return () => {
    clearInterval(sweeper);
    clearInterval(worker);
  };
}

/** Ms for which a shard may stand still, whatever it waits for: beyond, its parent ends it. */
function stillMsOf({ hangMs }: Limits, place: Place | undefined): number | undefined {
  return place && Math.max(hangMs, STILL_MS);
}

/** How busy the event loop was since it was last asked, 0..1. */
function loadMeter(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
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
  const signsBySecret = options.ticketKey === undefined;
  return {
    makeSecret,
    ticketKey: key,
    signsBySecret,
    seed,
    makeId: () => randomBytes(4).toString('hex'),
  };
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
