// Between the transport and the rest: who may open a socket at all, one Connection for each that
// does, HTTP handed on, and the sweep that keeps deadlines. Every refusal before the upgrade is
// logged with the setting that would allow it.
import { CloseCode, type Hello } from '@tickwire/protocol';
import { Connection, type Host } from './connection.ts';
import type { HttpApi } from './http-api.ts';
import type { Joined } from './joining.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { checkOrigin, type OriginRules } from './origin.ts';
import type { Peer, TrustedProxies } from './proxies.ts';
import { AddressBuckets, PerAddress } from './rate-limit.ts';
import type { Joiner } from './seat.ts';
import { withSecurityHeaders } from './security-headers.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';
import type {
  HttpRequest,
  HttpResponse,
  Socket,
  SocketHandler,
  TransportHandler,
  UpgradeAnswer,
  UpgradeRequest,
} from './transport.ts';

/**
 * TCP connections that one join may take: six that a browser opens for a page, one for the ticket,
 * one for the socket.
 */
const LINES_PER_JOIN = 8;

/**
 * Lines beside the sockets, in all: pages in loading, health checks, and a quarter of the sockets.
 */
const SPARE_LINES = 64;

export interface EdgeOptions {
  shard: Shard;
  api: HttpApi;
  limits: Limits;
  tally: Tally;
  origins: OriginRules;
  proxies: TrustedProxies;
  log: Log;
  now: () => number;
  wallClockMs: () => number;
}

export class Edge implements TransportHandler, Host {
  readonly limits: Limits;
  readonly tally: Tally;
  readonly connections = new Set<Connection>();
  readonly #options: EdgeOptions;
  readonly #addresses: PerAddress;
  readonly #joins: AddressBuckets;
  readonly #lines: AddressBuckets;
  /** Connections that stand in #addresses, those that it had space for, and where they stand. */
  readonly #counted = new Map<Connection, string>();
  #toldOfProxy = false;
  #nextId = 1;

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.tally = options.tally;
    this.#addresses = new PerAddress(
      options.limits.connectionsPerAddress,
      options.limits.connections,
    );
    const { connections, connectionsPerAddress, joinsPerMinute } = options.limits;
    const burst = connectionsPerAddress * 2;
    this.#joins = new AddressBuckets(joinsPerMinute / 60, burst, connections * 2);
    const linesPerS = (joinsPerMinute / 60) * LINES_PER_JOIN;
    this.#lines = new AddressBuckets(linesPerS, burst * LINES_PER_JOIN, connections * 2);
  }

  /** How often each reason to refuse came up since the start. */
  get refusals(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.tally.refusals, ([reason, { count }]) => [reason, count]));
  }

  now(): number {
    return this.#options.now();
  }

  wallClockMs(): number {
    return this.#options.wallClockMs();
  }

  async http(request: HttpRequest): Promise<HttpResponse> {
    const peer = this.#peerOf(request);
    const answer = await this.#options.api.answer({ ...request, ...peer });
    // A transport knows nothing of TLS that ended at a proxy.
    return withSecurityHeaders(answer, peer.secure);
  }

  /**
   * Whether a line may stay that has said nothing yet. A silent one is cut after 12 s by either
   * transport, so the rate of new ones bounds how many an address holds.
   */
  admits(remoteAddress: string, lines: number): boolean {
    const { connections } = this.limits;
    if (lines > connections + connections / 4 + SPARE_LINES) return this.#cutLine('lines');
    // All players behind a proxy share its lines.
    if (this.#options.proxies.names(remoteAddress)) return true;
    return this.#lines.take(remoteAddress, this.now()) || this.#cutLine('address-lines');
  }

  #cutLine(reason: string): false {
    this.tally.refused(reason, CloseCode.Lost);
    return false;
  }

  upgrade(request: UpgradeRequest): UpgradeAnswer {
    const { origins, log, limits } = this.#options;
    const { headers } = request;
    const peer = this.#peerOf(request);
    const { remoteAddress } = peer;
    if (/(^|&)(token|ticket|access_token)=/i.test(request.query)) {
      this.tally.refused('token-in-url', 400);
      return { accept: false, status: 400, reason: 'a token does not belong in a URL' };
    }
    const verdict = checkOrigin(headers.get('origin'), headers.get('host'), origins);
    if (!verdict.allowed) {
      this.tally.refused('origin', 403);
      const { reason, setting } = verdict;
      log.warn({ remoteAddress, setting }, `refused a socket: ${reason}; to allow it: ${setting}`);
      return { accept: false, status: 403, reason: 'origin not allowed' };
    }
    if (this.connections.size >= limits.connections) {
      this.tally.refused('connections', 503);
      log.warn({ setting: 'limits.connections' }, 'refused a socket: all connections are taken');
      return { accept: false, status: 503, reason: 'too many connections' };
    }
    if (this.#addresses.count(remoteAddress) >= limits.connectionsPerAddress) {
      this.tally.refused('address', 429);
      const setting = 'limits.connectionsPerAddress';
      log.warn({ remoteAddress, setting }, 'refused a socket: too many from this address');
      return { accept: false, status: 429, reason: 'too many connections from this address' };
    }
    if (!this.#joins.take(remoteAddress, this.now())) {
      this.tally.refused('joins', 429);
      const setting = 'limits.joinsPerMinute';
      log.warn({ remoteAddress, setting }, 'refused a socket: too many joins from this address');
      return { accept: false, status: 429, reason: 'too many connections from this address' };
    }
    return { accept: true, context: peer };
  }

  /**
   * Who asks, and over what. A proxy that nobody named is worth a line: it counts as one player.
   */
  #peerOf(request: HttpRequest | UpgradeRequest): Peer {
    const { proxies, log } = this.#options;
    const { headers, remoteAddress } = request;
    const ignored = headers.has('x-forwarded-for') && !proxies.names(remoteAddress);
    if (ignored) this.tally.forwardsIgnored++;
    if (ignored && !this.#toldOfProxy) {
      this.#toldOfProxy = true;
      const setting = `trustedProxies: ['${remoteAddress}']`;
      const what = 'X-Forwarded-For came from an address that is no named proxy, and is ignored';
      log.warn({ remoteAddress, setting }, `${what}; if it is yours: ${setting}`);
    }
    return proxies.peerOf(request);
  }

  open(socket: Socket): SocketHandler {
    const id = this.#nextId++;
    const connection = new Connection(
      id,
      socket,
      this,
      this.#options.log.child({ connection: id }),
    );
    // What upgrade() said of it; a transport that keeps no context has no proxies either.
    const address = (socket.context as Peer | undefined)?.remoteAddress ?? socket.remoteAddress;
    if (this.#addresses.enter(address)) this.#counted.set(connection, address);
    this.connections.add(connection);
    this.tally.connections++;
    return connection;
  }

  join(hello: Hello, line: Joiner): Promise<Joined> {
    return this.#options.shard.join(hello, line);
  }

  closed(connection: Connection, code: number): void {
    if (!this.connections.delete(connection)) return;
    this.tally.connections--;
    this.tally.closed(code);
    const address = this.#counted.get(connection);
    if (address === undefined) return;
    this.#counted.delete(connection);
    this.#addresses.leave(address);
  }

  /** Deadlines, pings, empty rooms: a few times a second. */
  sweep(): void {
    const now = this.now();
    for (const connection of this.connections) connection.sweep(now);
    this.#options.shard.sweep(now);
  }

  /** Tells whoever is left that the server goes away. */
  farewell(reason: string): void {
    for (const connection of this.connections) connection.farewell(CloseCode.Restart, reason);
  }
}
