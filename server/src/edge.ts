// Between the transport and the rest: who may open a socket at all, one Connection for each that
// does, HTTP handed on, and the sweep that keeps deadlines. Every refusal before the upgrade is
// logged with the setting that would allow it.
import { CloseCode, type Hello } from '@tickwire/protocol';
import { Connection, type Host } from './connection.ts';
import type { HttpApi } from './http-api.ts';
import { type Joined, JoinRefused, type Proof } from './joining.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { type OfferedCredential, readOffer } from './offer.ts';
import { checkOrigin, type OriginRules } from './origin.ts';
import type { Peer, TrustedProxies } from './proxies.ts';
import { AddressBuckets, PerAddress } from './rate-limit.ts';
import { RefusalLog } from './refusal-log.ts';
import type { Joiner } from './seat.ts';
import type { Seating } from './seating.ts';
import { withSecurityHeaders } from './security-headers.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';
import type { Ticker } from './ticker.ts';
import {
  HttpError,
  type HttpRequest,
  type HttpResponse,
  type Socket,
  type SocketHandler,
  type TransportHandler,
  type UpgradeAnswer,
  type UpgradeRequest,
} from './transport.ts';

/**
 * TCP connections that one join may take: six that a browser opens for a page, one for the ticket,
 * one for the socket.
 */
const LINES_PER_JOIN = 8;

/**
 * Requests that one join may take: a page with its parts, health, the ticket, the socket. And at
 * once from one address: a school class that opens the page together, or for each connection that
 * it may hold. What a line holds is answered in one go, so this bounds for how long: some 50 us
 * each.
 */
const REQUESTS_PER_JOIN = 32;
const LEAST_REQUESTS = 512;
const REQUESTS_PER_CONNECTION = 8;

/**
 * Lines beside the sockets, in all: pages in loading, health checks, and a quarter of the sockets.
 */
const SPARE_LINES = 64;

/** TCP connections that a server takes for the players it takes. */
export function linesFor({ connections }: Limits): number {
  return connections + connections / 4 + SPARE_LINES;
}

/** Says where a secret does not belong: addresses stand in logs and histories. */
const SECRET_IN_QUERY = /(^|&)(token|ticket|access_token|id_token|jwt|resume|secret)=/i;

/** A refused handshake is 1006 to a browser, whatever its status: who runs the server reads why. */
const CURE =
  'a browser sees 1006 and no more. Give connect() a token function, and set authenticateBefore: ' +
  "'upgrade' there as in serve(); programs send Authorization: Bearer TOKEN";

const STATUS: Readonly<Partial<Record<CloseCode, number>>> = {
  [CloseCode.NoRoom]: 404,
  [CloseCode.Overloaded]: 503,
  [CloseCode.Restart]: 503,
};

type Refused = Extract<UpgradeAnswer, { accept: false }>;

/** What stays with a socket of its handshake. */
interface Handshake extends Peer {
  /** Taken away by the connection, for there is a secret in it. */
  proof: Proof | undefined;
}

export interface EdgeOptions {
  /** TCP connections that the process has files for. */
  mostLines: number;
  shard: Shard;
  seating: Seating;
  api: HttpApi;
  limits: Limits;
  tally: Tally;
  origins: OriginRules;
  proxies: TrustedProxies;
  /** Sockets are for those alone whose handshake proves who they are. */
  proofFirst: boolean;
  log: Log;
  now: () => number;
  wallClockMs: () => number;
  ticker: Pick<Ticker, 'keepTime'>;
}

