// Received ships, their snapshots and what is shown of them, for the suites about shown rows. The
// test writes to the received table, takes a snapshot and asks for a tick; nothing here expects
// anything.
import {
  defineGame,
  fixed,
  type Game,
  History,
  int,
  list,
  Received,
  type Row,
  text,
} from '@tickwire/protocol';
import { type OwnRows, ShownRows } from '../src/shown-rows.ts';

export const game = defineGame({
  entities: {
    ship: {
      x: fixed(-1000, 1000, 1 / 16).smooth(),
      hits: int(0, 100),
      name: text(16),
      ammo: int(0, 9).ownerOnly(),
      bag: list(int(0, 9), 4),
    },
  },
  state: { round: int(0, 99) },
  input: { dx: int(-1, 1) },
  step: { ship() {} },
}) as unknown as Game;
export const plan = game.kinds[0];
export const column = (name: string) => plan.byName.get(name)!.column;
export const SEAT = 2;
export const FRAME_MS = 1000 / 60;

/** What came, tick by tick, and what is shown of it. */
export class Show {
  readonly received = new Received(game);
  readonly history = new History(game, 32);
  readonly rows = new ShownRows(game);
  own: OwnRows | undefined;
  #tick = 0;

  get table() {
    return this.received.tables[0];
  }

  add(id: number, init: Readonly<Record<string, number>> = {}): number {
    const row = this.table.add(id);
    for (const [name, value] of Object.entries(init)) this.table.values[column(name)][row] = value;
    return row;
  }

  snapshot(): void {
    this.history.push(++this.#tick, this.received.tables, this.received.state);
  }

  /** Shows the world at a fractional tick, a drawn frame after the last. */
  at(tick: number, elapsedMs = FRAME_MS): Row[] {
    this.rows.update(this.history, tick, elapsedMs, this.own);
    return this.rows.tables[0].rows.filter((row) => row !== undefined);
  }

  get entered(): Row[] {
    return this.rows.entered[0];
  }

  get left(): Row[] {
    return this.rows.left[0];
  }
}
