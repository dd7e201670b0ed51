// One seat's decoder and its oracle: reads every frame as a client does, and knows by the rules of
// interest and by rounding what should stand there. For bench programs that claim to be right.
// Trap: at the edge of sight a ship may be known or not, for distances are not measured every tick.
import {
  FrameType,
  type Game,
  MsgpackReader,
  Received,
  readFrame,
  StateFeed,
} from '@tickwire/protocol';
import { type ShipsRoom, ships } from './interest-room.ts';
import { type Entity, MAX_SPEED, q } from './workload.ts';

/** As the server promises: known at this many times the radius at the latest, and so long. */
const ENTERED_FACTOR = 0.9;
const LEFT_FACTOR = 1.2;
/** Velocities travel as steps above the least. */
const VELOCITY_ZERO = q.vel(MAX_SPEED);

const game = ships as unknown as Game;
const [plan] = game.kinds;

export class SeatView {
  seat = 0;
  /** After `look`, ids by the rules: of what must be known, and of what may be. */
  #must: ReadonlySet<number> = new Set();
  #may: ReadonlySet<number> = new Set();
  readonly #received = new Received(game);
  readonly #reader = new MsgpackReader();
  readonly #feed = new StateFeed(game, this.#received, this.#reader);
  readonly #frame = { elements: 0 };

  get tick(): number {
    return this.#feed.tick;
  }

  /** Applies any frame of the server; those that say nothing of the world are passed over. */
  read(bytes: Uint8Array): void {
    this.#reader.reset(bytes);
    const type = readFrame(this.#reader, this.#frame);
    if (type === FrameType.Welcome) this.seat = this.#feed.takeWelcome(this.#frame.elements).seat;
    else if (type === FrameType.Tables) this.#feed.takeTables();
    else if (type === FrameType.State) this.#feed.takeState(this.#frame.elements);
  }

  /** Ships that the seat knows. */
  get held(): number {
    const [{ ids, high }] = this.#received.tables;
    let held = 0;
    for (let row = 1; row <= high; row++) if (ids[row] !== 0) held++;
    return held;
  }

  /** Finds out what the seat should see now. */
  look({ arena, rows, followed }: ShipsRoom, radius = Infinity): void {
    const eye = arena.entities[followed(this.seat)];
    const within = (reach: number) => {
      const near = ({ x, y }: Entity) => (x - eye.x) ** 2 + (y - eye.y) ** 2 <= reach * reach;
      return new Set(rows.filter((_, i) => near(arena.entities[i])).map(({ id }) => id));
    };
    this.#must = within(radius * ENTERED_FACTOR);
    this.#may = within(radius * LEFT_FACTOR);
  }

  /** Differences between what was decoded and what should be seen: none is right. */
  differences({ arena, rows }: ShipsRoom): string[] {
    const found: string[] = [];
    let known = 0;
    arena.entities.forEach((ship, index) => {
      const { id } = rows[index];
      const row = this.#received.rowOf(0, id);
      if (row === 0) {
        if (this.#must.has(id)) found.push(`ship ${id} should be seen and is not`);
        return;
      }
      known++;
      if (!this.#may.has(id)) found.push(`ship ${id} is seen and should not be`);
      this.#compare(id, row, ship, found);
    });
    if (this.held !== known) found.push(`${this.held} ships are held, ${known} of them live`);
    return found;
  }

  #compare(id: number, row: number, ship: Entity, found: string[]): void {
    const [table] = this.#received.tables;
    const wanted: Readonly<Record<string, number>> = {
      x: q.pos(ship.x),
      y: q.pos(ship.y),
      angle: q.ang(ship.angle),
      vx: q.vel(ship.vx) + VELOCITY_ZERO,
      vy: q.vel(ship.vy) + VELOCITY_ZERO,
      hp: ship.hp,
      model: ship.kind,
      score: ship.score,
    };
    for (const [field, value] of Object.entries(wanted)) {
      const got = table.wire[plan.byName.get(field)!.column][row];
      if (got !== value) found.push(`ship ${id}.${field} is ${got} and should be ${value}`);
    }
    const name = table.objects[plan.byName.get('name')!.object][row];
    if (name !== ship.name) found.push(`ship ${id}.name is ${name} and should be ${ship.name}`);
  }
}
