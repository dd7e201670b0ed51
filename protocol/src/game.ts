// The whole agreement between server and browser: what exists, what travels, and the step both
// sides run. defineGame compiles a declaration into plans and a hash; everything else asks those.
// Types flow from here: rows, inputs, events and commands of every other file are inferred from the
// declaration alone.

import { checkOptions, checkPlans, checkSteps, checkTickRate, checkUnjudged } from '#checks';
import * as Context from './body-context.ts';
import { type CodingTables, priorTables } from './coding-tables.ts';
import { UsageError } from './errors.ts';
import type {
  AnyField,
  EntityId,
  Fields,
  HeardOf,
  InitOf,
  LiveOf,
  SaidOf,
  ShownOf,
} from './field.ts';
import { PROTOCOL_VERSION } from './limits.ts';
import { type Plan, planOf } from './plan.ts';
import type { LiveRow, OwnRow, PastRow, ShownRow, SpawnInit, StepRow } from './row.ts';

export type KindFields = Readonly<Record<string, Fields>>;

declare const replyType: unique symbol;

/** A command with the type of its answer. */
export interface Command<F extends Fields = Fields, Reply = unknown> {
  readonly fields: F;
  readonly [replyType]?: Reply;
  /** Says what the server's handler answers; `call` resolves to it. Not checked at run time. */
  replies<R>(): Command<F, R>;
}
export type Commands = Readonly<Record<string, Fields | Command<Fields, unknown>>>;

/**
 * `command({ name: text(16) }).replies<{ ok: boolean }>()`; plain fields do where no answer type is
 * wanted.
 */
export function command<F extends Fields>(fields: F): Command<F, unknown> {
  const made: Command<F, unknown> = { fields, replies: <R>() => made as Command<F, R> };
  return made;
}

export type CommandFields<C> =
  C extends Command<infer F, unknown> ? F : C extends Fields ? C : never;
export type CommandReply<C> = C extends { replies: unknown; readonly [replyType]?: infer R }
  ? unknown extends R
    ? unknown
    : NonNullable<R>
  : unknown;

/** What `sample` gives, `step` and `inputOf` receive. */
export type InputOf<F extends Fields> = { readonly [K in keyof F]: ShownOf<F[K]> };
/** What an event or command carries. */
export type PayloadOf<F> = F extends Fields ? { readonly [K in keyof F]: HeardOf<F[K]> } : never;
/** What a client calls a command with: before a schema made something of it. */
export type ArgsOf<F> = F extends Fields ? { readonly [K in keyof F]: SaidOf<F[K]> } : never;

export interface StepContext<E extends KindFields = KindFields> {
  /** Seconds of this step: 1 / tickRate, or less for the fraction drawn between two ticks. */
  readonly dt: number;
  /** The tick being computed. */
  readonly tick: number;
  /** True when this tick was stepped before (replay, drawn fraction): make no sounds or effects. */
  readonly replaying: boolean;
  /**
   * Others whose position is within `radius`: live rows on the server, shown ones in the browser.
   */
  near<K extends keyof E & string>(
    kind: K,
    x: number,
    y: number,
    radius: number,
  ): Iterable<ShownRow<K, E[K]>>;
  /**
   * A new entity with the owner of the row that is stepped. Its own step runs from the next tick
   * on. In the owner's browser it is shown at once, as a prediction that the server's entity later
   * takes the place of, or that is taken back. Throws UsageError for a kind without a step.
   */
  spawn<K extends keyof E & string>(kind: K, init: SpawnInit<E[K]>): void;
}

export type Steps<E extends KindFields, I extends Fields> = {
  readonly [K in keyof E & string]?: (
    self: StepRow<K, E[K]>,
    input: InputOf<I>,
    context: StepContext<E>,
  ) => void;
};

export interface Declaration<
  S extends Fields,
  E extends KindFields,
  I extends Fields,
  V extends KindFields,
  C extends Commands,
> {
  /** Ticks per second, 1..128. Simulation, input and prediction run at this rate. Default 30. */
  readonly tickRate?: number;
  /** One per room. */
  readonly state?: S;
  readonly entities: E;
  /** Sent by each seat for every tick. Numeric fields only. */
  readonly input?: I;
  /** Server to client, once, at their tick. */
  readonly events?: V;
  /** Client to server, answered. */
  readonly commands?: C;
  /** The truth on the server, the prediction in the owner's browser. */
  readonly step?: Steps<E, I>;
}

type RunStep = (self: never, input: never, context: never) => void;

export interface Game<
  S extends Fields = Fields,
  E extends KindFields = KindFields,
  I extends Fields = Fields,
  V extends KindFields = KindFields,
  C extends Commands = Commands,
> {
  readonly tickRate: number;
  readonly declaration: Declaration<S, E, I, V, C>;
  /**
   * Two declarations with the same hash exchange frames; anything that changes the wire changes it.
   */
  readonly hash: string;
  readonly kinds: readonly Plan[];
  readonly state: Plan;
  readonly input: Plan;
  readonly events: readonly Plan[];
  readonly commands: readonly Plan[];
  /** The odds that packed bodies are coded with before a room has learnt better ones. */
  readonly priors: CodingTables;
  /** The step of each kind, by its index. */
  readonly steps: readonly (RunStep | undefined)[];
  /** Plan of an entity kind; throws UsageError for an unknown name. */
  kind(name: string): Plan;
}

export type StateOf<G> =
  G extends Game<infer S, infer _E, infer _I, infer _V, infer _C> ? S : never;
