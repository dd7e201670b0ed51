// What the game port answers over HTTP: health, the list of rooms, boards, tickets, the built page.
// Behind the transport, which adds the security headers, in front of the shard. Tokens come in
// bodies, never in URLs, and are never logged.
import { addressFrom, CloseCode, MAX_NAME_CHARS } from '@tickwire/protocol';
import { BoardPages } from './board-pages.ts';
import { type Boards, MOST_ROWS, readPage } from './boards.ts';
import type { Directory } from './directory.ts';
import { JoinRefused, underDirectory } from './joining.ts';
import type { Limits } from './limits.ts';
import type { MetricsRoute } from './metrics.ts';
import { checkOrigin, type OriginRules } from './origin.ts';
import type { Creation } from './placement.ts';
import { AddressBuckets } from './rate-limit.ts';
import { RoomLists } from './room-lists.ts';
import type { Seating } from './seating.ts';
import type { Shard } from './shard.ts';
import type { StaticFiles } from './static-files.ts';
import type { Tally } from './tally.ts';
import { HttpError, type HttpRequest, type HttpResponse } from './transport.ts';

/** A join request: a token of at most 4 KB and some names, or a party's of 1 KB each. */
const MAX_JOIN_BYTES = 16 * 1024;

/** Addresses whose room creation is remembered. */
const MAX_ADDRESSES = 10_000;

const STATUS: Readonly<Partial<Record<CloseCode, number>>> = {
  [CloseCode.RoomError]: 500,
  [CloseCode.AuthFailed]: 401,
  [CloseCode.NoRoom]: 404,
  [CloseCode.Full]: 409,
  [CloseCode.RateLimit]: 429,
  [CloseCode.Overloaded]: 503,
  [CloseCode.Restart]: 503,
};

/** Seconds after which who was refused may ask again: what clients wait at such a close code. */
const RETRY_AFTER: Readonly<Partial<Record<CloseCode, string>>> = {
  [CloseCode.Overloaded]: '5',
  [CloseCode.Restart]: '1',
};

export interface HttpApiOptions {
  shard: Shard;
  seating: Seating;
  directory: Directory;
  boards: Boards;
  limits: Limits;
  origins: OriginRules;
  page: StaticFiles | undefined;
  /** Undefined: there is no such route. */
  metrics: MetricsRoute | undefined;
  tally: Tally;
  publicUrl: string | undefined;
  now: () => number;
}

