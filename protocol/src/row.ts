// Row objects: plain accessors over a table's columns, one class per kind and use, shared by all
// rooms of a game so that a `step` stays monomorphic. No code generation: closures over a column
// index are as fast, and CSP-safe.
import { UsageError } from './errors.ts';
import type {
  Dictionary,
  FieldSpec,
  Fields,
  InitOf,
  List,
  LiveOf,
  Quat,
  QuatLike,
  ScopeOf,
  ShownOf,
  Vec2,
  Vec3,
  Vec3Like,
} from './field.ts';
import { EPOCH, type FieldPlan, OWNER, type Plan } from './plan.ts';
import type { Row, RowBase, RowClass, Table } from './table.ts';

/** A row of the live world. Writing to the row of a despawned entity throws UsageError. */
export type LiveRow<Kind extends string, F extends Fields> = RowBase<Kind> & {
  /** The next shown motion is a jump: nobody blends from where the entity was. */
  teleport(): void;
} & { -readonly [P in keyof F]: LiveOf<F[P]> };

type Visible<F extends Fields> = {
  [P in keyof F as ScopeOf<F[P]> extends 'server' ? never : P]: F[P];
};

/** A row as a seat is shown it: `ownerOnly` fields of others are undefined. */
export type ShownRow<Kind extends string, F extends Fields> = RowBase<Kind> & {
  readonly [P in keyof Visible<F>]: ScopeOf<F[P]> extends 'owner'
    ? ShownOf<F[P]> | undefined
    : ShownOf<F[P]>;
};

/** A row of one's own: `ownerOnly` fields are there. */
export type OwnRow<Kind extends string, F extends Fields> = RowBase<Kind> & {
  readonly [P in keyof Visible<F>]: ShownOf<F[P]>;
};

/** What a `step` may do with a list: what the live one and a browser's copy have in common. */
export interface ListView<E> extends Iterable<E> {
  readonly length: number;
  at(index: number): E | undefined;
}

/** The same of a map. */
export interface MapView<K, V> extends Iterable<[K, V]> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  keys(): Iterable<K>;
  values(): Iterable<V>;
}

type Primitive = number | string | boolean | null | undefined;
/** A collection or packed value as `step` sees it. */
export type Viewed<L> = L extends Primitive
  ? L
  : L extends List<infer E, infer _>
    ? ListView<Viewed<E>>
    : L extends Dictionary<infer K, infer V, infer _>
      ? MapView<K, Viewed<V>>
      : { readonly [P in keyof L]: Viewed<L[P]> };

type Predicted = number | string | boolean | Vec2 | Vec3 | Quat;

/** Lists, maps and records; packed values, which may be null, are none. */
type Kept<L> = L extends Predicted ? true : null extends L ? true : false;

/**
 * A row as it was, for rewind: to be read, in every scope. Without lists, maps and records: no tick
 * keeps copies of them (reading one throws UsageError).
 */
export type PastRow<Kind extends string, F extends Fields> = RowBase<Kind> & {
  readonly [P in keyof F as false extends Kept<LiveOf<F[P]>> ? never : P]: ShownOf<F[P]>;
};

/**
 * A row as `step` gets it, on the server and in the owner's browser: numbers and vectors are
 * writable on both. Collections are read only: the browser's are the snapshots it shows.
 */
export type StepRow<Kind extends string, F extends Fields> = RowBase<Kind> & {
  teleport(): void;
} & {
  -readonly [P in keyof Visible<F> as LiveOf<F[P]> extends Predicted ? P : never]: LiveOf<F[P]>;
} & {
  readonly [P in keyof Visible<F> as LiveOf<F[P]> extends Predicted ? never : P]: Viewed<
    LiveOf<F[P]>
  >;
};

/** What a `step` may give a row that it spawns: what it may write. Left out: the default. */
export type SpawnInit<F extends Fields> = {
  readonly [P in keyof Visible<F>]?: LiveOf<F[P]> extends Predicted ? InitOf<F[P]> : never;
};

/**
 * `live`: writable, writes on a dead row throw. `shown`: others' ownerOnly fields read as
 * undefined. `past`: reading a list, map or record throws.
 */
