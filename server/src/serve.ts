// The way in: builds transport, shard and edge from options and the environment, listens, and
// closes gracefully. The only file that reads the environment and handles signals. Time comes in
// here, and goes down as an argument.

import { randomBytes } from 'node:crypto';
import { CloseCode, checkNames, UsageError } from '@tickwire/protocol';
import { type TlsFiles, watchCertificate } from './certificate.ts';
import type { RoomKind } from './define-room.ts';
import { Edge, linesFor } from './edge.ts';
import { Heartbeat } from './heartbeat.ts';
import { HttpApi } from './http-api.ts';
import { type MakeSecret, randomSecret } from './keys.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { createLog, type Log, type LogLevel } from './log.ts';
import type { MetricsOptions, MetricsRoute } from './metrics.ts';
import { linesThatFit } from './open-files.ts';
import { checkOriginList, type OriginRules } from './origin.ts';
import { isLoopback, TrustedProxies } from './proxies.ts';
import { RESTARTS_VARIABLE, readRestarts } from './restarts.ts';
import { createRoomList, type RoomList } from './room-list.ts';
import { Shard } from './shard.ts';
import { loadStaticFiles } from './static-files.ts';
import { Tally } from './tally.ts';
import { Ticker } from './ticker.ts';
import { DEFAULT_TRANSPORT_LIMITS, type Transport, type TransportLimits } from './transport.ts';
import { logWatch, pickTransport, type TransportName } from './transports.ts';
import { checkHang, startWatchdog } from './watchdog.ts';

export interface ServeOptions {
  /** Room kinds by name. */
  rooms: Readonly<Record<string, RoomKind>>;
  /** Default: PORT in the environment, else 9001. 0 takes a free one. */
  port?: number;
  /** Default: HOST in the environment, else all addresses. */
  host?: string;
  /**
   * Pages that may connect, as origins. Outside production localhost and same-host pages may as
   * well.
   */
  origins?: readonly string[];
  /** Lets clients without an Origin header (bots, native ones) in, in production. */
  allowNoOrigin?: boolean;
  /**
   * `upgrade`: a handshake that brings no good token, ticket or resume key gets 401 and no socket;
   * pages then want the option of the same name in `connect`. `seat`: it may, or HELLO brings it.
   * Default 'seat'.
   */
  authenticateBefore?: 'upgrade' | 'seat';
  /**
   * Ends TLS here: PEM files, read again within 10 s of their renewal; connections live on.
   * Default: plain HTTP, for a proxy in front or for development.
   */
  tls?: TlsFiles;
  /**
   * Proxies in front, by address (`10.0.0.7`) or block (`10.0.0.0/8`): only what these say in
   * X-Forwarded-For and X-Forwarded-Proto is believed. Default: TRUSTED_PROXIES in the environment,
   * separated by commas, else none.
   */
  trustedProxies?: readonly string[];
  /** Where players reach this server, as http(s)://host[:port]; for tickets behind a TLS proxy. */
  publicUrl?: string;
  /** Directory of a built page, served at /. */
  page?: string;
  /** Content-Security-Policy of the page. */
  csp?: string;
  /** Default 'auto': uWebSockets.js, or ws where it does not load. */
  transport?: TransportName | Transport;
  transportLimits?: Partial<TransportLimits>;
  limits?: Partial<Limits>;
  directory?: RoomList;
  log?: LogLevel | Log;
  /** Default: NODE_ENV is 'production'. */
  production?: boolean;
  /**
   * Compares what each seat holds with what it should, once a second, and names in the log what
   * differs: a hash of each kind goes down with a STATE. Default: outside production.
   */
  findDesyncs?: boolean;
  /** Who may read `GET /metrics`, for Prometheus. Default: there is no such route. */
  metrics?: MetricsOptions;
  /** Close gracefully on SIGTERM and SIGINT. Default true. */
  signals?: boolean;
  /**
   * Signs tickets: 32 bytes or more, at random. Default: made anew at each start.
   */
  ticketKey?: string | Uint8Array;
  /** Monotonic ms. Default performance.now. */
  now?: () => number;
  /** Ms since 1970. Default Date.now. */
  wallClockMs?: () => number;
  makeSecret?: MakeSecret;
  seed?: () => number;
  /**
   * Runs ticks by itself. Default true; a test with its own clock says false and calls room.run and
   * edge.sweep.
   */
  ticking?: boolean;
}

