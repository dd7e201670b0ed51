// The packed spelling: which questions a body answers, in order (8.5 to 8.9). Each function reads
// what it is named after with a BodyReader (bytes.ts) and writes it into rows (rows.ts).
// The trap: an answer changes what is asked next, so nothing here may be read out of order.

import type { Free } from './bytes.ts';
import { type BodyReader, Refused } from './bytes.ts';
import type { Plan, PlanField, Plans, Shape } from './game.ts';
import { meaning } from './game.ts';
import type { Known, Row, Source, Value } from './rows.ts';
import { isCollection, readCollection, startOf } from './rows.ts';
import { readDepartures, readTrack, restartTrack } from './tracks.ts';

/** Contexts of section 8.3. */
const LIMIT_HAS_GROWN = 0;
const TAKEN_IN_EVERYTHING = 1;
const TAKEN = 2;
const SAID_TO_OWNER = 3;
const INPUT_DIFFERS = 5;
const SOME_TOLD_WHOLE = 6;
const SOME_DEFERRED = 7;
const DEFERRED_ROW = 8;
const TOLD_WHOLE = 9;
const LIMIT = 144;
const KIND = 208;
const FIRST_ID = 272;
const NEXT_ID = 336;
const AGE = 464;
const INPUT_TICKS = 528;
const LEFT = 656;
const ARRIVALS = 784;
const CHANGES = 912;
const DEFERRED = 1040;

const MOST_ID = 2 ** 32 - 1;
const MOST_AGE = 64;
const MOST_INPUT_TICKS = 128;

/** Of the STATE that a body is of. */
export interface StateTime {
  tick: number;
  /** Ticks since the STATE before. */
  ticks: number;
  sendEvery: number;
  everything: boolean;
}

/** `o` of the flag in the two forms that tell a row whole. */
const SINCE = 3;
const ARRIVAL = 4;
const OWN = 5;

/** Whether all of a row's fields with tracks are departures, or all is whole. */
function isInStep({ ticks, sendEvery, everything }: StateTime): boolean {
  return !everything && ticks === sendEvery;
}

/** A whole number; the first of a quaternion has 3 levels and may have contexts of its own. */
function wholeNumbers(body: BodyReader, { components, levels }: Shape, V: number, Q: number) {
  return Array.from({ length: components }, (_, i) =>
    components === 4 && i === 0 ? body.value(Q, 3) : body.value(V, levels),
  );
}

/** Texts, packed values and collections of one field: all is asked in its V. */
class PackedSource implements Source {
  readonly #body: BodyReader;
  readonly #V: number;

  constructor(body: BodyReader, V: number) {
    this.#body = body;
    this.#V = V;
  }

  length(most: number): number {
    return this.#body.length(this.#V, most);
  }

  mark(): boolean {
    return this.#body.bit(this.#V) === 1;
  }

  selection(n: number, read: (index: number) => void): void {
    for (let i = 0; i < n; i += 1) if (this.mark()) read(i);
  }