export type RowUse = 'live' | 'shown' | 'past';

const classes = new WeakMap<Plan, Partial<Record<RowUse, RowClass>>>();

export function rowClass(plan: Plan, use: RowUse): RowClass {
  let made = classes.get(plan);
  if (!made) classes.set(plan, (made = {}));
  return (made[use] ??= createRowClass(plan, use));
}

function createRowClass(plan: Plan, use: RowUse): RowClass {
  class KindRow {
    $table: Table;
    $index: number;
    $vectors: (Vector | undefined)[] | undefined = undefined;
    constructor(table: Table, index: number) {
      this.$table = table;
      this.$index = index;
    }
    get id(): number {
      return this.$table.ids[this.$index];
    }
    get kind(): string {
      return plan.name;
    }
    get owner(): number {
      return this.$table.values[OWNER][this.$index];
    }
    get alive(): boolean {
      return this.$index !== 0;
    }
    teleport(): void {
      if (this.$index === 0) throw gone(plan, 'teleport()');
      this.$table.teleport(this.$index);
    }
    toJSON(): object {
      const plain: Record<string, unknown> = { id: this.id, kind: plan.name, owner: this.owner };
      for (const f of plan.fields) {
        if (f.index <= EPOCH || (use === 'past' && isTorn(f.spec))) continue;
        plain[f.name] = (this as unknown as Row)[f.name];
      }
      return plain;
    }
  }
  for (const f of plan.fields) {
    // State and input plans have no fields of ours in front.
    if (plan.index >= 0 && f.index <= EPOCH) continue;
    Object.defineProperty(KindRow.prototype, f.name, {
      enumerable: true,
      ...accessor(plan, f, use),
    });
  }
  return KindRow as unknown as RowClass;
}

type Accessor = { get(this: Row): unknown; set(this: Row, value: never): void };

function accessor(plan: Plan, f: FieldPlan, use: RowUse): Accessor {
  if (use === 'past' && isTorn(f.spec)) return tornAccessor(plan, f);
  const whole =
    f.object >= 0
      ? objectAccessor(plan, f)
      : f.spec.components > 1
        ? vectorAccessor(plan, f)
        : numberAccessor(plan, f);
  if (use !== 'shown' || f.spec.scope !== 'owner') return whole;
  const read = whole.get;
  return {
    get(this: Row) {
      return this.owner === this.$table.viewer && this.$table.viewer !== 0
        ? read.call(this)
        : undefined;
    },
    set: whole.set,
  };
}

function numberAccessor(plan: Plan, f: FieldPlan): Accessor {
  const { column } = f;
  const { type, names } = f.spec;
  const bit = 1 << f.index;
  const write = (row: Row, value: number): void => {
    const i = writable(row, plan, f);
    row.$table.values[column][i] = value;
    row.$table.dirty[i] |= bit;
  };
  if (type === 'bool')
    return {
      get() {
        return this.$table.values[column][this.$index] !== 0;
      },
      set(value: unknown) {
        write(this, value ? 1 : 0);
      },
    };
  if (type === 'choice')
    return {
      get() {
        return names[this.$table.values[column][this.$index]];
      },
      set(value: string) {
        const at = names.indexOf(value);
        if (at < 0)
          throw new UsageError(
            `${plan.name}.${f.name} = '${value}': not one of ${names.join(', ')}`,
          );
        write(this, at);
      },
    };
  return {
    get() {
      return this.$table.values[column][this.$index];
    },
    set(value: number) {
      const i = this.$index;
      const table = this.$table;
      if (i === 0) writable(this, plan, f);
      table.values[column][i] = value;
      table.dirty[i] |= bit;
    },
  };
}

function vectorAccessor(plan: Plan, f: FieldPlan): Accessor {
  return {
    get() {
      const kept = ((this as unknown as { $vectors?: (Vector | undefined)[] }).$vectors ??= []);
      return (kept[f.index] ??= new Vector(this, plan, f));
    },
    set(value: QuatLike) {
      const i = writable(this, plan, f);
      setComponents(this.$table.values, f, i, value);
      this.$table.dirty[i] |= 1 << f.index;
    },
  };
}

