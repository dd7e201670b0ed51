// What a game says about one kind of room. All inferred from the game's declaration and, in reading
// order, from `authenticate` (seat.auth) and `open` (room.data). No behaviour here but checking the
// definition.
import {
  type CommandFields,
  type CommandReply,
  type CommandsOf,
  checkNames,
  type Game,
  type KindName,
  type KindsOf,
  type LiveRow,
  type PayloadOf,
  type RowBase,
  UsageError,
} from '@tickwire/protocol';
import type { Admission } from './admission.ts';
import { checkSchemas } from './arguments.ts';
import { isChannelName, NAME_RULE } from './channel.ts';
import type { Point } from './eyes.ts';
import type { Limits } from './limits.ts';
import { checkMatch, type MatchRule } from './matching.ts';
import type { Room, Seat, Sender } from './room-api.ts';
import { checkShape, checkShapes, type Shape } from './shapes.ts';

type Handler<G, Auth, Data, C> = (
  room: Room<G, Auth, Data>,
  seat: Seat<G, Auth>,
  args: PayloadOf<CommandFields<C>>,
) => unknown extends CommandReply<C> ? unknown : CommandReply<C> | Promise<CommandReply<C>>;

/** What becomes of a room whose process died, where others may take it over. */
export type Failover = 'restore' | 'restart' | 'end';

/** A room with room.data is restored where it says how that is kept. */
// biome-ignore lint/suspicious/noConfusingVoidType: what an `open` without return answers.
type KeptData<Data> = [Data] extends [undefined | void]
  ? unknown
  : { failover?: 'restart' | 'end' } | { save: unknown; load: unknown };

export interface RoomDefinition<G, Auth, Data, Saved = unknown> extends Admission<Auth> {
  /** Seats for players. Default 64. */
  seats?: number;
  /** Places for spectators. Default 0: nobody watches. */
  spectators?: number;
  /** Which rooms of the kind somebody is put into who asks for no room by its id. */
  match?: MatchRule<Auth>;
  /** Send STATE every k-th tick. Default 1. */
  sendEvery?: number;
  /**
   * How state and input are spelled. `packed`: as few bits as can be; the default but for rooms
   * with `sees`, for a packed arrival tells a little of what its row did unseen. `plain`:
   * MessagePack values that any tool reads, for debugging and for a first client in another
   * language.
   */
  wire?: 'packed' | 'plain';
  /** Fills a new room; what it returns is room.data. */
  open?: (room: Room<G, Auth, undefined>) => Data;
  /**
   * What is kept of room.data in a checkpoint: plain values, with bytes as Uint8Array. Called
   * between ticks, twice a second or so; writes nothing. With `load`, which makes room.data of it.
   */
  save?: (room: Room<G, Auth, Data>) => Saved;
  /**
   * In place of `open`, where the room goes on from a checkpoint: all else of it is there already.
   * What it returns is room.data. `drop` follows for every seat that had a line.
   */
  load?: (room: Room<G, Auth, undefined>, saved: NoInfer<Saved>) => NoInfer<Data>;
  /**
   * Where another process takes over rooms: `restore` goes on from the newest checkpoint, a second
   * old or so, with all seats; `restart` opens the room anew under its id, without them; `end` lets
   * it go. Default: `restore` where nothing is missing, so without room.data or with `save` and
   * `load`; else `restart`. What was answered or told after the checkpoint is undone by it, but not
   * what a handler did outside the room: docs/checkpoints.md.
   */
  failover?: Failover;
  join?: (room: Room<G, Auth, Data>, seat: Seat<G, Auth>) => void;
  /** After every owned entity has taken its step. `dt` in seconds. */
  tick?: (room: Room<G, Auth, Data>, dt: number) => void;
  /** The line broke; the seat is kept for the grace time. */
  drop?: (room: Room<G, Auth, Data>, seat: Seat<G, Auth>) => void;
  /** The player is back in the grace time. */
  resume?: (room: Room<G, Auth, Data>, seat: Seat<G, Auth>) => void;
  /**
   * The seat is gone for good; its entities are despawned after this returns, unless given away.
   */
  leave?: (room: Room<G, Auth, Data>, seat: Seat<G, Auth>) => void;
  /** The room ends: persist here. Awaited, within limits. */
  close?: (room: Room<G, Auth, Data>) => void | Promise<void>;
  /**
   * What is near. Kinds without a position are always near, and so is what a seat owns. A seat that
   * comes upon many at once is told of 256 in a STATE, own ones and the nearest first.
   */
  interest?: {
    around: (seat: Seat<G, Auth>) => RowBase | Point | undefined;
    /** World units. */
    radius: number;
    /**
     * World units: rows beyond are told less exactly, where `.smooth({ far })` allows it. Default:
     * all as those at hand. Rooms with `wire: 'packed'` only.
     */
    far?: number;
    /**
     * Ms from one look of a seat at all distances to the next, at most; default 100. What is new,
     * gone or jumps is told at once, and so is all when the seat's own place jumps. Between two
     * looks, a row that comes by moving is known at 0.9 of the radius at the latest, and one that
     * goes is forgotten at 1.2 of it; after each, at 1 and 1.1. 0: looks for every STATE.
     */
    lookMs?: number;
  };
  /** What is allowed to be known. Owners always see their own. */
  sees?: (
    seat: Seat<G, Auth>,
    row: { [K in KindName<G>]: LiveRow<K, KindsOf<G>[K]> }[KindName<G>],
    room: Room<G, Auth, Data>,
  ) => boolean;
  /**
   * Bytes of STATE that a seat gets in a second, above the first one of each connection. What does
   * not fit waits, and the browser goes on with what it knows (`view.staleTicks`); nearer rows and
   * those that wait longer come first, own ones always. `weights`: by kind, default 1. Default: no
   * limit.
   */
  budget?: { bytesPerSecond: number; weights?: { readonly [K in KindName<G>]?: number } };
  /**
   * One for each declared command; what it returns is the reply. Throw Refusal to reject with a
   * reason; any other throw ends the room, as in every hook.
   */
  commands?: { [C in keyof CommandsOf<G>]: Handler<G, Auth, Data, CommandsOf<G>[C]> };
  /**
   * What other rooms publish, by the name of the channel: of this process and of others, whatever
   * their kind. Called between ticks; a message may be lost where a process or the directory is.
   * What has a topic comes to rooms that subscribed to it: `from.channel` is `name.topic`.
   */
  hears?: Readonly<Record<string, (room: Room<G, Auth, Data>, data: never, from: Sender) => void>>;
  timers?: Readonly<Record<string, (room: Room<G, Auth, Data>, data: never) => void>>;
  /** Ms a seat is kept without a connection. Default 20 s. */
  graceMs?: number;
  /**
   * Throw on values outside their declared range instead of clamping on the wire. For development.
   */
  strict?: boolean;
  /** Seed of room.random(). Default: from the clock. */
  seed?: number;
  /** The room stays when nobody is in it. Default: closed after 30 s. */
  keep?: boolean;
}

