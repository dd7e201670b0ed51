// For development: compares what was received with the server's digest, once a second, and names
// what differs, in the page's console and in the server's log. A door of its own, handed to
// connect(game, { inspect: findDesyncs() }), so that a page in production does not carry it. Trap:
// received tables must be as they were after the STATE that the frame follows.
import {
  type Digest,
  FrameType,
  type Game,
  type HeldTable,
  type ListedRow,
  type Listing,
  listedFields,
  listRow,
  type MsgpackReader,
  ownDigest,
  ProtocolError,
  ProtocolErrorCode,
  partsFromWire,
  type Received,
  type ReceivedTable,
  type Report,
  readDigest,
  readListing,
  rowDigest,
  writeReport,
} from '@tickwire/protocol';
import type { Inspect, InspectedLine, Inspector } from './wire.ts';

const wireParts = new Float64Array(4);
const valueParts = new Float64Array(4);

/** `found` is told what differs: kind, id, field and both values. Default: console.error. */
export function findDesyncs(
  found = (finding: string): void => console.error(`tickwire: desync: ${finding}`),
): Inspect {
  return (game, received) => new DesyncFinder(game, received, found);
}

class DesyncFinder implements Inspector {
  readonly #game: Game;
  readonly #received: Received;
  readonly #found: (finding: string) => void;
  /** Part that a listing was asked of; -1 for none. */
  #asked = -1;

  constructor(game: Game, received: Received, found: (finding: string) => void) {
    this.#game = game;
    this.#received = received;
    this.#found = found;
  }

  take(line: InspectedLine, type: FrameType, rest: MsgpackReader): void {
    if (type === FrameType.Listing) this.#search(line, readListing(rest));
    else this.#compare(line, readDigest(rest, this.#game.kinds.length + 2));
    rest.end();
  }

  #compare(line: InspectedLine, { tick, sums }: Digest): void {
    const { tables, state } = this.#received;
    if (tick !== this.#received.tick) return;
    const kinds = tables.length;
    for (let part = 0; part < sums.length; part++) {
      let sum = 0;
      if (part < kinds) sum = this.#sumOf(tables[part]);
      else if (part === kinds) sum = this.#digestOf(state, 1);
      else for (const [table, row] of this.#owned()) sum += ownDigest(table, row, table.values);
      if ((sum | 0) === sums[part]) continue;
      this.#asked = part;
      return report(line, { tick, part, finding: undefined });
    }
  }

  #sumOf(table: ReceivedTable): number {
    let sum = 0;
    for (let row = 1; row <= table.high; row++)
      if (table.ids[row] !== 0 && table.behind[row] === 0)
        sum = (sum + this.#digestOf(table, row)) | 0;
    return sum;
  }

  /** One off where what is shown is not what the wire said. */
  #digestOf(table: ReceivedTable, row: number): number {
    const digest = rowDigest(table, row);
    for (let i = 0; i < table.plan.fields.length; i++)
      if (this.#isShownWrong(table, row, i)) return digest + 1;
    return digest;
  }

  /** True for numbers that do not say what their wire values stand for. */
  #isShownWrong(table: ReceivedTable, row: number, index: number): boolean {
    const f = table.plan.fields[index];
    const { column, spec } = f;
    if (column < 0 || spec.scope !== 'all') return false;
    // One's own are exact, and have a hash of their own.
    const mine = table.plan.index >= 0 && table.ownerOf(row) === this.#received.seat;
    if (mine && table.isExact(f)) return false;
    for (let i = 0; i < spec.components; i++) wireParts[i] = table.wire[column + i][row];
    partsFromWire(spec, wireParts, valueParts);
    for (let i = 0; i < spec.components; i++)
      if (table.values[column + i][row] !== valueParts[i]) return true;
    return false;
  }