export class HttpApi {
  readonly #options: HttpApiOptions;
  readonly #lists: RoomLists;
  readonly #creations: AddressBuckets;
  readonly #tickets: AddressBuckets;
  readonly #pages: BoardPages;

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#lists = new RoomLists(options);
    this.#pages = new BoardPages(options);
    const { roomBurst, roomsPerMinute, connectionsPerAddress, joinsPerMinute } = options.limits;
    this.#creations = new AddressBuckets(roomsPerMinute / 60, roomBurst, MAX_ADDRESSES);
    // One for each connection it may open.
    this.#tickets = new AddressBuckets(joinsPerMinute / 60, connectionsPerAddress, MAX_ADDRESSES);
  }

  async answer(request: HttpRequest): Promise<HttpResponse> {
    const { tally } = this.#options;
    try {
      const response = await this.#route(request);
      tally.answered(response.status);
      return response;
    } catch (error) {
      tally.answered(error instanceof HttpError ? error.status : 500);
      throw error;
    }
  }

  async #route(request: HttpRequest): Promise<HttpResponse> {
    const { method, path } = request;
    const { metrics, shard, boards } = this.#options;
    const cors = this.#cors(request);
    if (path === '/healthz' && method === 'GET') return this.#health();
    if (path === '/metrics' && method === 'GET' && metrics) return metrics.answer(request, shard);
    if (path === '/rooms' && method === 'GET') return this.#list(cors);
    const board = /^\/boards\/([^/]*)$/.exec(path)?.[1];
    if (board !== undefined && method === 'GET' && boards.size > 0)
      return this.#board(board, request, cors);
    const kind = /^\/rooms\/([A-Za-z0-9_-]{1,64})$/.exec(path)?.[1];
    if (kind && method === 'OPTIONS') return { status: 204, headers: { ...cors, ...PREFLIGHT } };
    if (kind && method === 'POST') return this.#join(kind, request, cors);
    const file = this.#options.page?.respond(request);
    return file ?? json(404, { error: 'not found' }, cors);
  }

  /** 503 where it takes nobody any more: whoever balances leaves it out, and players play on. */
  #health(): HttpResponse {
    const { shard } = this.#options;
    const { draining } = shard;
    let seats = 0;
    for (const room of shard.rooms.values()) seats += room.taken;
    const status = draining ? 'draining' : 'ok';
    return json(draining ? 503 : 200, { status, rooms: shard.rooms.size, seats }, {});
  }

  async #list(cors: Cors): Promise<HttpResponse> {
    try {
      const entries = await underDirectory(this.#lists.of());
      const rooms = entries.map(({ id, kind, seats, taken, locked }) => {
        return { id, kind, seats, taken, free: locked ? 0 : Math.max(seats - taken, 0) };
      });
      return json(200, rooms, cors);
    } catch (error) {
      return this.#turnDown(error, cors);
    }
  }

  /** `?from=0&count=10`: users of the board, by their places. */
  async #board(name: string, { query }: HttpRequest, cors: Cors): Promise<HttpResponse> {
    if (!this.#pages.has(name)) return json(404, { error: 'no such board' }, cors);
    const given = new URLSearchParams(query);
    const number = (key: string) => (given.has(key) ? wholeOf(given.get(key)!) : undefined);
    const page = readPage({ from: number('from'), count: number('count') });
    const wants = `wants from=0.. and count=1..${MOST_ROWS}`;
    if (!page) return json(400, { error: wants }, cors);
    try {
      const rows = await underDirectory(this.#pages.page(name, page.from, page.count));
      return json(200, rows, cors);
    } catch (error) {
      return this.#turnDown(error, cors);
    }
  }

  /**
   * `{ token?, room?, match?, create?, private? }`: a ticket for a room of the kind (and match),
   * for that room, or for a new one, which strangers are not put into where it is private.
   */
  async #join(kind: string, request: HttpRequest, cors: Cors): Promise<HttpResponse> {
    const { shard, seating, now, tally } = this.#options;
    if (cors === FOREIGN) {
      tally.refused('origin', 403);
      return json(403, { error: 'this origin is not allowed' }, cors);
    }
    if (!shard.kinds.includes(kind))
      return json(404, { error: `no such room kind; kinds: ${shard.kinds.join(', ')}` }, cors);
    if (!this.#tickets.take(request.remoteAddress, now())) return this.#tooManyTickets(cors);
    const body = await readJoin(request);
    const others = (body.tokens?.length ?? 1) - 1;
    if (!this.#tickets.take(request.remoteAddress, now(), others))
      return this.#tooManyTickets(cors);
    const { create } = body;
    if (create && !this.#creations.take(request.remoteAddress, now())) {
      tally.refused('new-rooms', 429);
      return json(429, { error: 'too many new rooms; try again in a minute' }, cors);
    }
    try {
      const asked = create ? kind : (body.room ?? kind);
      // Before anything is asked of it: another kind has a check of its own.
      const target = await seating.placement.target(asked, body.match);
      if (target.kind !== kind) throw new JoinRefused(CloseCode.NoRoom, 'a room of another kind');
      const identify = (token: string) => seating.authenticator.identify(kind, token, asked);
      const party = await Promise.all((body.tokens ?? [body.token]).map(identify));
      const { room, url, tickets } = await seating.promise(target, create, party);
      const given = body.tokens ? { tickets } : { ticket: tickets[0] };
      const own = this.#urlOf(request);
      return json(200, { room, url: addressFrom(own, url) || own, ...given }, cors);
    } catch (error) {
      return this.#turnDown(error, cors);
    }
  }

  #turnDown(error: unknown, cors: Cors): HttpResponse {
    if (!(error instanceof JoinRefused)) throw error;
    this.#options.tally.refused(error.counter, error.closeCode);
    const answer = json(STATUS[error.closeCode] ?? 500, { error: error.message }, cors);
    const after = RETRY_AFTER[error.closeCode];
    if (after === undefined) return answer;
    // Which pages of other origins may read too.
    const told = { 'retry-after': after, 'access-control-expose-headers': 'retry-after' };
    return { ...answer, headers: { ...answer.headers, ...told } };
  }

  #tooManyTickets(cors: Cors): HttpResponse {
    this.#options.tally.refused('tickets', 429);
    return json(429, { error: 'too many tickets; try again in a minute' }, cors);
  }

  /** Where the ticket is good: the public address, or the one the request came to. */
  #urlOf(request: HttpRequest): string {
    const scheme = request.secure ? 'https' : 'http';
    const { publicUrl } = this.#options;
    return publicUrl ?? `${scheme}://${request.headers.get('host') ?? 'localhost'}`;
  }

  /** Pages of allowed origins may read the answers; same-origin pages need no leave. */
  #cors(request: HttpRequest): Cors {
    const origin = request.headers.get('origin');
    if (origin === undefined) return {};
    const verdict = checkOrigin(origin, request.headers.get('host'), this.#options.origins);
    return verdict.allowed ? { 'access-control-allow-origin': origin, vary: 'Origin' } : FOREIGN;
  }
}

