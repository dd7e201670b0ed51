// The protected route that Prometheus scrapes, by prom-client. Made by serve() where `metrics` is
// given, and only then loaded: prom-client costs 30 ms and 10 MB. Everything is read from plain
// numbers when somebody asks. Trap: a label is a name of ours (a room kind, a reason, a code),
// never a room id or an address.

import { createHash, timingSafeEqual } from 'node:crypto';
import { UsageError } from '@tickwire/protocol';
import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import { MARGIN_BOUNDS } from './replication.ts';
import type { Shard } from './shard.ts';
import { Distribution, type Tally } from './tally.ts';
import type { Totals } from './totals.ts';
import type { HttpRequest, HttpResponse } from './transport.ts';

/** Who may read `GET /metrics`: whoever shows the token, or whom `allow` lets. */
export type MetricsOptions =
  /** Sent as `Authorization: Bearer TOKEN`; 16 characters or more. */
  | { readonly token: string; readonly allow?: undefined }
  /** Anything but true, or a promise of it, is a refusal (403). */
  | {
      readonly allow: (request: HttpRequest) => boolean | Promise<boolean>;
      readonly token?: undefined;
    };

/** 16 random characters are 80 bits or more: nobody guesses them over a network. */
const MIN_TOKEN_LENGTH = 16;

export class MetricsRoute {
  readonly #options: MetricsOptions;
  readonly #tally: Tally;
  readonly #registry = new Registry();
  // As of the newest scrape.
  #totals: ReadonlyMap<string, Totals> = new Map();
  #rooms: readonly RoomCount[] = [];

