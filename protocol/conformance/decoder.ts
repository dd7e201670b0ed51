// What one connection's frames say: the second implementation of PROTOCOL.md, from its text alone.
// Frames go in, wire values come out after each STATE; the suite compares them with the vectors.
// The neighbours: game.ts, bytes.ts, rows.ts, tracks.ts, and the spellings packed.ts and plain.ts;
// talk.ts for frames that say nothing of the world.

import { BodyReader, MessageReader, Refused } from './bytes.ts';
import type { Field, Game, Plan, PlanField, Plans } from './game.ts';
import { plansOf, SIZES } from './game.ts';
import type { StateTime } from './packed.ts';
import { readInputs, readOwn, readShared } from './packed.ts';
import { readPayload, readPlainInputs, readPlainOwn, readPlainShared } from './plain.ts';
import type { Key, Row, Value } from './rows.ts';
import { Known, startOf } from './rows.ts';
import * as talk from './talk.ts';
import { coast } from './tracks.ts';

export { Refused } from './bytes.ts';
export type { Field, Game, Group, Kind } from './game.ts';

/** One component is a number, several an array; a map is pairs by key, a record an object. */
export type Shown = unknown;
export type ShownFields = { [name: string]: Shown };

export interface Welcome {
  seat: number;
  tick: number;
  resumeKey: string;
  serverTimeMs: number;
  roomId: string;
  sendEvery: number;
  packed: boolean;
}

export interface ShownEntity {
  slot: number;
  kind: string;
  id: number;
  owner: number;
  epoch: number;
  behind: boolean;
  fields: ShownFields;
  /** What the own bodies said while the seat owns it. */
  own: ShownFields;
}

/** What is known after a STATE; entities ascend by slot. */
export interface Snapshot {
  tick: number;
  everything: boolean;
  inTime: number;
  margin: number | null;
  sentAt: number;
  entities: ShownEntity[];
  state: ShownFields;
}

export interface EventSeen {
  tick: number;
  event: string;
  payload: ShownFields;
}

export interface Decoded {
  welcome: Welcome | undefined;
  states: Snapshot[];
  events: EventSeen[];
}

const TICK_MOST = 2 ** 32 - 1;
/** From one STATE to the next, unless it holds everything. */
const STEP_MOST = 16_384;
const STATE_BYTES = 8 * 2 ** 20;
const TABLES_BYTES = 4 * 2 ** 20;
const MARGIN_MOST = 32_512;
const EXPIRY_MOST = 2 ** 31 - 1;
const EPOCH_MOST = 2 ** 53 - 1;
const OWNER = 0;
const EPOCH = 1;

/** Types of section 3 that a server may send, with how many elements they have. */
const ELEMENTS = new Map([
  [1, [8, 9]],
  [2, [5, 6, 7]],
  [5, [4]],
  [7, [4]],
  [8, [3]],
  [9, [5]],
  [10, [4]],
  [11, [3]],
  [13, [3]],
  [14, [3]],
  [16, [5]],
  [17, [4]],
  [19, [2]],
  [20, [5]],
]);

/** One connection, read frame by frame. After a Refused it is over. */
export class Connection {
  welcome: Welcome | undefined;
  readonly states: Snapshot[] = [];
  readonly events: EventSeen[] = [];
  readonly #plans: Plans;
  #known: Known;
  #tick = 0;
  #odds: Uint16Array;
  #tables = 0;
  #isMoved = false;
  #waits = false;

  constructor(game: Game) {
    this.#plans = plansOf(game);
    this.#known = new Known(this.#plans.state);
    this.#odds = this.#plans.odds;
  }

