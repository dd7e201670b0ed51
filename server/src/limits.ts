// Bounds of the server, each with unit and reason. What both sides share is in @tickwire/protocol;
// what a transport limits is in transport.ts. `serve({ limits })` overrides any of them, and has
// them read here.
import { checkNames, UsageError } from '@tickwire/protocol';

export interface Limits {
  /** Ms from the upgrade to a complete HELLO: three round trips of a satellite line. */
  handshakeMs: number;
  /** Ms `authenticate` may take before the joiner is told to try again. */
  authenticateMs: number;
  /**
   * Ms without any frame before a connection counts as gone. A live client says something every 250
   * ms (DESIGN 13.6).
   */
  idleMs: number;
  /**
   * Ms a seat without a connection is kept for its player. A phone that changes networks needs
   * about 10 s.
   */
  graceMs: number;
  /** Bytes sent and not yet applied by a seat before it gets no further STATE (HOSTILE T18). */
  slowSeatBytes: number;
  /** Ms a seat may stay behind before it is closed with 4010. */
  slowSeatMs: number;
  /**
   * Ticks ahead of now for which input is kept; more is a clock gone wrong (DESIGN 13.6). Clients
   * count on 16: theirs come up to 12 early on a bad line.
   */
  inputWindowTicks: number;
  /**
   * Ms a held input is repeated when none comes; then the seat stands still. A longer stall is an
   * absent player.
   */
  inputRepeatMs: number;
  /** Ms `rewind` goes back at most, whatever the line (DESIGN 13.6). */
  rewindMs: number;
  /**
   * INPUT and ACK frames: this many times the tick rate per second, with two seconds of burst (a
   * stall ends in one).
   */
  inputRateFactor: number;
  /** Commands per second, and at once. A player types and clicks; a bot floods. */
  commandRate: number;
  commandBurst: number;
  /** Pings per second, and at once: a client sends 25 in its first second, then two a second. */
  pingRate: number;
  pingBurst: number;
  /** Commands of one seat whose answers are still open. */
  pendingCommands: number;
  /**
   * Events kept for a seat that cannot be told, and as many that were told on a line that may
   * break; bytes of their payloads. Older ones are let go, counted, and the player is told how
   * many.
   */
  pendingEvents: number;
  pendingEventBytes: number;
  /**
   * Bytes of a room's checkpoint: a thousand entities of ten numbers are 100 KB, and a store takes
   * two a second from every room. A room that needs more is not kept, and says so in the log.
   */
  checkpointBytes: number;
  /**
   * Ms from one checkpoint of a room to the next, where there are other shards: what players lose
   * when a process dies.
   */
  checkpointMs: number;
  /**
   * Connections in all, and from one address (HOSTILE T16, T17). Enough for a family or a school
   * class behind one router.
   */
  connections: number;
  connectionsPerAddress: number;
  /**
   * Sockets one address may open in the long run, and tickets it may ask for; a seat whose line is
   * dropped stands empty for graceMs, so this bounds how many it can keep from others. At once it
   * may open twice connectionsPerAddress.
   */
  joinsPerMinute: number;
  /**
   * Seats one user may have at once over all rooms, dropped ones included, from whatever addresses:
   * two devices, each with a tab that was left open. Counts where a room kind says who its users
   * are.
   */
  seatsPerUser: number;
  /** Tickets of one user that are open at once: one, and two attempts that failed (HOSTILE T58). */
  ticketsPerUser: number;
  /**
   * Players who wait for a match by this process: half of its connections, so that who waits keeps
   * nobody from playing.
   */
  waiting: number;
  /** Rooms in one process: a tick of each must fit. */
  rooms: number;
  /** New rooms one address may open by POST: at once, and per minute. */
  roomBurst: number;
  roomsPerMinute: number;
  /** Ms a ticket is good for and keeps its seat (HOSTILE T58). */
  ticketMs: number;
  /**
   * Ticks a room that fell behind makes up for in one go; beyond that time is lost, and counted.
   */
  catchUpTicks: number;
  /** Ms an empty room lives before it closes: a refresh of its last player finds it again. */
  emptyRoomMs: number;
  /** Ms that rooms' `close` hooks get on shutdown. */
  closeMs: number;
  /**
   * Ms of computing in which the event loop may stand still, in a room's code or elsewhere, before
   * the process is ended from outside it (HOSTILE T62); of waiting, five times that. 500 or more;
   * Infinity: never.
   */
  hangMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  handshakeMs: 3_000,
  authenticateMs: 5_000,
  idleMs: 60_000,
  graceMs: 20_000,
  slowSeatBytes: 64 * 1024,
  slowSeatMs: 60_000,
  inputWindowTicks: 16,
  inputRepeatMs: 500,
  rewindMs: 1_000,
  inputRateFactor: 1.25,
  commandRate: 10,
  commandBurst: 20,
  pingRate: 5,
  pingBurst: 40,
  pendingCommands: 16,
  pendingEvents: 256,
  pendingEventBytes: 32 * 1024,
  checkpointBytes: 1024 * 1024,
  checkpointMs: 500,
  connections: 8_000,
  connectionsPerAddress: 64,
  joinsPerMinute: 240,
  seatsPerUser: 4,
  ticketsPerUser: 3,
  waiting: 4_000,
  rooms: 1_000,
  roomBurst: 10,
  roomsPerMinute: 20,
  ticketMs: 10_000,
  catchUpTicks: 5,
  emptyRoomMs: 30_000,
  closeMs: 10_000,
  hangMs: 2_000,
};

