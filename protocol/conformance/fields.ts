// Short names for the plain data that cases declare their games with, for what all of them use, and
// for the two spellings of one script.
import type { FieldData, FieldsData, GameData } from './declaration.ts';
import type { Act, Case, Script } from './vectors.ts';

type More = Partial<FieldData>;

export const int = (min: number, max: number, more?: More): FieldData => ({
  type: 'int',
  min,
  max,
  ...more,
});
export const fixed = (min: number, max: number, step: number, more?: More): FieldData => ({
  type: 'fixed',
  min,
  max,
  step,
  ...more,
});
export const angle = (bits: number, more?: More): FieldData => ({ type: 'angle', bits, ...more });
export const bool = (more?: More): FieldData => ({ type: 'bool', ...more });
export const choice = (names: readonly string[], more?: More): FieldData => ({
  type: 'choice',
  names,
  ...more,
});
export const entity = (kind: string, more?: More): FieldData => ({ type: 'entity', kind, ...more });
export const vec2 = (min: number, max: number, step: number, more?: More): FieldData => ({
  type: 'vec2',
  min,
  max,
  step,
  ...more,
});
export const vec3 = (min: number, max: number, step: number, more?: More): FieldData => ({
  type: 'vec3',
  min,
  max,
  step,
  ...more,
});
export const quat = (bits: number, more?: More): FieldData => ({ type: 'quat', bits, ...more });
export const text = (most: number, more?: More): FieldData => ({ type: 'text', most, ...more });
export const packed = (most: number, more?: More): FieldData => ({ type: 'packed', most, ...more });
export const list = (element: FieldData, most: number, more?: More): FieldData => ({
  type: 'list',
  element,
  most,
  ...more,
});
export const map = (key: FieldData, value: FieldData, most: number, more?: More): FieldData => ({
  type: 'map',
  key,
  value,
  most,
  ...more,
});
export const record = (fields: FieldsData, more?: More): FieldData => ({
  type: 'record',
  fields,
  ...more,
});

export const OWN = { scope: 'owner' } as const;
export const SECRET = { scope: 'server' } as const;
export const SMOOTH = { smooth: true } as const;

type Played = Omit<Case, 'script'> & { readonly script: Omit<Script, 'packed'> };

/** A game of one kind, for cases that are about something else. */
export const SMALL: GameData = {
  tickRate: 20,
  entities: { crate: { hp: int(0, 10), weight: int(0, 1000) } },
};

export const spawn = (kind: string, values: object = {}, owner = 0): Act => ({
  spawn: kind,
  with: values,
  owner,
});

/** The same case in both spellings; packed it is with odds by chance. */
export function both(one: Played): Case[] {
  return [inPlain(one), ...inPacked(withOdds(one))];
}

/** Of this share of all contexts TABLES gives the odds. */
const SHARE = 0.2;

/** TABLES with odds by chance come before the seat's third step: those before have the declared. */
export function withOdds(one: Played): Played {
  const { steps: all, stepsBefore = 0 } = one.script;
  const steps = all.map((step, i) => {
    if (i !== stepsBefore + 2) return step;
    const tables = { tables: one.name.length, share: SHARE, onto: 'first' } as const;
    return { ...step, ahead: [...(step.ahead ?? []), tables] };
  });
  return { ...one, script: { ...one.script, steps } };
}

export function inPlain({ name, script, ...rest }: Played): Case {
  return { name: `${name}, plain`, ...rest, script: { ...script, packed: false } };
}

export function inPacked({ name, script, ...rest }: Played): Case[] {
  return [{ name: `${name}, packed`, ...rest, script: { ...script, packed: true } }];
}