function setComponents(values: Float64Array[], f: FieldPlan, row: number, v: QuatLike): void {
  values[f.column][row] = v.x;
  values[f.column + 1][row] = v.y;
  if (f.spec.components > 2) values[f.column + 2][row] = v.z;
  if (f.spec.components > 3) values[f.column + 3][row] = v.w;
}

function objectAccessor(plan: Plan, f: FieldPlan): Accessor {
  return {
    get() {
      return this.$table.objects[f.object][this.$index];
    },
    set(value: unknown) {
      this.$table.setObject(f, writable(this, plan, f), value);
    },
  };
}

/** True for what changes inside: a past row would show it as it is now. */
function isTorn({ type }: FieldSpec): boolean {
  return type === 'list' || type === 'map' || type === 'record';
}

function tornAccessor(plan: Plan, { name, spec }: FieldPlan): Accessor {
  const torn = (): never => {
    throw new UsageError(
      `${plan.name}.${name}: the past keeps no ${spec.type}; read the live one, or keep what a ` +
        'hit depends on in a number or a text',
    );
  };
  return { get: torn, set: torn };
}

function writable(row: Row, plan: Plan, f: FieldPlan): number {
  if (row.$index === 0) throw gone(plan, f.name);
  return row.$index;
}

/** For a write to the row of an entity that is no more. */
export function gone({ name }: Plan, what: string): UsageError {
  return new UsageError(`${name}.${what}: this ${name} is gone; check row.alive before writing`);
}

/** x, y, z, w of one vector or quaternion field, written through to the row's columns. */
class Vector {
  readonly #row: Row;
  readonly #plan: Plan;
  readonly #field: FieldPlan;
  constructor(row: Row, plan: Plan, field: FieldPlan) {
    this.#row = row;
    this.#plan = plan;
    this.#field = field;
  }
  get x(): number {
    return this.#read(0);
  }
  set x(value: number) {
    this.#write(0, value);
  }
  get y(): number {
    return this.#read(1);
  }
  set y(value: number) {
    this.#write(1, value);
  }
  get z(): number {
    return this.#read(2);
  }
  set z(value: number) {
    this.#write(2, value);
  }
  get w(): number {
    return this.#read(3);
  }
  set w(value: number) {
    this.#write(3, value);
  }
  set(...components: number[]): this {
    for (let i = 0; i < components.length; i++) this.#write(i, components[i]);
    return this;
  }
  add(by: Vec3Like, scale = 1): this {
    const { components } = this.#field.spec;
    this.#write(0, this.#read(0) + by.x * scale);
    this.#write(1, this.#read(1) + by.y * scale);
    if (components > 2) this.#write(2, this.#read(2) + by.z * scale);
    return this;
  }
  clamp(): this {
    const { min, step, levels, components } = this.#field.spec;
    for (let i = 0; i < components; i++)
      this.#write(i, Math.min(Math.max(this.#read(i), min), min + step * levels));
    return this;
  }
  toJSON(): object {
    const plain: Record<string, number> = {};
    for (let i = 0; i < this.#field.spec.components; i++) plain['xyzw'[i]] = this.#read(i);
    return plain;
  }
  #read(component: number): number {
    return this.#row.$table.values[this.#field.column + component][this.#row.$index];
  }
  #write(component: number, value: number): void {
    const i = writable(this.#row, this.#plan, this.#field);
    this.#row.$table.values[this.#field.column + component][i] = value;
    this.#row.$table.dirty[i] |= 1 << this.#field.index;
  }
}

/**
 * Sets the given fields of a row; unknown names throw UsageError (a typo would be silent
 * otherwise).
 */
export function assignRow(row: Row, plan: Plan, init: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(init)) {
    const known = plan.byName.get(key);
    if (!known || (plan.index >= 0 && known.index <= EPOCH))
      throw new UsageError(`${plan.name} has no field ${key}`);
    if (init[key] !== undefined) row[key] = init[key];
  }
}