export class Edge implements TransportHandler, Host {
  readonly limits: Limits;
  readonly tally: Tally;
  readonly connections = new Set<Connection>();
  readonly #options: EdgeOptions;
  readonly #addresses: PerAddress;
  readonly #joins: AddressBuckets;
  readonly #mostLines: number;
  readonly #lines: AddressBuckets;
  readonly #requests: AddressBuckets;
  /** Connections that stand in #addresses, those that it had space for, and where they stand. */
  readonly #counted = new Map<Connection, string>();
  readonly #refusals: RefusalLog;
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
    this.#mostLines = Math.min(linesFor(options.limits), options.mostLines);
    const linesPerS = (joinsPerMinute / 60) * LINES_PER_JOIN;
    this.#lines = new AddressBuckets(linesPerS, burst * LINES_PER_JOIN, connections * 2);
    const requestsPerS = (joinsPerMinute / 60) * REQUESTS_PER_JOIN;
    const atOnce = Math.max(LEAST_REQUESTS, connectionsPerAddress * REQUESTS_PER_CONNECTION);
    this.#requests = new AddressBuckets(requestsPerS, atOnce, connections * 2);
    this.#refusals = new RefusalLog(options.log);
  }

  /** How often each reason to refuse came up since the start. */
  get refusals(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.tally.refusals, ([reason, { count }]) => [reason, count]));
  }

  now(): number {
    return this.#options.now();
  }

  keepTime(): number {
    return this.#options.ticker.keepTime();
  }

  wallClockMs(): number {
    return this.#options.wallClockMs();
  }

  async http(request: HttpRequest): Promise<HttpResponse> {
    const peer = this.#peerOf(request);
    // A page of the game may have addresses of its own making; what this server answers has none.
    if (request.path.startsWith('/rooms') && SECRET_IN_QUERY.test(request.query)) {
      this.tally.refused('token-in-url', 400);
      throw new HttpError(400, 'a token does not belong in a URL: put it in the body');
    }
    const answer = await this.#options.api.answer({ ...request, ...peer });
    // A transport knows nothing of TLS that ended at a proxy.
    return withSecurityHeaders(answer, peer.secure);
  }

  /**
   * Whether a line may stay that has said nothing yet. A silent one is cut after 12 s by either
   * transport, so the rate of new ones bounds how many an address holds.
   */
  admits(remoteAddress: string, lines: number): boolean {
    this.keepTime();
    if (lines > this.#mostLines) return this.#cutLine('lines');
    // All players behind a proxy share its lines.
    if (this.#options.proxies.names(remoteAddress)) return true;
    return this.#lines.take(remoteAddress, this.now()) || this.#cutLine('address-lines');
  }

  admitsRequest(remoteAddress: string): boolean {
    this.keepTime();
    if (this.#options.proxies.names(remoteAddress)) return true;
    return this.#requests.take(remoteAddress, this.now()) || this.#cutLine('address-requests');
  }

  #cutLine(reason: string): false {
    this.tally.refused(reason, CloseCode.Lost);
    return false;
  }

  upgrade(request: UpgradeRequest): UpgradeAnswer | Promise<UpgradeAnswer> {
    const { proofFirst } = this.#options;
    const peer = this.#peerOf(request);
    const { remoteAddress } = peer;
    const refused = this.#unwelcome(request, remoteAddress);
    if (refused) return refused;
    const { protocol, credential, fault } = readOffer(request.headers);
    if (fault) return this.#turnAway('upgrade-offer', 400, fault);
    if (credential) return this.#prove(credential, peer, protocol);
    if (!proofFirst) return { accept: true, protocol, context: { ...peer, proof: undefined } };
    const setting = 'authenticateBefore';
    const what = 'refused a socket: its handshake brought no token, ticket or resume key';
    this.#tell('upgrade-nothing', { remoteAddress, setting }, `${what}; ${CURE}`);
    return this.#turnAway('upgrade-nothing', 401, 'bring a token, a ticket or a resume key');
  }

  /** A credential that came with the handshake, judged before there is a socket. */
  async #prove(
    credential: OfferedCredential,
    peer: Peer,
    protocol: string | undefined,
  ): Promise<UpgradeAnswer> {
    const { seating } = this.#options;
    const { remoteAddress } = peer;
    try {
      const proof = await seating.prove(credential);
      const context: Handshake = { ...peer, proof };
      return this.#crowded(remoteAddress) ?? { accept: true, protocol, context };
    } catch (error) {
      if (!(error instanceof JoinRefused)) throw error;
      const { closeCode, counter, message: reason } = error;
      const status = STATUS[closeCode] ?? 401;
      const what = `refused a socket before the upgrade; ${CURE}`;
      this.#tell(`upgrade-${counter}`, { remoteAddress, status, reason }, what);
      return this.#turnAway(`upgrade-${counter}`, status, reason);
    }
  }

  /** A line of log for whoever looks for the cure, unless there were many of the kind. */
  #tell(counter: string, about: object, message: string): void {
    if (this.says(counter)) this.#options.log.warn(about, message);
  }

  #turnAway(counter: string, status: number, reason: string): Refused {
    this.tally.refused(counter, status);
    // RFC 9110 11.6.1: a 401 says what would be accepted.
    const headers = status === 401 ? { 'www-authenticate': 'Bearer' } : undefined;
    return { accept: false, status, reason, ...(headers && { headers }) };
  }

  /** Who may open no socket at all, whoever they are. */
  #unwelcome({ headers, query }: UpgradeRequest, remoteAddress: string): UpgradeAnswer | undefined {
    const { origins } = this.#options;
    if (SECRET_IN_QUERY.test(query))
      return this.#turnAway('token-in-url', 400, 'a token does not belong in a URL');
    const verdict = checkOrigin(headers.get('origin'), headers.get('host'), origins);
    if (!verdict.allowed) {
      const { reason, setting } = verdict;
      const what = `refused a socket: ${reason}; to allow it: ${setting}`;
      this.#tell('origin', { remoteAddress, setting }, what);
      return this.#turnAway('origin', 403, 'origin not allowed');
    }
    const crowded = this.#crowded(remoteAddress);
    if (crowded) return crowded;
    if (this.#joins.take(remoteAddress, this.now())) return undefined;
    const setting = 'limits.joinsPerMinute';
    const what = 'refused a socket: too many joins from this address';
    this.#tell('joins', { remoteAddress, setting }, what);
    return this.#turnAway('joins', 429, 'too many connections from this address');
  }

  /** All places for sockets are taken, or all of this address. */
  #crowded(remoteAddress: string): Refused | undefined {
    const { limits } = this.#options;
    if (this.connections.size >= limits.connections) {
      const setting = 'limits.connections';
      this.#tell('connections', { setting }, 'refused a socket: all connections are taken');
      return this.#turnAway('connections', 503, 'too many connections');
    }
    if (this.#addresses.count(remoteAddress) < limits.connectionsPerAddress) return undefined;
    const setting = 'limits.connectionsPerAddress';
    const what = 'refused a socket: too many from this address';
    this.#tell('address', { remoteAddress, setting }, what);
    return this.#turnAway('address', 429, 'too many connections from this address');
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
    // What upgrade() said of it; a transport that keeps no context has no proxies either.
    const handshake = socket.context as Handshake | undefined;
    const log = this.#options.log.child({ connection: id });
    const connection = new Connection(id, socket, this, log, handshake?.proof);
    if (handshake) handshake.proof = undefined;
    const address = handshake?.remoteAddress ?? socket.remoteAddress;
    // Others may have come since this one's handshake was judged.
    const crowded = this.#crowded(address);
    if (!crowded && this.#addresses.enter(address)) this.#counted.set(connection, address);
    this.connections.add(connection);
    this.tally.connections++;
    if (crowded) connection.close(CloseCode.Overloaded, crowded.reason);
    return connection;
  }

  /** True if one more line of log is to be written about this. */
  says(reason: string): boolean {
    return this.#refusals.says(reason);
  }

  join(hello: Hello, line: Joiner, proof: Proof | undefined): Promise<Joined> {
    return this.#options.seating.join(hello, line, proof);
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
    this.#options.seating.sweep(now);
    this.#refusals.sweep(now);
  }

  /** Tells whoever is left that the server goes away. */
  farewell(reason: string): void {
    for (const connection of this.connections) connection.farewell(CloseCode.Restart, reason);
  }
}
