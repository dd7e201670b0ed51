// How the rows of a test move: every smooth field by a habit of its own that changes now and then,
// so that tracks start, prove right, depart, run into walls and wrap. Trap: a field that moves by a
// velocity writes that velocity as well, rightly or as a lie.
import type { FieldPlan, FieldSpec, Random, Row } from '../src/index.ts';

const HABITS = ['rest', 'steady', 'walk', 'creep', 'brake', 'jump', 'wall', 'lie', 'wait'] as const;
type Habit = (typeof HABITS)[number];

interface Course {
  habit: Habit;
  /** Units of the field per tick. */
  speed: number;
}

export class Mover {
  readonly #chance: Random;
  readonly #secondsPerTick: number;
  readonly #courses = new Map<string, Course>();

  constructor(chance: Random, secondsPerTick: number) {
    this.#chance = chance;
    this.#secondsPerTick = secondsPerTick;
  }

  /** One tick of a row. */
  move(row: Row): void {
    const { plan, values, dirty } = row.$table;
    for (const f of plan.fields) {
      if (!f.spec.smooth || f.spec.type === 'quat') continue;
      for (let i = 0; i < f.spec.components; i++) {
        const course = this.#course(`${row.id} ${f.name} ${i}`, f.spec);
        const column = values[f.column + i];
        column[row.$index] = this.#next(f.spec, course, column[row.$index]);
        if (f.by >= 0) this.#steer(row, f, i, course);
      }
    }
    dirty[row.$index] = -1;
  }

  #course(name: string, spec: FieldSpec): Course {
    const { integer, next } = bound(this.#chance);
    let course = this.#courses.get(name);
    if (course && next() < 0.93) return course;
    // From well below a step a tick to a good part of the range.
    const sign = integer(2) * 2 - 1;
    const reach = Math.min(spec.levels, 2 ** 14);
    const speed = sign * spec.step * next() * reach ** (next() - 0.25);
    course = { habit: HABITS[integer(HABITS.length)], speed };
    this.#courses.set(name, course);
    return course;
  }

  #next(spec: FieldSpec, course: Course, at: number): number {
    const { next, integer } = bound(this.#chance);
    const { min, step, levels, type } = spec;
    const max = min + levels * step;
    switch (course.habit) {
      case 'rest':
      case 'lie':
        return at;
      case 'walk':
        return at + (integer(7) - 3) * step * next();
      case 'creep':
        return at + step * 0.13 * Math.sign(course.speed);
      case 'brake':
        course.speed *= 0.8;
        break;
      case 'jump':
        if (next() < 0.2) return min + next() * (max - min);
        break;
      case 'wait':
        if (next() < 0.3) return at;
    }
    const to = at + course.speed;
    // What stops at a wall keeps its speed: the track runs on into it. Others may leave the range.
    if (course.habit === 'wall' && type !== 'angle') return Math.min(Math.max(to, min), max);
    if (type !== 'angle' && (to < min - step || to > max + step)) course.speed *= -1;
    return to;
  }

  #steer(row: Row, f: FieldPlan, i: number, { habit, speed }: Course): void {
    const velocity = row.$table.values[f.by + i];
    const perSecond = speed / this.#secondsPerTick;
    if (habit === 'lie') {
      if (this.#chance.next() < 0.2) velocity[row.$index] = -perSecond;
    } else if (habit !== 'walk') velocity[row.$index] = habit === 'rest' ? 0 : perSecond;
  }
}

function bound(chance: Random) {
  return { next: () => chance.next(), integer: (below: number) => chance.integer(below) };
}