  /** Throws UsageError for options that would let anybody in. */
  constructor(options: MetricsOptions, tally: Tally) {
    checkOptions(options);
    this.#options = options;
    this.#tally = tally;
    addServer(this.#registry, tally);
    addShards(this.#registry, tally);
    addQueues(this.#registry, tally);
    addRooms(this.#registry, () => this.#totals);
    addSeats(this.#registry, () => this.#rooms);
    addProcess(this.#registry);
  }

  /** The answer to `GET /metrics`. */
  async answer(request: HttpRequest, shard: Shard): Promise<HttpResponse> {
    const headers = { 'cache-control': 'no-store' };
    const refused = await this.#refuse(request);
    if (refused) {
      this.#tally.refused('metrics', refused);
      const body = 'this route is not for everybody';
      if (refused === 403) return { status: 403, headers, body };
      return { status: 401, headers: { ...headers, 'www-authenticate': 'Bearer' }, body };
    }
    this.#totals = shard.totals();
    this.#rooms = shard.kinds.map((kind) => countRooms(kind, shard));
    const body = await this.#registry.metrics();
    return {
      status: 200,
      headers: { ...headers, 'content-type': this.#registry.contentType },
      body,
    };
  }

  /** The status of a refusal; undefined for none. */
  async #refuse(request: HttpRequest): Promise<401 | 403 | undefined> {
    const { token, allow } = this.#options;
    if (allow) return (await allow(request)) === true ? undefined : 403;
    const shown = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    return shown !== undefined && isSame(shown, token) ? undefined : 401;
  }
}

function checkOptions(options: MetricsOptions): void {
  const { token, allow } = options;
  if ((token === undefined) === (allow === undefined))
    throw new UsageError('serve({ metrics }): give either a token or allow(request)');
  if (allow !== undefined && typeof allow !== 'function')
    throw new UsageError('serve({ metrics: { allow } }): wants a function');
  if (token === undefined) return;
  if (typeof token !== 'string' || token.length < MIN_TOKEN_LENGTH || /\s/.test(token))
    throw new UsageError(
      `serve({ metrics: { token } }): wants ${MIN_TOKEN_LENGTH} characters or more, no spaces`,
    );
}

/** In a time that tells nothing of where two texts differ, or how long ours is. */
function isSame(shown: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown), digest(token));
}

/** Values of the labels, in the order of their names, and the number. */
type Sample = readonly [labels: readonly (string | number)[], value: number];

interface Shown {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  read(): Iterable<Sample>;
}

/** Of a shard among others; nothing but 0 for one that is alone. */
function addShards(registry: Registry, tally: Tally): void {
  addCounter(registry, {
    name: 'tickwire_rooms_moved_total',
    help:
      'Rooms taken over from shards that are gone, handed over to others, lost to them, or ' +
      'taken back from a directory that had forgotten them; given up: ended every process',
    labels: ['how'],
    read: () => [
      [['taken-over'], tally.takenOver],
      [['handed-over'], tally.handedOver],
      [['lost'], tally.roomsLost],
      [['taken-back'], tally.takenBack],
      [['given-up'], tally.givenUp],
    ],
  });
  addCounter(registry, {
    name: 'tickwire_checkpoints_total',
    help: 'Checkpoints of rooms that the directory has taken',
    read: () => [[[], tally.checkpoints]],
  });
  addCounter(registry, {
    name: 'tickwire_checkpoint_bytes_total',
    help: 'Bytes of those checkpoints',
    read: () => [[[], tally.checkpointBytes]],
  });
  addGauge(registry, {
    name: 'tickwire_directory_away',
    help: '1 while the directory of several shards does not answer',
    read: () => [[[], Number(tally.directoryAway)]],
  });
}

function addQueues(registry: Registry, tally: Tally): void {
  addGauge(registry, {
    name: 'tickwire_waiting',
    help: 'Players who wait for a match',
    labels: ['room_kind'],
    read: () => Array.from(tally.waiting, ([kind, count]) => [[kind], count]),
  });
  addCounter(registry, {
    name: 'tickwire_matches_total',
    help: 'Matches that were made of players who waited, by the server that has the queue',
    labels: ['room_kind'],
    read: () => Array.from(tally.matches, ([kind, count]) => [[kind], count]),
  });
  const waitHelp = 'How long those waited who were in a match';
  addDistribution(registry, 'tickwire_waited_seconds', waitHelp, () => tally.waitedSeconds);
}

function addServer(registry: Registry, tally: Tally): void {
  addCounter(registry, {
    name: 'tickwire_refusals_total',
    help: 'Requests, sockets and frames refused, by close code (or HTTP status) and reason',
    labels: ['code', 'reason'],
    read: () => Array.from(tally.refusals, ([reason, { code, count }]) => [[code, reason], count]),
  });
  addCounter(registry, {
    name: 'tickwire_closes_total',
    help: 'Connections that ended, by close code; 0 for codes that are none of ours',
    labels: ['code'],
    read: () => Array.from(tally.closes, ([code, count]) => [[code], count]),
  });
  addCounter(registry, {
    name: 'tickwire_http_answers_total',
    help: 'HTTP answers, by status',
    labels: ['status'],
    read: () => Array.from(tally.answers, ([status, count]) => [[status], count]),
  });
  addCounter(registry, {
    name: 'tickwire_faults_total',
    help: 'Handlers that threw and cost one request or socket',
    read: () => [[[], tally.faults]],
  });
  addCounter(registry, {
    name: 'tickwire_moved_total',
    help: 'Clients that were sent to the server where their room lives',
    read: () => [[[], tally.moved]],
  });
  addCounter(registry, {
    name: 'tickwire_posts_lost_total',
    help: 'Scores of rooms that no board was told of',
    read: () => [[[], tally.postsLost]],
  });
  addCounter(registry, {
    name: 'tickwire_forwards_ignored_total',
    help: 'Requests whose X-Forwarded-For came from no named proxy',
    read: () => [[[], tally.forwardsIgnored]],
  });
  addCounter(registry, {
    name: 'tickwire_restarts_total',
    help: 'Starts of the server by its supervisor after the first, by how the one before ended',
    labels: ['why'],
    read: () => Object.entries(tally.restarts ?? {}).map(([why, count]) => [[why], count]),
  });
  addGauge(registry, {
    name: 'tickwire_connections',
    help: 'Sockets that are open',
    read: () => [[[], tally.connections]],
  });
  addDistribution(registry, 'tickwire_tick_seconds', 'Time of one tick of a room', () => {
    return tally.tickSeconds;
  });
  const lateHelp = 'How much later than due a room was woken for its ticks';
  addDistribution(registry, 'tickwire_tick_late_seconds', lateHelp, () => tally.lateSeconds);
  addDistribution(registry, 'tickwire_rtt_seconds', 'Round trip of each pong', () => {
    return tally.rttSeconds;
  });
}

/** What is counted by kind of room: name, help, and the number shown. */
const ROOM_COUNTERS: readonly [name: string, help: string, of: (totals: Totals) => number][] = [
  ['room_failures_total', "Rooms closed because the game's code threw", (of) => of.failures],
  ['states_total', 'STATE frames sent', (of) => of.states],
  ['lost_seconds_total', 'Time let go because rooms fell behind', (of) => of.lostMs / 1000],
  ['slow_seat_skips_total', 'STATEs left out because a seat was behind', (of) => of.skips],
  ['events_lost_total', 'Events dropped because too many waited', (of) => of.eventsLost],
  ['rewinds_total', 'Looks into the past', (of) => of.looks],
  ['rewinds_capped_total', 'Looks cut to what the line allows', (of) => of.rewindsCapped],
  ['values_clamped_total', 'Values outside their declared range', (of) => of.clamped],
  ['desyncs_total', 'Values a client held and should not (development)', (of) => of.desyncs],
];

function addRooms(registry: Registry, totals: () => ReadonlyMap<string, Totals>): void {
  for (const [name, help, of] of ROOM_COUNTERS)
    addCounter(registry, {
      name: `tickwire_${name}`,
      help,
      labels: ['room_kind'],
      read: () => Array.from(totals(), ([kind, sums]) => [[kind], of(sums)]),
    });
  addCounter(registry, {
    name: 'tickwire_state_bytes_total',
    help: 'Bytes of STATE frames and of the odds they are coded with; own: for the owner only',
    labels: ['room_kind', 'part'],
    *read() {
      for (const [kind, { stateBytes, ownBytes }] of totals()) {
        yield [[kind, 'shared'], stateBytes - ownBytes];
        yield [[kind, 'own'], ownBytes];
      }
    },
  });
  addCounter(registry, {
    name: 'tickwire_inputs_missed_total',
    help: 'Inputs that came after their tick was done, or too long before it',
    labels: ['room_kind', 'why'],
    *read() {
      for (const [kind, { inputsLate, inputsEarly }] of totals()) {
        yield [[kind, 'late'], inputsLate];
        yield [[kind, 'early'], inputsEarly];
      }
    },
  });
  const help = "Ticks that inputs came before they were needed: the least of each STATE's";
  addDistribution(registry, 'tickwire_input_margin_ticks', help, () => {
    const sum = new Distribution(MARGIN_BOUNDS);
    for (const { margins } of totals().values()) sum.add(margins);
    return sum;
  });
}

interface RoomCount {
  readonly kind: string;
  readonly rooms: number;
  /** Seats with a line, and seats whose line broke. */
  readonly here: number;
  readonly away: number;
}

function countRooms(kind: string, shard: Shard): RoomCount {
  const count = { kind, rooms: 0, here: 0, away: 0 };
  for (const room of shard.rooms.values()) {
    if (room.kind !== kind) continue;
    count.rooms++;
    for (const { connected } of room.seats) count[connected ? 'here' : 'away']++;
  }
  return count;
}

function addSeats(registry: Registry, rooms: () => readonly RoomCount[]): void {
  addGauge(registry, {
    name: 'tickwire_rooms',
    help: 'Rooms that are open',
    labels: ['room_kind'],
    read: () => rooms().map(({ kind, rooms }) => [[kind], rooms]),
  });
  addGauge(registry, {
    name: 'tickwire_seats',
    help: 'Seats taken, spectators included; away: their line broke',
    labels: ['room_kind', 'line'],
    *read() {
      for (const { kind, here, away } of rooms()) {
        yield [[kind, 'here'], here];
        yield [[kind, 'away'], away];
      }
    },
  });
}

/** Under the names that dashboards know. The rest of prom-client's own needs timers of its own. */
function addProcess(registry: Registry): void {
  addGauge(registry, {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    read: () => [[[], process.memoryUsage.rss()]],
  });
  addCounter(registry, {
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    read: () => [[[], (process.cpuUsage().user + process.cpuUsage().system) / 1e6]],
  });
}

function addCounter(registry: Registry, { name, help, labels = [], read }: Shown): void {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  new Counter({
    ...options,
    collect() {
      this.reset();
      for (const [values, value] of read()) this.labels(...values.map(String)).inc(value);
    },
  });
}

function addGauge(registry: Registry, { name, help, labels = [], read }: Shown): void {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  new Gauge({
    ...options,
    collect() {
      this.reset();
      for (const [values, value] of read()) this.labels(...values.map(String)).set(value);
    },
  });
}

/** prom-client's own histogram wants to see each value; ours are counted already. */
function addDistribution(
  registry: Registry,
  name: string,
  help: string,
  read: () => Distribution,
): void {
  const get = async () => {
    const distribution = read();
    const counts = distribution.upTo();
    const values: object[] = counts.map((value, at) => ({
      metricName: `${name}_bucket`,
      labels: { le: distribution.bounds[at] ?? '+Inf' },
      value,
    }));
    values.push({ metricName: `${name}_sum`, labels: {}, value: distribution.sum });
    values.push({ metricName: `${name}_count`, labels: {}, value: counts.at(-1) });
    return { name, help, type: 'histogram', values };
  };
  registry.registerMetric({ name, help, get } as unknown as Metric);
}
