// One declared field: its type, its range, who may receive it, and how many numeric columns it
// takes. Builders (builders.ts) are what a game writes; FieldSpec is what tables and codecs
// read. The wire rounds, the world does not: min, max and step say which integers travel, never
// what a row may hold.

import type { StandardSchema } from './standard-schema.ts';

/** Who may receive a field: every seat that sees the entity, its owner's seat alone, or nobody. */
export type Scope = 'all' | 'owner' | 'server';

declare const phantom: unique symbol;

/**
 * An entity's game-visible id in its room. 0 means "none"; never reused in a room's life. The brand
 * refuses ids of another kind; plain numbers pass, so that 0 and saved ids need no cast.
 */
export type EntityId<Kind extends string = string> = number & { readonly [phantom]?: Kind };

export type NumericType =
  | 'int'
  | 'fixed'
  | 'angle'
  | 'bool'
  | 'choice'
  | 'entity'
  | 'vec2'
  | 'vec3'
  | 'quat';
export type ObjectType = 'text' | 'list' | 'map' | 'record' | 'packed';

/**
 * What tables and codecs need to know of a field. Numeric types take `components` columns, object
 * types none.
 */
export interface FieldSpec {
  readonly type: NumericType | ObjectType;
  /** Columns of float64 in a table: 1, 2 (vec2), 3 (vec3), 4 (quat), or 0 for an object value. */
  readonly components: 0 | 1 | 2 | 3 | 4;
  /** Least value of each component, in the field's own unit. Radians for an angle. */
  readonly min: number;
  /** Distance between two neighbouring values on the wire, in the field's own unit. */
  readonly step: number;
  /**
   * Highest wire value: a wire value is an integer in 0..levels. For text and packed: the most
   * bytes.
   */
  readonly levels: number;
  readonly scope: Scope;
  /** Shown between two snapshots by interpolation, and dead-reckoned on the wire. */
  readonly smooth: boolean;
  /** Name of the velocity field this one moves by, in units per second. */
  readonly by: string | undefined;
  /** Steps that the shown value may be off by. 0: exactly the rounded truth. */
  readonly within: number;
  /** The same of a row that is far away (interest.far); `within` or more. */
  readonly far: number;
  /** An input edge: true for one tick, carried to the next when late, never repeated. */
  readonly press: boolean;
  /**
   * What a row holds before anything is set. For numeric types: a number; a component list for
   * vectors.
   */
  readonly initial: unknown;
  /** Names of a `choice`, in wire order; the kind of an `entity`, alone. */
  readonly names: readonly string[];
  /** Element of a list, value of a map. */
  readonly element: FieldSpec | undefined;
  /** Key of a map: text, int or entity. */
  readonly key: FieldSpec | undefined;
  /** Most elements of a list or map. */
  readonly capacity: number;
  /** Fields of a record, in wire order. */
  readonly fields: readonly (readonly [name: string, spec: FieldSpec])[];
}

/**
 * A declared field with the types it has on the server (Live), when given (Init), and in the
 * browser (Shown).
 */
export interface Field<Live, Init = Live, Shown = Live, S extends Scope = Scope> {
  readonly spec: FieldSpec;
  /** Judges what a client sends, on the server: a packed field of a command. */
  readonly schema?: StandardSchema | undefined;
  readonly [phantom]?: { live: Live; init: Init; shown: Shown; scope: S };
  /** Only the seat of the entity's owner receives this field. */
  ownerOnly(): Field<Live, Init, Shown, 'owner'>;
  /** Never leaves the server; is in checkpoints and rewind. */
  serverOnly(): Field<Live, Init, Shown, 'server'>;
  /** The value before anything is set. */
  default(value: Init): Field<Live, Init, Shown, S>;
}

export interface SmoothOptions {
  /** A velocity field of the same kind, in this field's unit per second. */
  by?: string;
  /** Steps the shown value may be off by; more is cheaper. Default 0: the rounded truth. */
  within?: number;
  /**
   * The same of rows beyond `interest.far`, and of the velocities they move by: those wait until
   * the value itself is off by more. Default: as `within`.
   */
  far?: number;
}