/**
 * The least that each may be: 0 where there may be nothing of it. A live client says something four
 * times in the least idleMs, and sends input up to 16 ticks early. With a hangMs below 500 the
 * pauses of a busy machine would end a healthy process.
 */
const LEAST: Readonly<Record<keyof Limits, number>> = {
  handshakeMs: 1,
  authenticateMs: 1,
  idleMs: 1_000,
  graceMs: 0,
  slowSeatBytes: 1,
  slowSeatMs: 0,
  inputWindowTicks: 16,
  inputRepeatMs: 0,
  rewindMs: 0,
  inputRateFactor: 1,
  commandRate: 1,
  commandBurst: 1,
  pingRate: 1,
  pingBurst: 1,
  pendingCommands: 1,
  pendingEvents: 1,
  pendingEventBytes: 1,
  checkpointBytes: 1,
  checkpointMs: 1,
  connections: 1,
  connectionsPerAddress: 1,
  joinsPerMinute: 1,
  seatsPerUser: 1,
  ticketsPerUser: 1,
  waiting: 0,
  rooms: 1,
  roomBurst: 1,
  roomsPerMinute: 1,
  ticketMs: 1,
  catchUpTicks: 1,
  emptyRoomMs: 0,
  closeMs: 0,
  hangMs: 500,
};

/** Of what is counted in ms: the longest that a timer of Node waits, 24 days. */
const MOST_MS = 2 ** 31 - 1;

/** The defaults, and what is given in their place. Throws UsageError for what is no such limit. */
export function readLimits(given: Partial<Limits> = {}): Limits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
  checkNames('limits', given, names);
  const read = { ...DEFAULT_LIMITS };
  for (const name of names) {
    const { [name]: value = read[name] } = given;
    const endless = name === 'hangMs' && value === Number.POSITIVE_INFINITY;
    if (!endless) checkLimit(name, value);
    read[name] = value;
  }
  return read;
}

function checkLimit(name: keyof Limits, value: number): void {
  const least = LEAST[name];
  const most = name.endsWith('Ms') ? MOST_MS : Number.MAX_SAFE_INTEGER;
  const isFactor = name === 'inputRateFactor';
  const isNumber = isFactor ? Number.isFinite(value) : Number.isInteger(value);
  if (isNumber && value >= least && value <= most) return;
  const kind = isFactor ? 'a number' : 'a whole number';
  const endless = name === 'hangMs' ? ', or Infinity' : '';
  const range = name.endsWith('Ms') ? `in ${least}..${most}` : `of ${least} or more`;
  throw new UsageError(`limits.${name}: ${value}: wants ${kind} ${range}${endless}`);
}
