// arena-N through the public declaration and a real room: every ship of workload.ts is an entity,
// and the workload's ids are the room's own, since both count births. Every field that arrived is
// compared with the truth after every tick; one that is not the truth rounded ends the run.
import { angle, defineGame, fixed, int, type Received, text } from '@tickwire/protocol';
import { defineRoom } from '@tickwire/server';
import { type Costs, costsOf } from './wire-costs.ts';
import { type TickCost, WireRun } from './wire-run.ts';
import { Arena, type Entity, HZ, MAX_SPEED, type Mode, TAU, WORLD } from './workload.ts';

/** Ticks before anything is counted: joining, the first tables, code being optimised. */
export const WARM_TICKS = 60;
export const LAST_TICK = 359;

const STEP = 1 / 16;
const ANGLE_BITS = 8;

/** The far edge has a step of its own: at 4,095.9375 what lies beyond would be a whole step off. */
export const arenaGame = defineGame({
  tickRate: HZ,
  entities: {
    ship: {
      x: fixed(0, WORLD, STEP).smooth({ by: 'vx' }),
      y: fixed(0, WORLD, STEP).smooth({ by: 'vy' }),
      angle: angle(ANGLE_BITS).smooth(),
      vx: fixed(-MAX_SPEED, MAX_SPEED, STEP),
      vy: fixed(-MAX_SPEED, MAX_SPEED, STEP),
      hp: int(0, 255),
      model: int(0, 7),
      score: int(0, 65_535),
      name: text(10),
    },
  },
});

export type WireName = 'packed' | 'plain';

export interface ArenaTask {
  readonly n: number;
  readonly mode: Mode;
  readonly seed: number;
  readonly wire: WireName;
}

export interface ArenaFigures extends Costs {
  /** Greatest distance of anything received from the exact truth, in steps of its field. */
  readonly maxErrorSteps: number;
}

export function arenaKind({ n, mode, seed, wire }: ArenaTask, arena: Arena) {
  return defineRoom(arenaGame, {
    seats: 1,
    spectators: 1,
    seed,
    keep: true,
    wire,
    open(room) {
      return { ships: arena.entities.map((ship) => room.spawn('ship', fieldsOf(ship))), n, mode };
    },
    tick(room) {
      // The first STATE shows the workload as it begins.
      if (room.tick === 1) return;
      const { ships } = room.data;
      arena.step();
      for (let index = 0; index < arena.n; index++) {
        if (arena.changed[index] === 0) continue;
        const ship = arena.entities[index];
        const row = ships[index];
        if (row.id === ship.id) {
          row.x = ship.x;
          row.y = ship.y;
          row.angle = ship.angle;
          row.vx = ship.vx;
          row.vy = ship.vy;
          row.hp = ship.hp;
          row.score = ship.score;
          continue;
        }
        room.despawn(row);
        ships[index] = room.spawn('ship', fieldsOf(ship));
        if (ships[index].id !== ship.id) throw new Error('room and workload count differently');
      }
    },
  });
}

function fieldsOf({ x, y, angle, vx, vy, hp, kind, score, name }: Entity) {
  return { x, y, angle, vx, vy, hp, model: kind, score, name };
}

/** `look` is called after each counted tick. */
export async function measureArena(
  task: ArenaTask,
  look?: (received: Received) => void,
): Promise<ArenaFigures> {
  const arena = new Arena(task);
  const run = await WireRun.start(arenaKind(task, arena));
  const counted: TickCost[] = [];
  let maxErrorSteps = 0;
  for (let tick = 0; tick <= LAST_TICK; tick++) {
    const cost = run.tick();
    maxErrorSteps = Math.max(maxErrorSteps, errorOf(arena, run.received));
    if (tick < WARM_TICKS) continue;
    counted.push(cost);
    look?.(run.received);
  }
  await run.close();
  return { ...costsOf(counted, task.n), maxErrorSteps: Number(maxErrorSteps.toFixed(4)) };
}

/** Columns of a ship, by the names of its fields. */
const columns = Object.fromEntries(
  arenaGame.kinds[0].fields.map((f) => [f.name, f.column >= 0 ? f.column : f.object]),
);

/** Steps between the truth and what arrived, at most. Throws where a rounded field differs. */
function errorOf(arena: Arena, received: Received): number {
  const { wire, objects, ids, high } = received.tables[0];
  let ships = 0;
  for (let row = 1; row <= high; row++) if (ids[row] !== 0) ships++;
  if (ships !== arena.n) throw new Error(`tick ${arena.tick}: ${ships} of ${arena.n} ships`);
  let most = 0;
  for (const ship of arena.entities) {
    const row = received.rowOf(0, ship.id);
    const off = (field: string, truthSteps: number, turn = Number.POSITIVE_INFINITY) => {
      const steps = Math.abs(wire[columns[field]][row] - truthSteps);
      const error = Math.min(steps, turn - steps);
      if (error > MOST_ERROR) throw new Error(`${at(arena, ship)}: ${field} is ${error} steps off`);
      most = Math.max(most, error);
    };
    off('x', ship.x / STEP);
    off('y', ship.y / STEP);
    off('angle', (ship.angle / TAU) * 2 ** ANGLE_BITS, 2 ** ANGLE_BITS);
    off('vx', (ship.vx + MAX_SPEED) / STEP);
    off('vy', (ship.vy + MAX_SPEED) / STEP);
    off('hp', ship.hp);
    off('model', ship.kind);
    off('score', ship.score);
    if (objects[columns.name][row] !== ship.name) throw new Error(`${at(arena, ship)}: its name`);
  }
  return most;
}

/** Half a step, and what float64 may make of a tie. */
const MOST_ERROR = 0.5 + 1e-9;

function at(arena: Arena, { id }: Entity): string {
  return `tick ${arena.tick}, ship ${id}`;
}