export interface SmoothField<Live, Init = Live, Shown = Live, S extends Scope = Scope>
  extends Field<Live, Init, Shown, S> {
  /** Interpolated on screen and dead-reckoned on the wire. */
  smooth(options?: SmoothOptions): SmoothField<Live, Init, Shown, S>;
  ownerOnly(): SmoothField<Live, Init, Shown, 'owner'>;
  serverOnly(): SmoothField<Live, Init, Shown, 'server'>;
  default(value: Init): SmoothField<Live, Init, Shown, S>;
}

export interface PressField extends Field<boolean, boolean, boolean, 'all'> {
  /**
   * An edge: true for the one tick it was pressed in; carried when late, never repeated. Input
   * fields only.
   */
  press(): Field<boolean, boolean, boolean, 'all'>;
}

/** A field of a command that a schema judges: `Said` may be sent, the game is given `Heard`. */
export interface JudgedField<Said, Heard> extends Field<Heard | null, Said | null, Heard | null> {
  readonly schema: StandardSchema<Said, Heard>;
  /** Throws UsageError: who calls a command gives every field. */
  default(value: never): never;
}

export type AnyField = Field<unknown, unknown, unknown, Scope>;
export type Fields = Readonly<Record<string, AnyField>>;

type Types<F> = F extends { readonly [phantom]?: infer T } ? NonNullable<T> : never;
export type LiveOf<F> = Types<F> extends { live: infer T } ? T : never;
export type InitOf<F> = Types<F> extends { init: infer T } ? T : never;
export type ShownOf<F> = Types<F> extends { shown: infer T } ? T : never;
export type ScopeOf<F> = Types<F> extends { scope: infer T } ? T : never;

/** What a client gives for this field of a command. */
export type SaidOf<F> = F extends JudgedField<infer Said, infer _> ? Said : ShownOf<F>;
/** What the game is given of it. */
export type HeardOf<F> = F extends JudgedField<infer _, infer Heard> ? Heard : ShownOf<F>;

export interface Vec2Like {
  readonly x: number;
  readonly y: number;
}
export interface Vec3Like extends Vec2Like {
  readonly z: number;
}
export interface QuatLike extends Vec3Like {
  readonly w: number;
}
/** A vector of a row: writes go to the row. Methods return the vector, to be chained. */
export interface Vec2 {
  x: number;
  y: number;
  set(x: number, y: number): this;
  /** Adds `by`, times `scale`. */
  add(by: Vec2Like, scale?: number): this;
  /** Back into the declared range. */
  clamp(): this;
}
export interface Vec3 {
  x: number;
  y: number;
  z: number;
  set(x: number, y: number, z: number): this;
  add(by: Vec3Like, scale?: number): this;
  clamp(): this;
}
export interface Quat {
  x: number;
  y: number;
  z: number;
  w: number;
  set(x: number, y: number, z: number, w: number): this;
}

/** Vectors inside collections are plain and frozen: replace them to change them. */
export type Held<L> = L extends Quat
  ? QuatLike
  : L extends Vec3
    ? Vec3Like
    : L extends Vec2
      ? Vec2Like
      : L;

/** A list on the server: every write is tracked by element. */
export interface List<Live, Init = Live> extends Iterable<Live> {
  readonly length: number;
  at(index: number): Live | undefined;
  set(index: number, value: Init): void;
  push(...values: Init[]): void;
  pop(): void;
  insert(index: number, value: Init): void;
  remove(index: number): void;
  clear(): void;
  /** Makes the list equal to `values`, touching only what differs. */
  assign(values: Iterable<Init>): void;
}

/** A map on the server: every write is tracked by key. */
export interface Dictionary<K, Live, Init = Live> extends Iterable<[K, Live]> {
  readonly size: number;
  get(key: K): Live | undefined;
  has(key: K): boolean;
  set(key: K, value: Init): void;
  delete(key: K): boolean;
  clear(): void;
  keys(): Iterable<K>;
  values(): Iterable<Live>;
}