/**
 * Bodies are packed unless the definition says otherwise, or hides rows: a packed arrival tells how
 * lively its row was of late, and so a little of what it did unseen.
 */
export function isPacked({ wire, sees }: { wire?: 'packed' | 'plain'; sees?: unknown }): boolean {
  return wire === undefined ? sees === undefined : wire === 'packed';
}

/** Every option and hook there is, and what it is given. */
const OPTIONS = {
  seats: 'anything',
  spectators: 'anything',
  match: 'an object',
  sendEvery: 'anything',
  wire: 'anything',
  authenticate: 'a function',
  user: 'a function',
  expiresAtMs: 'a function',
  extraSeat: 'anything',
  open: 'a function',
  save: 'a function',
  load: 'a function',
  failover: 'anything',
  join: 'a function',
  tick: 'a function',
  drop: 'a function',
  resume: 'a function',
  leave: 'a function',
  close: 'a function',
  interest: 'an object',
  sees: 'a function',
  budget: 'an object',
  commands: 'an object',
  hears: 'an object',
  timers: 'an object',
  graceMs: 'a number',
  strict: 'true or false',
  seed: 'a number',
  keep: 'true or false',
} satisfies Record<keyof RoomDefinition<Game, unknown, unknown>, Shape>;

/** Bytes a second below which not even empty STATEs fit. */
const MIN_BUDGET = 500;

/** Seats of a room that names no number: a full arena. */
export const DEFAULT_SEATS = 64;

/** A definition with its game, as the server runs it. */
export interface RoomKind {
  readonly game: Game;
  readonly definition: RoomDefinition<Game, unknown, unknown>;
}

/** Checks a definition. Throws UsageError for what could only fail later. */
export function defineRoom<
  G extends { readonly hash: string },
  Auth = undefined,
  Data = undefined,
  Saved = unknown,