/** Every option there is. */
const OPTIONS = Object.keys({
  rooms: 0,
  port: 0,
  host: 0,
  origins: 0,
  allowNoOrigin: 0,
  authenticateBefore: 0,
  tls: 0,
  trustedProxies: 0,
  publicUrl: 0,
  page: 0,
  csp: 0,
  transport: 0,
  transportLimits: 0,
  limits: 0,
  directory: 0,
  log: 0,
  production: 0,
  findDesyncs: 0,
  metrics: 0,
  signals: 0,
  ticketKey: 0,
  now: 0,
  wallClockMs: 0,
  makeSecret: 0,
  seed: 0,
  ticking: 0,
} satisfies Record<keyof ServeOptions, 0>);

export interface Server {
  readonly port: number;
  readonly url: string;
  readonly transport: string;
  readonly shard: Shard;
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

/** Throws UsageError for an option, or a limit, that is none. */
function checkedLimits(options: ServeOptions): Limits {
  const { limits = {}, transportLimits = {} } = options;
  checkNames('serve', options, OPTIONS);
  checkNames('limits', limits, Object.keys(DEFAULT_LIMITS));
  checkNames('transportLimits', transportLimits, Object.keys(DEFAULT_TRANSPORT_LIMITS));
  const checked = { ...DEFAULT_LIMITS, ...limits };
  checkHang(checked.hangMs);
  return checked;
}

export async function serve(options: ServeOptions): Promise<Server> {
  const production = options.production ?? process.env.NODE_ENV === 'production';
  const log = typeof options.log === 'object' ? options.log : createLog(options.log);
  const limits = checkedLimits(options);
  const { now = () => performance.now(), wallClockMs = () => Date.now() } = options;
  const { publicUrl, tls } = options;
  const directory = options.directory ?? createRoomList();
  const port = options.port ?? portFromEnvironment();
  const host = options.host ?? process.env.HOST ?? '0.0.0.0';
  const { rules, proxies, proofFirst } = accessOf(options, { production, host, log });
  const page = options.page === undefined ? undefined : loadStaticFiles(options.page, options);
  const tally = new Tally(readRestarts(process.env[RESTARTS_VARIABLE]));
  const metrics = await metricsOf(options, tally);
  const transport = await transportOf(options, log, tally);
  const heartbeat = new Heartbeat();
  const ticker = new Ticker(now, tally);
  const shard = new Shard({
    rooms: options.rooms,
    limits,
    directory,
    log,
    heartbeat,
    now,
    wallClockMs,
    ...chanceOf(options),
    findDesyncs: options.findDesyncs ?? !production,
    start: options.ticking === false ? undefined : (room) => ticker.start(room),
  });
  const common = { shard, limits, tally, origins: rules, now, mostLines: linesOf(limits, log) };
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
      for (const [event, handler] of handlers) process.off(event, handler);
      transport.stopListening();
      clearInterval(sweeper);
      unwatch();
      await shard.drain(CloseCode.Restart, reason);
      edge.farewell(reason);
      await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS));
      await transport.close();
      unguard?.();
      log.info('closed');
    })();
    return closing;
  };
  const handlers = options.signals === false ? [] : onSignals(close, log);
  return { port: listening.port, url, transport: transport.name, shard, edge, close };
}

