// The plain spelling: the groups of sections 5, 9 and 12 as MessagePack arrays. The twin of
// packed.ts; it writes into the same rows (rows.ts), whose tracks stay unused here.
// The trap: a selection ends where its group ends, so every value counts how many elements it took.

import type { Free, MessageReader } from './bytes.ts';
import { Refused } from './bytes.ts';
import type { Plan, PlanField, Plans, Shape } from './game.ts';
import { unpressed } from './packed.ts';
import type { Known, Row, Source, Value } from './rows.ts';
import { isCollection, readCollection, readScalar, startOf } from './rows.ts';

const MOST_ID = 2 ** 32 - 1;
const MOST_LIMIT = 65_536;
const MOST_INPUT_TICKS = 128;

/** Reads the elements of a group, and of the groups inside it. */
export class PlainSource implements Source {
  readonly #reader: MessageReader;
  /** Elements of the group that are not read yet; the outermost group is one element. */
  #left = 1;

  constructor(reader: MessageReader) {
    this.#reader = reader;
  }

  #next(): MessageReader {
    if (this.#left === 0) throw new Refused('bad-msgpack', 'a group ends in the middle');
    this.#left -= 1;
    return this.#reader;
  }

  hasMore(): boolean {
    return this.#left > 0;
  }

  inside<T>(read: () => T): T {
    const count = this.#next().array();
    const outer = this.#left;
    this.#left = count;
    const answer = read();
    if (this.#left > 0) throw new Refused('bad-msgpack', 'a group is too long');
    this.#left = outer;
    return answer;
  }

  int(least: number, most: number): number {
    return this.#next().int(least, most);
  }

  float(): number {
    return this.#next().number();
  }

  length(most: number): number {
    return this.int(0, most);
  }

  mark(): boolean {
    return this.int(0, 1) === 1;
  }

  /** Positions to the end of the group, ascending. */
  positions(read: (position: number) => void): void {
    let before = -1;
    while (this.hasMore()) {
      const position = this.int(0, MOST_ID);
      if (position <= before) throw new Refused('bad-state', 'positions that do not ascend');
      before = position;
      read(position);
    }
  }

  selection(n: number, read: (index: number) => void): void {
    this.positions((index) => {
      if (index >= n) throw new Refused('bad-state', `index ${index} of ${n}`);
      read(index);
    });
  }

  numbers({ components, levels }: Shape): number[] {
    return Array.from({ length: components }, (_, i) =>
      this.int(0, components === 4 && i === 0 ? 3 : levels),
    );
  }

  text(most: number): string {
    const text = this.#next().str();
    if (text.length > most) throw new Refused('bad-value', 'a text too long');
    return text;
  }

  packed(most: number): Free {
    return this.#next().free(most);
  }
}

/** A value of one field: whole, or changes of what is held. */
function readValue(source: PlainSource, { field }: PlanField, held: Value, whole: boolean): Value {
  if (!isCollection(field)) return readScalar(source, field);
  return readCollection(source, field, whole ? startOf(field) : held, whole);
}

/** `fields`: all values that it names go into `values`. */
function readFields(source: PlainSource, plan: Plan, values: Value[], whole: boolean): void {
  source.inside(() =>
    source.positions((position) => {
      const field = plan.fields[position];
      if (!field?.shared) throw new Refused('bad-state', `field ${position} is not shared`);
      values[position] = readValue(source, field, values[position]!, whole);
    }),
  );
}

/** The shared body of section 5. */
export function readPlainShared(
  reader: MessageReader,
  plans: Plans,
  known: Known,
  everything: boolean,
): void {
  const source = new PlainSource(reader);
  source.inside(() => {
    known.grow(source.int(0, MOST_LIMIT));
    source.inside(() => source.positions((slot) => known.leave(slot)));
    const before = new Set(known.rows());
    const toldBefore = (slot: number): Row => {
      const row = known.row(slot);
      if (!before.has(row)) throw new Refused('bad-state', `slot ${slot} has just arrived`);
      return row;
    };
    source.inside(() => source.positions((slot) => readArrival(source, plans, known, slot)));
    source.inside(() =>
      source.positions((slot) => {
        const row = toldBefore(slot);
        readFields(source, row.plan, row.values, false);
        row.behind = false;
      }),
    );
    readFields(source, plans.state, known.state.values, everything);
    if (!source.hasMore()) return;
    source.inside(() =>
      source.positions((slot) => {
        toldBefore(slot).behind = true;
      }),
    );
  });
}

function readArrival(source: PlainSource, plans: Plans, known: Known, slot: number): void {
  source.inside(() => {
    const plan = plans.kinds[source.int(0, plans.kinds.length - 1)]!;
    const row = known.arrive(slot, plan, source.int(0, MOST_ID));
    readFields(source, plan, row.values, true);
  });
}

/** The own body of section 5; `rows` are those of the seat. */
export function readPlainOwn(reader: MessageReader, rows: Row[]): void {
  const source = new PlainSource(reader);
  const bySlot = new Map(rows.map((row) => [row.slot, row]));
  source.inside(() =>
    source.positions((slot) => {
      const row = bySlot.get(slot);
      if (!row) throw new Refused('bad-state', `slot ${slot} is not the seat's`);
      source.inside(() =>
        source.positions((position) => {
          const field = row.plan.fields[position];
          if (!field?.own) throw new Refused('bad-state', `field ${position} is not its owner's`);
          row.own.set(position, readOwnValue(source, row, field));
        }),
      );
    }),
  );
}

function readOwnValue(source: PlainSource, row: Row, planned: PlanField): Value {
  const { field, shape, exact, position } = planned;
  if (exact) return Array.from({ length: shape.components }, () => source.float());
  const whole = isCollection(field) && source.mark();
  return readValue(source, planned, row.own.get(position) ?? startOf(field), whole);
}

/** Payload of an event or a command: all fields in order, whole. */
export function readPayload(reader: MessageReader, plan: Plan): Value[] {
  const source = new PlainSource(reader);
  return source.inside(() =>
    plan.fields.map((planned) => readValue(source, planned, startOf(planned.field), true)),
  );
}

/** Section 9: wire values per tick by position of the field. */
export function readPlainInputs(reader: MessageReader, input: Plan, previous: Value[]): Value[][] {
  const source = new PlainSource(reader);
  return source.inside(() => {
    const count = source.int(0, MOST_INPUT_TICKS);
    const ticks: Value[][] = [];
    const next = () =>
      (ticks.at(-1) ?? previous).map((value, at) => unpressed(input.fields[at]!, value));
    source.selection(count, (i) => {
      while (ticks.length < i) ticks.push(next());
      const now = next();
      readFields(source, input, now, false);
      ticks.push(now);
    });
    while (ticks.length < count) ticks.push(next());
    return ticks;
  });
}