/** NaN for what is none. */
function wholeOf(text: string): number {
  return /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
}

type Cors = Readonly<Record<string, string>>;
const FOREIGN: Cors = { vary: 'Origin' };
const PREFLIGHT = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'content-type',
  'access-control-max-age': '600',
};

const JOIN_BODY =
  '{ token?: text, tokens?: 1..16 texts, room?: text, match?: { name: value }, ' +
  'create?: bool, private?: bool }';

/** A `romm` would be passed over, and the player be in any room. */
const JOIN_NAMES = new Set(['token', 'tokens', 'room', 'match', 'create', 'private']);

interface JoinBody {
  token: string;
  /** Of a party. */
  tokens: readonly string[] | undefined;
  room: string | undefined;
  create: Creation;
  match: Readonly<Record<string, unknown>>;
}

async function readJoin(request: HttpRequest): Promise<JoinBody> {
  const bytes = await request.body(MAX_JOIN_BYTES);
  let given: Record<string, unknown> = {};
  try {
    if (bytes.length > 0) given = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new HttpError(400, 'the body is not JSON');
  }
  const { token = '', tokens, room, create = false, match = {} } = given ?? {};
  const isPrivate = given?.private ?? false;
  const fits =
    Object.keys(given ?? {}).every((name) => JOIN_NAMES.has(name)) &&
    typeof token === 'string' &&
    (tokens === undefined || isParty(tokens)) &&
    (room === undefined || typeof room === 'string') &&
    typeof create === 'boolean' &&
    typeof isPrivate === 'boolean' &&
    typeof match === 'object' &&
    match !== null;
  if (!fits) throw new HttpError(400, `the body wants ${JOIN_BODY}`);
  if (!isRoomName(room))
    throw new HttpError(400, `room: wants a text of ${MAX_NAME_CHARS} characters or less`);
  const creation = isPrivate ? 'private' : create ? 'public' : undefined;
  const wanted = match as Record<string, unknown>;
  return { token, tokens: tokens as string[] | undefined, room, create: creation, match: wanted };
}

/** No room of another name is there, and not every directory may be asked for one. */
function isRoomName(room = ''): boolean {
  return room.length <= MAX_NAME_CHARS && !/\p{Surrogate}/u.test(room);
}

/** Players who go together: more than one, and no more than a team. */
const MOST_IN_PARTY = 16;

function isParty(tokens: unknown): boolean {
  if (!Array.isArray(tokens) || tokens.length < 1 || tokens.length > MOST_IN_PARTY) return false;
  return tokens.every((token) => typeof token === 'string');
}

function json(status: number, value: unknown, cors: Cors): HttpResponse {
  return {
    status,
    headers: {
      ...cors,
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: JSON.stringify(value),
  };
}