/** Of this machine; what players use is `publicUrl`. */
function urlOf(host: string, port: number, tls: TlsFiles | undefined): string {
  return `${tls ? 'https' : 'http'}://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}

/** What an HMAC-SHA256 is worth (RFC 2104 3): a shorter key is the easier way in. */
const TICKET_KEY_BYTES = 32;

/** What nobody may guess, and what shall differ from run to run. */
function chanceOf(options: ServeOptions) {
  const { makeSecret = randomSecret, ticketKey = randomBytes(TICKET_KEY_BYTES) } = options;
  const { seed = () => randomBytes(4).readUInt32LE() } = options;
  const key = Buffer.from(ticketKey as Uint8Array);
  if (key.length < TICKET_KEY_BYTES)
    throw new UsageError(`ticketKey: ${key.length} bytes: wants ${TICKET_KEY_BYTES} or more`);
  return { makeSecret, ticketKey: key, seed, makeId: () => randomBytes(4).toString('hex') };
}

/** Who may come in, and through whom. Throws UsageError for what would let in too much. */
function accessOf(
  options: ServeOptions,
  { production, host, log }: { production: boolean; host: string; log: Log },
): { rules: OriginRules; proxies: TrustedProxies; proofFirst: boolean } {
  const { origins = [], allowNoOrigin = false, authenticateBefore = 'seat' } = options;
  if (authenticateBefore !== 'seat' && authenticateBefore !== 'upgrade')
    throw new UsageError(`authenticateBefore: ${authenticateBefore}: wants 'upgrade' or 'seat'`);
  const rules = { origins, production, allowNoOrigin };
  checkOrigins(rules, log);
  const trusted = options.trustedProxies ?? proxiesFromEnvironment();
  const proxies = new TrustedProxies(trusted);
  if (production && trusted.length === 0 && !options.tls) checkPlain(options, host);
  return { rules, proxies, proofFirst: authenticateBefore === 'upgrade' };
}

/** Throws UsageError for a bad entry; warns where the page loads but its sockets are refused. */
function checkOrigins({ origins, production, allowNoOrigin }: OriginRules, log: Log): void {
  checkOriginList(origins);
  if (production && origins.length === 0 && !allowNoOrigin)
    log.warn("in production no page may connect unless listed: origins: ['https://your.page']");
}

/** Throws UsageError where players' bytes would cross a network that anybody may read. */
function checkPlain({ transport }: ServeOptions, host: string): void {
  // A transport that was made elsewhere has its own way out to the network, or none.
  if (typeof transport === 'object' || isLoopback(host)) return;
  throw new UsageError(
    `production: plain ws on ${host} would send what players say, and their keys, in the open. ` +
      'Give tls: { certFile, keyFile }, or name the proxy that ends TLS, trustedProxies: ' +
      "['10.0.0.7'] (or TRUSTED_PROXIES), or let only this machine in, host: '127.0.0.1'",
  );
}

function proxiesFromEnvironment(): string[] {
  const entries = (process.env.TRUSTED_PROXIES ?? '').split(',').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '');
}

function portFromEnvironment(): number {
  const { PORT = '9001' } = process.env;
  const port = Number(PORT);
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536))
    throw new UsageError(`PORT=${PORT}: wants a whole number in 0..65535`);
  return port;
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

type EndHandler = ['SIGTERM' | 'SIGINT' | 'disconnect', () => void];

/** The first signal closes gracefully, the second at once. */
function onSignals(close: (reason: string) => Promise<void>, log: Log): EndHandler[] {
  let asked = false;
  const handle = (signal: NodeJS.Signals) => () => {
    if (asked) process.exit(1);
    asked = true;
    log.info({ signal }, 'closing');
    close('the server restarts').then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, 'closing failed');
        process.exit(1);
      },
    );
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const handlers = signals.map((signal): EndHandler => [signal, handle(signal)]);
  // A supervisor that is gone can neither stop this server nor start another on its port.
  if (process.env[RESTARTS_VARIABLE]) handlers.push(['disconnect', handle('SIGTERM')]);
  for (const [event, handler] of handlers) process.on(event, handler);
  return handlers;
}
