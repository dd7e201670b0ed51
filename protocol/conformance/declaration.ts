// The declaration of a vector's game as plain data, and the game that our builders make of it. The
// data is what a decoder in another language starts from: it has the builders' arguments under
// their names, and the order of its keys is the order of the declaration.
import {
  type AnyField,
  angle,
  bool,
  choice,
  defineGame,
  entity,
  type Fields,
  fixed,
  type Game,
  int,
  list,
  map,
  packed,
  quat,
  record,
  text,
  vec2,
  vec3,
} from '../src/index.ts';

/** One field: a builder's name and arguments, and what is set on it. */
export interface FieldData {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly bits?: number;
  readonly names?: readonly string[];
  readonly kind?: string;
  readonly most?: number;
  readonly element?: FieldData;
  readonly key?: FieldData;
  readonly value?: FieldData;
  readonly fields?: FieldsData;
  readonly smooth?:
    | true
    | { readonly by?: string; readonly within?: number; readonly far?: number };
  readonly scope?: 'owner' | 'server';
  readonly press?: true;
  readonly default?: unknown;
}
export type FieldsData = Readonly<Record<string, FieldData>>;

export interface GameData {
  readonly tickRate: number;
  readonly state?: FieldsData;
  readonly entities: Readonly<Record<string, FieldsData>>;
  /** The kinds that have a step. */
  readonly steps?: readonly string[];
  readonly input?: FieldsData;
  readonly events?: Readonly<Record<string, FieldsData>>;
  readonly commands?: Readonly<Record<string, FieldsData>>;
}

/** The methods of all builders: which of them a field has is its type's affair. */
interface Built {
  smooth(options: object): Built;
  press(): Built;
  ownerOnly(): Built;
  serverOnly(): Built;
  default(value: unknown): Built;
}

function builderOf(data: FieldData): unknown {
  const { min = 0, max = 0, step = 1, bits = 0, most = 0 } = data;
  switch (data.type) {
    case 'int':
      return int(min, max);
    case 'fixed':
      return fixed(min, max, step);
    case 'angle':
      return angle(bits);
    case 'bool':
      return bool();
    case 'choice':
      return choice(...(data.names as [string, ...string[]]));
    case 'entity':
      return entity(data.kind!);
    case 'vec2':
      return vec2(min, max, step);
    case 'vec3':
      return vec3(min, max, step);
    case 'quat':
      return quat(bits);
    case 'text':
      return text(most);
    case 'packed':
      return packed(most);
    case 'list':
      return list(fieldOf(data.element!), most);
    case 'map':
      return map(fieldOf(data.key!) as ReturnType<typeof text>, fieldOf(data.value!), most);
    case 'record':
      return record(fieldsOf(data.fields));
    default:
      throw new Error(`no field of type ${data.type}`);
  }
}

function fieldOf(data: FieldData): AnyField {
  let field = builderOf(data) as Built;
  if (data.smooth) field = field.smooth(data.smooth === true ? {} : data.smooth);
  if (data.press) field = field.press();
  if (data.scope === 'owner') field = field.ownerOnly();
  if (data.scope === 'server') field = field.serverOnly();
  if ('default' in data) field = field.default(data.default);
  return field as unknown as AnyField;
}

function fieldsOf(data: FieldsData = {}): Fields {
  return Object.fromEntries(Object.entries(data).map(([name, field]) => [name, fieldOf(field)]));
}

function setsOf(data: Readonly<Record<string, FieldsData>> = {}): Readonly<Record<string, Fields>> {
  return Object.fromEntries(Object.entries(data).map(([name, set]) => [name, fieldsOf(set)]));
}

export function gameOf(data: GameData): Game {
  const game = defineGame({
    tickRate: data.tickRate,
    state: fieldsOf(data.state),
    entities: setsOf(data.entities),
    input: fieldsOf(data.input),
    events: setsOf(data.events),
    commands: setsOf(data.commands),
    step: Object.fromEntries((data.steps ?? []).map((kind) => [kind, () => {}])),
  });
  return game as unknown as Game;
}