  /** Answers what is known after a STATE, and nothing after other frames. */
  read(frame: Uint8Array): Snapshot | undefined {
    if (frame.length > STATE_BYTES) throw new Refused('too-big', `${frame.length} bytes`);
    MessageReader.check(frame);
    const reader = new MessageReader(frame);
    const count = reader.array();
    if (count === 0) throw new Refused('bad-frame', 'no type');
    const type = reader.int(0, 127);
    if (!ELEMENTS.get(type)?.includes(count)) {
      throw new Refused('bad-frame', `type ${type} with ${count} elements`);
    }
    if (type === 11) talk.readBye(reader);
    else if (this.#isMoved) throw new Refused('bad-frame', `type ${type} after MOVED`);
    else if (type === 1) this.#readWelcome(reader, count);
    else if (type === 13) {
      talk.readMoved(reader);
      this.#isMoved = true;
    } else if (type === 20 && !this.welcome) {
      talk.readWaiting(reader);
      this.#waits = true;
    } else if (type === 8 && this.#waits) talk.readPing(reader);
    else if (!this.welcome) throw new Refused('bad-frame', `type ${type} before WELCOME`);
    else if (type === 20) throw new Refused('bad-frame', 'WAITING after WELCOME');
    else if (type === 2) return this.#readState(reader, this.welcome, count);
    else if (type === 5) this.#readEvent(reader);
    else if (type === 7) talk.readReply(reader);
    else if (type === 8) talk.readPing(reader);
    else if (type === 9) talk.readPong(reader);
    else if (type === 14) talk.readDigest(reader, this.#plans.kinds.length + 2);
    else if (type === 16) talk.readListing(reader);
    else if (type === 17) talk.readContinuity(reader);
    else if (type === 19) reader.int(0, EXPIRY_MOST);
    else this.#readTables(reader, this.welcome);
    return undefined;
  }

  #readWelcome(reader: MessageReader, count: number): void {
    if (this.welcome) throw new Refused('bad-frame', 'a second WELCOME');
    this.welcome = {
      seat: reader.int(1, 65_535),
      tick: reader.int(0, TICK_MOST),
      resumeKey: reader.strOfBytes(128),
      serverTimeMs: reader.number(),
      roomId: reader.strOfBytes(64),
      sendEvery: reader.int(1, 255),
      packed: reader.bool(),
    };
    if (count === 9) reader.int(1, EPOCH_MOST);
    this.#tick = this.welcome.tick;
  }

  #readState(reader: MessageReader, welcome: Welcome, count: number): Snapshot {
    const step = reader.int(-TICK_MOST - 1, TICK_MOST);
    const inTime = reader.int(0, TICK_MOST);
    const margin = reader.isNil() ? null : reader.int(-MARGIN_MOST, MARGIN_MOST);
    const sentAt = reader.int(0, 127);
    const everything = step < 0;
    const ticks = everything ? -1 - step : step;
    const tick = this.#tick + ticks;
    this.#checkStep(welcome, tick, ticks, everything);
    const isShared = count >= 6 && !(count === 7 && reader.isNil());
    if (everything && !isShared) throw new Refused('bad-frame', 'everything is not told');
    if (everything) this.#known = new Known(this.#plans.state);
    this.#tick = tick;
    const time = { tick, ticks, sendEvery: welcome.sendEvery, everything };
    const told = isShared ? this.#readShared(reader, welcome, time) : new Set<Row>();
    if (welcome.packed) this.#coast(time, told);
    const mine = this.#rowsOf(welcome.seat);
    if (count === 7) this.#readOwn(reader, welcome, mine);
    const snapshot = { tick, everything, inTime, margin, sentAt, ...this.#show() };
    this.states.push(snapshot);
    return snapshot;
  }

  /** F8 and F11. */
  #checkStep(welcome: Welcome, tick: number, ticks: number, everything: boolean): void {
    const { packed, sendEvery } = welcome;
    const isFirst = this.states.length === 0;
    if (
      ticks < 1 ||
      tick > TICK_MOST ||
      (packed && tick % sendEvery !== 0) ||
      (!everything && (isFirst || ticks > STEP_MOST))
    ) {
      throw new Refused('bad-frame', `tick ${tick}, ${ticks} after the last`);
    }
  }

  /** Answers the rows that were named. */
  #readShared(reader: MessageReader, { packed }: Welcome, time: StateTime): Set<Row> {
    if (packed) {
      const body = new BodyReader(reader.bin(), this.#odds);
      return readShared(body, this.#plans, this.#known, time);
    }
    readPlainShared(reader, this.#plans, this.#known, time.everything);
    return new Set();
  }

  #coast({ ticks, sendEvery }: StateTime, told: Set<Row>): void {
    const n = Math.max(Math.round(ticks / sendEvery), 1);
    for (const row of this.#known.rows()) if (!told.has(row)) coast(row, ticks, n);
  }

  #readOwn(reader: MessageReader, { packed }: Welcome, mine: Row[]): void {
    if (packed) readOwn(new BodyReader(reader.bin(), this.#odds), mine);
    else readPlainOwn(reader, mine);
  }

  /** The seat's rows; of others the own part is forgotten (O3). */
  #rowsOf(seat: number): Row[] {
    const mine: Row[] = [];
    for (const row of this.#known.rows()) {
      if ((row.values[OWNER] as number[])[0] === seat) mine.push(row);
      else row.own.clear();
    }
    return mine;
  }

  #show(): Pick<Snapshot, 'entities' | 'state'> {
    const state = this.#known.state;
    return {
      entities: this.#known.rows().map(showRow),
      state: showFields(state.plan, state.values, (field) => field.shared),
    };
  }

  #readEvent(reader: MessageReader): void {
    const tick = this.#tick + reader.int(-TICK_MOST, TICK_MOST);
    if (tick < 0 || tick > TICK_MOST) throw new Refused('bad-value', `event of tick ${tick}`);
    const plan = this.#plans.events[reader.int(0, this.#plans.events.length - 1)]!;
    const payload = showFields(plan, readPayload(reader, plan), () => true);
    this.events.push({ tick, event: plan.name, payload });
  }

  /** Odds for the STATEs that follow (K5). */
  #readTables(reader: MessageReader, { packed }: Welcome): void {
    if (!packed) throw new Refused('bad-frame', 'TABLES in a plain room');
    const version = reader.int(1, TICK_MOST);
    const base = reader.int(0, TICK_MOST);
    const changes = reader.bin();
    if (base !== 0 && base !== this.#tables) throw new Refused('bad-frame', `base ${base}`);
    if (changes.length > TABLES_BYTES) throw new Refused('too-big', `${changes.length} bytes`);
    const odds = Uint16Array.from(base === 0 ? this.#plans.odds : this.#odds);
    let context = 0;
    for (const b of changes) {
      if (b >= 128) context += b - 127;
      else if (context >= odds.length) throw new Refused('bad-state', `no context ${context}`);
      else {
        odds[context] = SIZES[b]!;
        context += 1;
      }
    }
    this.#odds = odds;
    this.#tables = version;
  }
}

function showRow({ slot, id, plan, values, own, behind }: Row): ShownEntity {
  const shownOwn: ShownFields = {};
  for (const { field, position } of plan.fields) {
    const value = own.get(position);
    if (value !== undefined) shownOwn[field.name] = show(field, value);
  }
  return {
    slot,
    kind: plan.name,
    id,
    owner: (values[OWNER] as number[])[0]!,
    epoch: (values[EPOCH] as number[])[0]!,
    behind,
    fields: showFields(plan, values, ({ shared, position }) => shared && position > EPOCH),
    own: shownOwn,
  };
}

function showFields(plan: Plan, values: Value[], shown: (field: PlanField) => boolean) {
  const fields: ShownFields = {};
  for (const planned of plan.fields) {
    const { field, position } = planned;
    if (shown(planned)) fields[field.name] = show(field, values[position]!);
  }
  return fields;
}

function show(field: Field, value: Value): Shown {
  switch (field.type) {
    case 'text':
    case 'packed':
      return value;
    case 'list':
      return (value as Value[]).map((element) => show(field.of!, element));
    case 'map':
      return [...(value as Map<Key, Value>)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, element]) => [key, show(field.of!, element)]);
    case 'record': {
      const inner = (value as Value[]).map((v, i) => [field.fields![i]!.name, v] as const);
      return Object.fromEntries(inner.map(([name, v], i) => [name, show(field.fields![i]!, v)]));
    }
    default: {
      const numbers = value as number[];
      return numbers.length === 1 ? numbers[0] : [...numbers];
    }
  }
}

