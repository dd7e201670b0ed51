// What serve() is asked for, with the defaults and the environment in: the only file that reads
// PORT, HOST, NODE_ENV and TRUSTED_PROXIES. Called by serve.ts, for a server and for the parent of
// several. Trap: an option wins over the environment, which wins over the default.

import { checkNames, UsageError } from '@tickwire/protocol';
import { type BoardOptions, type Boards, readBoards } from './boards.ts';
import type { TlsFiles } from './certificate.ts';
import type { RoomKind } from './define-room.ts';
import type { Directory } from './directory.ts';
import type { MakeSecret } from './keys.ts';
import type { OnDirectoryLoss } from './leases.ts';
import { type Limits, readLimits } from './limits.ts';
import { createLog, type Log, type LogLevel } from './log.ts';
import type { MetricsOptions } from './metrics.ts';
import type { Place } from './place.ts';
import type { PublicUrl } from './public-url.ts';
import { checkShapes, type Shape } from './shapes.ts';
import { DEFAULT_TRANSPORT_LIMITS, type Transport, type TransportLimits } from './transport.ts';
import type { TransportName } from './transports.ts';

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
  /**
   * Where players reach this server, as http(s)://host[:port]; for tickets behind a TLS proxy, and
   * for clients that are sent from one shard to another. `{shard}` and `{port}` in it are filled
   * in, or a function says it for each: `(shard, port) => url`.
   */
  publicUrl?: PublicUrl;
  /** Directory of a built page, served at /. */
  page?: string;
  /** Content-Security-Policy of the page. */
  csp?: string;
  /** Default 'auto': uWebSockets.js, or ws where it does not load. */
  transport?: TransportName | Transport;
  transportLimits?: Partial<TransportLimits>;
  limits?: Partial<Limits>;
  /**
   * What servers agree through: `redis()` of '@tickwire/server/redis'. Default: in memory, the
   * parent's for the shards of one machine. One that is given outlives the server: who made it
   * closes it, after `server.close()`.
   */
  directory?: Directory;
  /**
   * Leaderboards by name, 1..32 letters, digits, `_` or `-`: rooms post with `room.score`, and
   * anybody may read `GET /boards/NAME`, so the users on them must be fit to be seen. They last as
   * long as the directory: docs/between-rooms.md.
   */
  boards?: Readonly<Record<string, BoardOptions>>;
  /**
   * What rooms do while the directory cannot be reached. `continue` (default): they go on, for 30 s
   * at most; it is away for all, so nobody can claim them. One shard that is cut off alone goes on
   * beside the one that took its rooms over, until it learns of it. `freeze`: they stand still,
   * and refuse commands, before their lease is over.
   */
  onDirectoryLoss?: OnDirectoryLoss;
  /**
   * Hands rooms over, one after the other and while they are played in, from a server that has been
   * busy for eight seconds to one that has much less to do. Default true: docs/shards.md.
   */
  balance?: boolean;
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
  /** Of ShardedOptions. */
  shards?: undefined;
}

/** For several processes of one machine: docs/shards.md. */
export interface ShardedOptions extends Omit<ServeOptions, 'shards'> {
  /**
   * Starts the script once for each shard, as a child of this process, with the next port each.
   * 1..512, or 'auto': as many as there are cores.
   */
  shards: number | 'auto';
}

/** Every option there is, and what it is given. */
const OPTIONS = {
  rooms: 'an object',
  port: 'a number',
  host: 'a text',
  origins: 'a list',
  allowNoOrigin: 'true or false',
  authenticateBefore: 'anything',
  tls: 'an object',
  trustedProxies: 'a list',
  publicUrl: 'a text or a function',
  page: 'a text',
  csp: 'a text',
  transport: 'anything',
  transportLimits: 'an object',
  limits: 'an object',
  directory: 'a directory, such as redis({ url })',
  boards: 'an object',
  onDirectoryLoss: 'anything',
  balance: 'true or false',
  log: 'anything',
  production: 'true or false',
  findDesyncs: 'true or false',
  metrics: 'an object',
  signals: 'true or false',
  ticketKey: 'a text or bytes',
  now: 'a function',
  wallClockMs: 'a function',
  makeSecret: 'a function',
  seed: 'a function',
  ticking: 'true or false',
  shards: 'anything',
} satisfies Record<keyof ShardedOptions, Shape>;

/** What holds where an option was left out. */
export interface Settings {
  readonly production: boolean;
  readonly log: Log;
  readonly limits: Limits;
  readonly boards: Boards;
  readonly now: () => number;
  readonly wallClockMs: () => number;
  readonly port: number;
  readonly host: string;
  readonly trustedProxies: readonly string[];
}

/** Throws UsageError for an option that is none, or cannot be. */
export function settingsOf(options: ServeOptions | ShardedOptions, place?: Place): Settings {
  checkNames('serve', options, Object.keys(OPTIONS));
  checkShapes(options, OPTIONS);
  const { now = () => performance.now(), wallClockMs = () => Date.now() } = options;
  const { transportLimits = {}, onDirectoryLoss = 'continue' } = options;
  if (onDirectoryLoss !== 'continue' && onDirectoryLoss !== 'freeze')
    throw new UsageError(`onDirectoryLoss: ${onDirectoryLoss}: wants 'continue' or 'freeze'`);
  checkNames('transportLimits', transportLimits, Object.keys(DEFAULT_TRANSPORT_LIMITS));
  const log = typeof options.log === 'object' ? options.log : createLog(options.log);
  return {
    limits: readLimits(options.limits),
    boards: readBoards(options.boards),
    production: options.production ?? process.env.NODE_ENV === 'production',
    log: place ? log.child({ shard: place.index }) : log,
    now,
    wallClockMs,
    port: portOf(options, place),
    host: options.host ?? process.env.HOST ?? '0.0.0.0',
    trustedProxies: options.trustedProxies ?? proxiesFromEnvironment(),
  };
}

function proxiesFromEnvironment(): string[] {
  const entries = (process.env.TRUSTED_PROXIES ?? '').split(',').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '');
}

function portOf(options: { port?: number }, place: Place | undefined): number {
  const port = options.port ?? portFromEnvironment();
  if (!isPort(port)) throw new UsageError(`port: ${port}: ${PORT_RULE}`);
  if (!place) return port;
  return place.port ?? (port === 0 ? 0 : port + place.index);
}

function portFromEnvironment(): number {
  const { PORT = '9001' } = process.env;
  const port = Number(PORT);
  if (!isPort(port)) throw new UsageError(`PORT=${PORT}: ${PORT_RULE}`);
  return port;
}

const PORT_RULE = 'wants a whole number in 0..65535';

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port < 65_536;
}
