// The second decoder behind the words of a vector. It was written from PROTOCOL.md by somebody who
// never saw our sources; here declarations and snapshots change their shape and nothing else. It
// reads what a server sends, and inputs: other frames of clients are not its business.
import { MsgpackReader } from '../src/index.ts';
import type { FieldData, FieldsData, GameData } from './declaration.ts';
import { Connection, decodeInput, decodePlainInput } from './decoder.ts';
import type { Field, Game } from './game.ts';
import type { Frame, Told, ToldFields } from './vectors.ts';

/** The game in the second decoder's shape. */
export function secondGame(data: GameData): Game {
  const groups = (sets: Readonly<Record<string, FieldsData>> = {}) =>
    Object.entries(sets).map(([name, fields]) => ({ name, fields: secondFields(fields) }));
  return {
    tickRate: data.tickRate,
    kinds: groups(data.entities).map((kind) => ({
      ...kind,
      step: data.steps?.includes(kind.name) ?? false,
    })),
    state: secondFields(data.state),
    input: secondFields(data.input),
    events: groups(data.events),
    commands: groups(data.commands),
  };
}

function secondFields(fields: FieldsData = {}): Field[] {
  return Object.entries(fields).map(([name, data]) => secondField(name, data));
}

function secondField(name: string, data: FieldData): Field {
  const { element, value, key, fields, smooth, scope, names, ...rest } = data;
  const of = element ?? value;
  const field = { name, ...rest } as Field;
  if (names) field.names = [...names];
  if (of) field.of = secondField('', of);
  if (key) field.key = secondField('', key);
  if (fields) field.fields = secondFields(fields);
  if (smooth) Object.assign(field, { smooth: true }, smooth === true ? {} : smooth);
  if (scope) field.scope = scope === 'owner' ? 'ownerOnly' : 'serverOnly';
  return field;
}

/** Reads one connection's frames, in order; undefined for frames that it is not asked about. */
export class SecondReader {
  readonly #game: Game;
  readonly #connection: Connection;
  #isPacked = false;
  #input: ReturnType<typeof decodeInput>[number] | undefined;

  constructor(game: Game) {
    this.#game = game;
    this.#connection = new Connection(game);
  }

  take({ frame, from, says }: Frame, bytes: Uint8Array): ToldFields | undefined {
    if (frame === 'INPUT') return this.#inputs(bytes);
    if (from === 'client') return undefined;
    if (frame === 'WELCOME') this.#isPacked = says.packed as boolean;
    const eventsBefore = this.#connection.events.length;
    const snapshot = this.#connection.read(bytes);
    const event = this.#connection.events.at(eventsBefore);
    if (event) return { ...event } as unknown as ToldFields;
    return snapshot && this.#told(snapshot);
  }

  #told(snapshot: NonNullable<ReturnType<Connection['read']>>): ToldFields {
    const { tick, everything, state } = snapshot;
    const places = new Map(this.#game.kinds.map(({ name }, i) => [name, i]));
    const order = (a: { kind: string; id: number }, b: { kind: string; id: number }) =>
      places.get(a.kind)! - places.get(b.kind)! || a.id - b.id;
    const entities = [...snapshot.entities]
      .sort(order)
      .map(({ slot: _, behind, own, ...entity }) => ({
        ...entity,
        ...(Object.keys(own).length > 0 ? { own } : {}),
        ...(behind ? { behind } : {}),
      }));
    return { tick, everything, holds: { state, entities } as unknown as Told };
  }

  /** It takes inputs alone: the bytes of a bin where the room is packed, else an array. */
  #inputs(frame: Uint8Array): ToldFields {
    const value = frame.subarray(headOf(frame));
    const ticks = this.#isPacked
      ? decodeInput(this.#game, this.#input, binOf(value))
      : decodePlainInput(this.#game, this.#input, value);
    this.#input = ticks.at(-1) ?? this.#input;
    return { ticks: ticks as unknown as Told };
  }
}

/** Where the inputs of an INPUT begin: after `[type, dState, dShown, dFirst`. */
export function headOf(frame: Uint8Array): number {
  const reader = new MsgpackReader();
  reader.reset(frame);
  reader.arrayHeader(5);
  for (let i = 0; i < 4; i++) reader.value();
  return reader.position;
}

function binOf(value: Uint8Array): Uint8Array {
  const reader = new MsgpackReader();
  reader.reset(value);
  const bytes = reader.bin(value.length);
  reader.end();
  return bytes;
}