/** Reads all frames of one connection. A Refused names the frame it was found in. */
export function decodeConnection(game: Game, frames: Uint8Array[]): Decoded {
  const connection = new Connection(game);
  for (const [at, frame] of frames.entries()) {
    try {
      connection.read(frame);
    } catch (error) {
      if (error instanceof Refused) error.frame = at;
      throw error;
    }
  }
  const { welcome, states, events } = connection;
  return { welcome, states, events };
}

/** Fields as shown, back to values; only numbers and texts come up in input. */
function taken(plan: Plan, shown: ShownFields | undefined): Value[] {
  return plan.fields.map(({ field }) => {
    const value = shown?.[field.name];
    if (value === undefined) return startOf(field);
    return typeof value === 'number' ? [value] : (value as Value);
  });
}

/** The ticks of one packed INPUT body; `previous` is the last tick said, undefined at the start. */
export function decodeInput(game: Game, previous: ShownFields | undefined, body: Uint8Array) {
  const { input, odds } = plansOf(game);
  const ticks = readInputs(new BodyReader(body, odds), input, taken(input, previous));
  return ticks.map((values) => showFields(input, values, () => true));
}

/** The same of a plain room's `inputs`: the bytes of the MessagePack array. */
export function decodePlainInput(game: Game, previous: ShownFields | undefined, body: Uint8Array) {
  MessageReader.check(body);
  const { input } = plansOf(game);
  const ticks = readPlainInputs(new MessageReader(body), input, taken(input, previous));
  return ticks.map((values) => showFields(input, values, () => true));
}