  numbers(shape: Shape): number[] {
    return wholeNumbers(this.#body, shape, this.#V, this.#V);
  }

  text(most: number): string {
    return this.#body.text(this.#V, most);
  }

  packed(most: number): Free {
    return this.#body.free(this.#V, most);
  }

  inside<T>(read: () => T): T {
    return read();
  }
}

/** A text, packed value or collection of a shared field or of an own part. */
function readOther(body: BodyReader, { field, V }: PlanField, held: Value, whole: boolean): Value {
  const source = new PackedSource(body, V);
  if (field.type === 'text') return source.text(field.most!);
  if (field.type === 'packed') return source.packed(field.most!);
  return readCollection(source, field, whole ? startOf(field) : held, whole);
}

/** Section 8.5. Answers the rows that arrived or were named; the others have not moved yet. */
export function readShared(body: BodyReader, plans: Plans, known: Known, time: StateTime) {
  body.hold(known.rows().length);
  if (body.bit(LIMIT_HAS_GROWN) === 1) known.grow(body.count(LIMIT));
  body.choose(
    LEFT,
    known.rows(),
    () => LEFT,
    (row) => known.leave(row.slot),
  );
  const before = known.rows();
  const arrived = readArrivals(body, plans, known, time);
  const named = readChanges(body, before, time);
  readState(body, known.state, time);
  if (body.bit(SOME_DEFERRED) === 1) {
    const defer = (row: Row) => {
      row.behind = true;
    };
    body.choose(DEFERRED, before, () => DEFERRED_ROW, defer);
  }
  body.end();
  return new Set([...arrived, ...named]);
}

function readAge(body: BodyReader): number {
  const age = body.count(AGE);
  if (age > MOST_AGE) throw new Refused('bad-value', `age ${age}`);
  return age;
}

function readArrivals(body: BodyReader, plans: Plans, known: Known, time: StateTime): Row[] {
  const arrived: Row[] = [];
  let idBefore: number | undefined;
  const q = time.everything ? TAKEN_IN_EVERYTHING : TAKEN;
  const arrive = (slot: number) => {
    const kind = body.value(KIND, plans.kinds.length - 1);
    const id: number =
      idBefore === undefined
        ? body.value(FIRST_ID, MOST_ID)
        : body.change(NEXT_ID, idBefore, MOST_ID);
    idBefore = id;
    const row = known.arrive(slot, plans.kinds[kind]!, id);
    row.namedAt = time.tick - readAge(body) * time.sendEvery;
    readWhole(body, row, ARRIVAL);
    arrived.push(row);
  };
  body.choose(ARRIVALS, known.freeSlots(), () => q, arrive);
  return arrived;
}

/** STATEs since the one that named the row, this one counted. */
function sendsOf(row: Row, time: StateTime): number {
  return Math.max(Math.round((time.tick - row.namedAt) / time.sendEvery), 1);
}

/** The context of "this row is named"; P + 9 for rows that are not in step. */
function changedContext(row: Row, time: StateTime): number {
  const sends = sendsOf(row, time);
  if (row.behind || !isInStep(time)) return row.plan.P + 9;
  if (sends <= 4) return row.plan.P + sends;
  if (sends <= 8) return row.plan.P + 5;
  if (sends <= 16) return row.plan.P + 6;
  return row.plan.P + (sends <= 32 ? 7 : 8);
}

function readChanges(body: BodyReader, rows: Row[], time: StateTime): Row[] {
  const named: Row[] = [];
  const inStep = isInStep(time);
  const some = inStep && body.bit(SOME_TOLD_WHOLE) === 1;
  const q = (row: Row) => changedContext(row, time);
  body.choose(CHANGES, rows, q, (row) => {
    const rowInStep = inStep && !row.behind;
    const whole = !rowInStep || (some && body.bit(TOLD_WHOLE) === 1);
    if (whole) {
      row.namedAt = time.tick - readAge(body) * time.sendEvery;
      readWhole(body, row, SINCE);
    } else {
      readStep(body, row, sendsOf(row, time), time.ticks);
      row.namedAt = time.tick;
    }
    row.behind = false;
    named.push(row);
  });
  return named;
}

function readState(body: BodyReader, state: Row, time: StateTime): void {
  if (time.everything) readWhole(body, state, ARRIVAL);
  else if (isInStep(time)) readStep(body, state, 1, time.ticks);
  else readWhole(body, state, SINCE);
}

/** The arrival form and the since form: `o` is ARRIVAL or SINCE. */
function readWhole(body: BodyReader, row: Row, o: number): void {
  for (const field of row.plan.fields) {
    if (!field.shared) continue;
    const { F, V, Q, shape, position } = field;
    const named = body.bit(F + o) === 1;
    if (named && shape.components > 0) row.values[position] = wholeNumbers(body, shape, V, Q);
    else if (named) {
      row.values[position] = readOther(body, field, row.values[position]!, o === ARRIVAL);
    }
    for (let i = 0; i < field.tracks.length; i += 1) {
      const track = restartTrack(row, field, i);
      if (named) readTrack(body, track);
    }
  }
}

/** The step form: fields without a track, then departures. */
function readStep(body: BodyReader, row: Row, sends: number, ticks: number): void {
  const { P, fields, hasTracks } = row.plan;
  const shared = fields.filter((field) => field.shared);
  let anyNamed = false;
  let namedBefore = false;
  if (!hasTracks || body.bit(P + 10) === 1) {
    for (const field of shared.filter(({ tracks }) => tracks.length === 0)) {
      const o: number = anyNamed ? (namedBefore ? 2 : 1) : 0;
      namedBefore = body.bit(field.F + o) === 1;
      anyNamed ||= namedBefore;
      if (namedBefore) row.values[field.position] = readStepValue(body, row, field);
    }
  }
  readDepartures(body, row, { sends, ticks, first: !anyNamed });
}

function readStepValue(body: BodyReader, row: Row, field: PlanField): Value {
  const { components } = field.shape;
  const held = row.values[field.position]!;
  if (components === 0) return readOther(body, field, held, false);
  return (held as number[]).map((before, i) => {
    const same = components > 1 && body.bit(field.D[i]!) === 1;
    return same ? before : changed(body, field, i, before);
  });
}

function changed(body: BodyReader, { D, shape }: PlanField, i: number, before: number): number {
  return body.change(D[i]!, before, shape.components === 4 && i === 0 ? 3 : shape.levels);
}

/** Section 8.8: `rows` are those of the seat, after the shared body and after all have moved. */
export function readOwn(body: BodyReader, rows: Row[]): void {
  for (const row of rows) {
    const fields = row.plan.fields.filter((field) => field.own);
    if (fields.length === 0) continue;
    body.hold(1);
    if (body.bit(SAID_TO_OWNER) === 0) continue;
    for (const field of fields) {
      if (body.bit(field.F + OWN) === 1) {
        row.own.set(field.position, readOwnValue(body, row, field));
      }
    }
  }
  body.end();
}

function readOwnValue(body: BodyReader, row: Row, planned: PlanField): Value {
  const { field, shape, shared, V, Q, exact, position } = planned;
  if (exact) {
    const far = field.type === 'quat' || !shared;
    return (row.values[position] as number[]).map((wire) =>
      body.float(far ? 0 : meaning(wire, shape)),
    );
  }
  if (shape.components > 0) return wholeNumbers(body, shape, V, Q);
  const whole = isCollection(field) && body.bit(V) === 1;
  return readOther(body, planned, row.own.get(position) ?? startOf(field), whole);
}

/** Section 8.9: wire values per tick by position of the field. */
export function readInputs(body: BodyReader, input: Plan, previous: Value[]): Value[][] {
  const ticks: Value[][] = [];
  const count = body.count(INPUT_TICKS);
  if (count > MOST_INPUT_TICKS) throw new Refused('bad-value', `${count} ticks of input`);
  let before = previous;
  for (let i = 0; i < count; i += 1) {
    const now = before.map((value, at) => unpressed(input.fields[at]!, value));
    if (body.bit(INPUT_DIFFERS) === 1) {
      for (const field of input.fields) {
        if (body.bit(field.F) === 0) continue;
        const numbers = now[field.position] as number[];
        now[field.position] = field.D.map((_, n) => changed(body, field, n, numbers[n]!));
      }
    }
    ticks.push(now);
    before = now;
  }
  body.end();
  return ticks;
}

/** A press is compared with "not pressed" in every tick (I1). */
export function unpressed({ field }: PlanField, value: Value): Value {
  return field.press === true ? [0] : value;
}