export type KindsOf<G> =
  G extends Game<infer _S, infer E, infer _I, infer _V, infer _C> ? E : never;
export type InputFieldsOf<G> =
  G extends Game<infer _S, infer _E, infer I, infer _V, infer _C> ? I : never;
export type EventsOf<G> =
  G extends Game<infer _S, infer _E, infer _I, infer V, infer _C> ? V : never;
export type CommandsOf<G> =
  G extends Game<infer _S, infer _E, infer _I, infer _V, infer C> ? C : never;

export type KindName<G> = keyof KindsOf<G> & string;
export type LiveRowOf<G, K extends KindName<G>> = LiveRow<K, KindsOf<G>[K]>;
export type ShownRowOf<G, K extends KindName<G>> = ShownRow<K, KindsOf<G>[K]>;
export type PastRowOf<G, K extends KindName<G>> = PastRow<K, KindsOf<G>[K]>;
export type OwnRowOf<G, K extends KindName<G>> = OwnRow<K, KindsOf<G>[K]>;
export type LiveState<G> = { -readonly [K in keyof StateOf<G>]: LiveOf<StateOf<G>[K]> };
export type ShownState<G> = { readonly [K in keyof StateOf<G>]: ShownOf<StateOf<G>[K]> };
export type InitFields<F extends Fields> = { readonly [K in keyof F]?: InitOf<F[K]> };
export type RowId<K extends string> = EntityId<K>;

/**
 * Compiles a declaration. Throws UsageError, naming the field and the cure, for whatever cannot
 * travel; a page bundled for production leaves that to the server.
 */
export function defineGame<
  const E extends KindFields,
  // biome-ignore lint/complexity/noBannedTypes: no state declared means no fields.
  const S extends Fields = {},
  // biome-ignore lint/complexity/noBannedTypes: no input declared means no fields.
  const I extends Fields = {},
  // biome-ignore lint/complexity/noBannedTypes: no events declared means none.
  const V extends KindFields = {},
  // biome-ignore lint/complexity/noBannedTypes: no commands declared means none.
  const C extends Commands = {},
>(declaration: Declaration<S, E, I, V, C>): Game<S, E, I, V, C> {
  const { tickRate = 30, step } = declaration;
  checkOptions('defineGame', declaration, {
    tickRate,
    state: 0,
    entities: 0,
    input: 0,
    events: 0,
    commands: 0,
    step,
  } satisfies Record<keyof Declaration<S, E, I, V, C>, unknown>);
  checkTickRate(tickRate);
  checkUnjudged(declaration);
  const kinds = Object.keys(declaration.entities);
  checkSteps(step, kinds);

  let context = Context.End;
  const plan = (name: string, index: number, fields: Fields): Plan => {
    const made = planOf(name, index, fields, index >= 0 && step?.[name] !== undefined, context);
    context = made.contextsEnd;
    return made;
  };
  const many = (sets: Commands | KindFields | undefined): Plan[] =>
    Object.entries(sets ?? {}).map(([name, set]) => plan(name, -1, fieldsOf(set)));
  const kindPlans = kinds.map((name, index) => plan(name, index, declaration.entities[name]));
  const state = plan('state', -1, declaration.state ?? {});
  const input = plan('input', -1, declaration.input ?? {});
  const events = many(declaration.events);
  const commands = many(declaration.commands);
  const all = [...kindPlans, state, input, ...events, ...commands];
  checkPlans(all, kindPlans, input);
  const byName = new Map(kindPlans.map((p) => [p.name, p]));
  return {
    tickRate,
    declaration,
    hash: hashOf(tickRate, all, kindPlans),
    kinds: kindPlans,
    state,
    input,
    events,
    commands,
    priors: priorTables([...kindPlans, state, input], context),
    steps: kinds.map((name) => step?.[name] as RunStep | undefined),
    kind(name) {
      const found = byName.get(name);
      if (!found) throw new UsageError(`no kind ${name}; kinds: ${kinds.join(', ')}`);
      return found;
    },
  };
}

/** Plan of a kind that a step may spawn; throws UsageError for one that has no step. */
export function spawnable(game: Pick<Game, 'kind' | 'steps'>, kind: string): Plan {
  const plan = game.kind(kind);
  if (!game.steps[plan.index])
    throw new UsageError(`spawn('${kind}'): nobody could predict it; declare step.${kind}`);
  return plan;
}

/** The fields of a command, however it was declared. */
export function fieldsOf(set: Fields | Command): Fields {
  return typeof (set as Command).replies === 'function' ? (set as Command).fields : (set as Fields);
}

/**
 * FNV-1a in two lanes of 32 bits over the canonical text of the declaration: 64 bits, no crypto
 * needed to catch a mistake.
 */
function hashOf(tickRate: number, all: readonly Plan[], kinds: readonly Plan[]): string {
  const canonical = JSON.stringify([
    PROTOCOL_VERSION,
    tickRate,
    all.map((p) => [p.name, p.index, p.stepped, p.fields.map((f) => [f.name, f.by, f.spec])]),
    kinds.length,
  ]);
  let low = 0x811c9dc5;
  let high = 0xcbf29ce4;
  for (let i = 0; i < canonical.length; i++) {
    const code = canonical.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code ^ (low >>> 13), 0x01000193);
  }
  const hex = (n: number) => (n >>> 0).toString(16).padStart(8, '0');
  return hex(high) + hex(low);
}

export type { AnyField };