  *#owned(): Generator<[table: ReceivedTable, row: number], void> {
    const { tables, seat } = this.#received;
    for (const table of tables)
      for (let row = 1; row <= table.high && table.plan.ownMask !== 0; row++)
        if (table.ids[row] !== 0 && table.ownerOf(row) === seat) yield [table, row];
  }

  #search(line: InspectedLine, { tick, part, rows, cut }: Listing): void {
    if (tick !== this.#received.tick || part !== this.#asked) return;
    this.#asked = -1;
    const difference = this.#firstDifference(part, parsed(rows), cut) ?? this.#nothing(part, cut);
    const finding = `${difference} (tick ${tick})`;
    this.#found(finding);
    report(line, { tick, part, finding });
    // What was received cannot be trusted any more.
    line.resync();
  }

  #nothing(part: number, cut: boolean): string {
    const name =
      this.#game.kinds[part]?.name ?? (part === this.#game.kinds.length ? 'state' : 'own');
    return cut
      ? `${name}: differs, but not in the rows that a listing has room for`
      : `${name}: differed a moment ago, and does not any more`;
  }

  #firstDifference(part: number, listed: readonly ListedRow[], cut: boolean): string | undefined {
    const { tables, state } = this.#received;
    const own = part > tables.length;
    const held = new Map<number, [table: ReceivedTable, row: number]>();
    if (own) for (const [table, row] of this.#owned()) held.set(table.ids[row], [table, row]);
    else if (part === tables.length) held.set(1, [state, 1]);
    else {
      const table = tables[part];
      for (let row = 1; row <= table.high; row++)
        if (table.ids[row] !== 0 && table.behind[row] === 0) held.set(table.ids[row], [table, row]);
    }
    for (const wanted of listed) {
      const found = held.get(wanted[0]);
      if (!found)
        return `${this.#nameOf(wanted[1], wanted[0])}: the server has it, this client not`;
      held.delete(wanted[0]);
      const difference = this.#difference(wanted, ...found, own);
      if (difference) return difference;
    }
    for (const [id, [{ plan }]] of cut ? [] : held)
      return `${this.#nameOf(plan.index, id)}: this client has it, the server not`;
    return undefined;
  }

  #difference(
    wanted: ListedRow,
    table: ReceivedTable,
    row: number,
    own: boolean,
  ): string | undefined {
    const mine = listRow(table, row, own ? table.values : undefined);
    const name = this.#nameOf(wanted[1], wanted[0]);
    for (const [i, f] of listedFields(table, own).entries()) {
      const server = JSON.stringify(wanted[i + 2]);
      const here = JSON.stringify(mine[i + 2]);
      // As values, where they are numbers that stand for some.
      const say = (numbers: unknown): string => shown(table, f.index, numbers, own);
      if (server !== here)
        return differs(`${name}.${f.name}`, say(wanted[i + 2]), say(mine[i + 2]));
      if (own || !this.#isShownWrong(table, row, f.index)) continue;
      const values = Array.from(
        { length: f.spec.components },
        (_, c) => table.values[f.column + c][row],
      );
      return differs(`${name}.${f.name}`, say(wanted[i + 2]), values.join(' '));
    }
    return undefined;
  }

  #nameOf(kind: number, id: number): string {
    const plan = this.#game.kinds[kind];
    return plan ? `${plan.name} ${id}` : 'state';
  }
}

/** Rows of a listing. Throws ProtocolError for what is none. */
function parsed(rows: string): readonly ListedRow[] {
  try {
    const listed = JSON.parse(rows) as unknown[];
    if (listed.every((row) => Array.isArray(row))) return listed as ListedRow[];
  } catch {}
  throw new ProtocolError(ProtocolErrorCode.BadFrame, 'a listing without rows');
}

function report(line: InspectedLine, said: Report): void {
  line.say(FrameType.Report, (out) => writeReport(out, said));
}

function differs(what: string, server: string, here: string): string {
  return `${what}: the server has ${server}, this client ${here}`;
}

/** Numbers of a listed row as the values they stand for; anything else as it is. */
function shown({ plan }: HeldTable, index: number, listed: unknown, own: boolean): string {
  const { column, spec } = plan.fields[index];
  if (column < 0) return JSON.stringify(listed);
  const numbers = listed as number[];
  if (own && plan.stepped) return [listed].flat().join(' ');
  for (let i = 0; i < spec.components; i++) wireParts[i] = numbers?.[i] ?? 0;
  partsFromWire(spec, wireParts, valueParts);
  return Array.from(valueParts.subarray(0, spec.components)).join(' ');
}