>(game: G, definition: RoomDefinition<G, Auth, Data, Saved> & KeptData<Data>): RoomKind {
  const declared = game as unknown as Game;
  checkNames('defineRoom', definition, Object.keys(OPTIONS));
  checkShapes(definition, OPTIONS);
  const { seats = DEFAULT_SEATS, spectators = 0, sendEvery = 1, wire = 'packed' } = definition;
  checkWhole('seats', seats, 1, 10_000);
  checkWhole('spectators', spectators, 0, 50_000);
  checkWhole('sendEvery', sendEvery, 1, 255);
  if (wire !== 'packed' && wire !== 'plain')
    throw new UsageError(`wire: ${wire}: wants 'packed' or 'plain'`);
  const { extraSeat = 'refuse' } = definition;
  if (extraSeat !== 'refuse' && extraSeat !== 'supersede')
    throw new UsageError(`extraSeat: ${extraSeat}: wants 'refuse' or 'supersede'`);
  checkFailover(definition);
  checkHears(definition.hears);
  const { timers = {}, graceMs = 0 } = definition;
  for (const [name, timer] of Object.entries(timers))
    checkShape(`timers.${name}`, timer, 'a function');
  if (!(graceMs >= 0)) throw new UsageError(`graceMs: ${graceMs}: wants ms, 0 or more`);
  if (definition.match) checkMatch(definition.match, seats);
  const { interest, budget, commands = {} } = definition;
  if (interest) {
    checkNames('interest', interest, ['around', 'radius', 'far', 'lookMs']);
    if (!(interest.radius > 0))
      throw new UsageError(`interest.radius: ${interest.radius}: wants world units above 0`);
    if (!((interest.far ?? 1) > 0))
      throw new UsageError(`interest.far: ${interest.far}: wants world units above 0`);
    if (!((interest.lookMs ?? 0) >= 0))
      throw new UsageError(`interest.lookMs: ${interest.lookMs}: wants ms, 0 or more`);
    if (interest.far !== undefined && !isPacked(definition))
      throw new UsageError("interest.far is for packed rooms: those with sees want wire: 'packed'");
  }
  if (budget) checkBudget(declared, budget);
  checkCommands(declared, commands);
  checkSchemas(declared);
  return {
    game: declared,
    definition: definition as unknown as RoomDefinition<Game, unknown, unknown>,
  };
}

/**
 * What becomes of a room of this definition and `data`, room.data. Throws UsageError where it is to
 * be restored and its data would be lost, or would be a promise of it.
 */
export function failoverOf(
  { failover, save }: Pick<RoomDefinition<Game, unknown, unknown>, 'failover' | 'save'>,
  data: unknown,
): Failover {
  if (data instanceof Promise) {
    // It is turned down here: what comes of it is nobody's, and must not end the process.
    data.catch(() => {});
    throw new UsageError(
      'room.data would be a promise: open and load answer at once; have what they wait for ' +
        'before serve(), or put it into room.data when it is there',
    );
  }
  const isWhole = save !== undefined || data === undefined;
  if (failover === 'restore' && !isWhole)
    throw new UsageError("failover: 'restore': open() returns room.data; give save and load");
  return failover ?? (isWhole ? 'restore' : 'restart');
}

function checkFailover({
  failover = 'restore',
  save,
  load,
}: {
  readonly failover?: unknown;
  readonly save?: unknown;
  readonly load?: unknown;
}): void {
  if (failover !== 'restore' && failover !== 'restart' && failover !== 'end')
    throw new UsageError(`failover: ${failover}: wants 'restore', 'restart' or 'end'`);
  if ((save === undefined) !== (load === undefined))
    throw new UsageError('save and load belong together: give both, or neither');
}

function checkHears(hears: Readonly<Record<string, unknown>> = {}): void {
  for (const [name, handler] of Object.entries(hears)) {
    if (!isChannelName(name))
      throw new UsageError(`hears['${name}']: wants ${NAME_RULE}; topics come by subscribe`);
    checkShape(`hears.${name}`, handler, 'a function');
  }
}

function checkBudget(
  { kinds }: Game,
  budget: { bytesPerSecond: number; weights?: Readonly<Record<string, number | undefined>> },
): void {
  checkNames('budget', budget, ['bytesPerSecond', 'weights']);
  if (!(budget.bytesPerSecond >= MIN_BUDGET))
    throw new UsageError(`budget.bytesPerSecond: wants ${MIN_BUDGET} or more`);
  const { weights = {} } = budget;
  const names = kinds.map(({ name }) => name);
  checkNames('budget.weights', weights, names);
  for (const [name, weight = 1] of Object.entries(weights))
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY))
      throw new UsageError(`budget.weights.${name}: ${weight}: wants a number above 0`);
}

function checkCommands({ commands }: Game, handlers: Readonly<Record<string, unknown>>): void {
  for (const { name } of commands)
    if (typeof handlers[name] !== 'function')
      throw new UsageError(`command ${name} is declared but commands.${name} is not given`);
  const names = commands.map(({ name }) => name);
  checkNames('commands', handlers, names);
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw new UsageError(`${name}: ${value}: wants a whole number in ${least}..${most}`);
}

/** Limits a room needs. */
export type RoomLimits = Pick<
  Limits,
  | 'graceMs'
  | 'slowSeatBytes'
  | 'slowSeatMs'
  | 'inputWindowTicks'
  | 'inputRepeatMs'
  | 'rewindMs'
  | 'catchUpTicks'
  | 'pendingEvents'
  | 'pendingEventBytes'
  | 'pendingCommands'
  | 'checkpointBytes'
>;
