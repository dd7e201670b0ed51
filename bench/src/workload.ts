// arena-N: the work that every codec of `wire` and every peer does, so that their bytes compare.
// One room, N ships, 20 Hz, seeded: two machines with one seed see the same states, which
// `fingerprint` proves. Numbers are plain doubles; `q` says what "at equal precision" means.
// Trap: the order of the draws is the workload. Move one and every published figure is void.

/** Side of the square world, units. */
export const WORLD = 4096;
export const HZ = 20;
/** Movers fly at these speeds, units per second. */
const SLOWEST = 20;
export const MAX_SPEED = 200;
export const TAU = Math.PI * 2;

/** Share of the ships that move: for good (coast, steer) or drawn anew every tick (stop). */
const MOVING = 0.8;
/** Chances per ship and tick. */
const DIES = 0.005;
const TURNS = 0.1;
const HP_CHANGES = 0.02;
const SCORE_CHANGES = 0.01;
/** A bounce at the far wall ends just inside it: positions stay below WORLD. */
const INSIDE = 1e-9;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * coast: velocity is constant between walls. steer: as coast, and when the angle changes the
 * velocity turns to it. stop: each tick a fresh random 80 % move, the others stand and keep vx, vy.
 */
export type Mode = 'coast' | 'steer' | 'stop';
export const MODES: readonly Mode[] = ['coast', 'steer', 'stop'];

/** Bits of `Arena.changed`. */
export const FIELD = {
  x: 1,
  y: 2,
  angle: 4,
  vx: 8,
  vy: 16,
  hp: 32,
  kind: 64,
  score: 128,
  name: 256,
} as const;
/** Every field: what a new ship changes. */
export const ALL_FIELDS = 511;

export interface Entity {
  readonly id: number;
  /** 0..WORLD, the far edge excluded. */
  x: number;
  y: number;
  /** 0..2 pi. */
  angle: number;
  /** Units per second. */
  vx: number;
  vy: number;
  /** 0..255. */
  hp: number;
  /** 0..7. */
  readonly kind: number;
  /** 0..65535. */
  score: number;
  /** 4..10 letters. */
  readonly name: string;
}

/** The steps of every row "at equal precision": whole numbers, exactly rounded. */
export const q = {
  /** 1/16 unit in 16 bits. */
  pos: (value: number): number => Math.min(65535, Math.round(value * 16)),
  /** 1/256 turn. */
  ang: (value: number): number => Math.round((value / TAU) * 256) & 255,
  /** 1/16 unit per second, signed. */
  vel: (value: number): number => Math.round(value * 16),
};

/** Numbers in 0..1, the same for the same seed everywhere. */
export function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface ArenaOptions {
  readonly n: number;
  readonly seed?: number;
  readonly mode?: Mode;
}

export class Arena {
  readonly n: number;
  readonly mode: Mode;
  tick = 0;
  /** N of them at all times; a ship that respawned is a new object at its old index. */
  readonly entities: Entity[] = [];
  /** Ids that died in this tick, and the ships that took their places, in the same order. */
  removed: number[] = [];
  added: Entity[] = [];
  /** By index in `entities`: the FIELD bits that this tick touched. */
  readonly changed: Uint16Array;
  readonly #random: () => number;
  #nextId = 1;

  constructor({ n, seed = 1, mode = 'coast' }: ArenaOptions) {
    this.n = n;
    this.mode = mode;
    this.changed = new Uint16Array(n);
    this.#random = mulberry32(seed);
    for (let i = 0; i < n; i++) this.entities.push(this.#spawn());
  }

  #spawn(): Entity {
    const random = this.#random;
    const mover = this.mode === 'stop' || random() < MOVING;
    const angle = random() * TAU;
    const speed = mover ? SLOWEST + random() * (MAX_SPEED - SLOWEST) : 0;
    let name = '';
    const letters = 4 + Math.floor(random() * 7);
    for (let i = 0; i < letters; i++) name += LETTERS[Math.floor(random() * 26)];
    return {
      id: this.#nextId++,
      x: random() * WORLD,
      y: random() * WORLD,
      angle,
      vx: Math.cos(angle) * speed,
      vy: Math.sin(angle) * speed,
      hp: Math.floor(random() * 256),
      kind: Math.floor(random() * 8),
      score: 0,
      name,
    };
  }

  step(): this {
    const { entities, changed } = this;
    this.removed = [];
    this.added = [];
    this.tick++;
    for (let i = 0; i < entities.length; i++) {
      if (this.#random() < DIES) {
        this.removed.push(entities[i].id);
        entities[i] = this.#spawn();
        this.added.push(entities[i]);
        changed[i] = ALL_FIELDS;
        continue;
      }
      const ship = entities[i];
      changed[i] = this.#turn(ship) | this.#move(ship) | this.#play(ship);
    }
    return this;
  }

  #turn(ship: Entity): number {
    const random = this.#random;
    if (random() >= TURNS) return 0;
    ship.angle = (ship.angle + (random() - 0.5) * (Math.PI / 2) + TAU) % TAU;
    const speed = Math.hypot(ship.vx, ship.vy);
    if (this.mode !== 'steer' || speed === 0) return FIELD.angle;
    ship.vx = Math.cos(ship.angle) * speed;
    ship.vy = Math.sin(ship.angle) * speed;
    return FIELD.angle | FIELD.vx | FIELD.vy;
  }

  #move(ship: Entity): number {
    const moves = this.mode === 'stop' ? this.#random() < MOVING : ship.vx !== 0 || ship.vy !== 0;
    if (!moves) return 0;
    let fields = FIELD.x | FIELD.y;
    const x = ship.x + ship.vx * (1 / HZ);
    const y = ship.y + ship.vy * (1 / HZ);
    ship.x = thrownBack(x);
    ship.y = thrownBack(y);
    if (x < 0 || x >= WORLD) {
      ship.vx = -ship.vx;
      fields |= FIELD.vx;
    }
    if (y < 0 || y >= WORLD) {
      ship.vy = -ship.vy;
      fields |= FIELD.vy;
    }
    return fields;
  }

  #play(ship: Entity): number {
    const random = this.#random;
    let fields = 0;
    if (random() < HP_CHANGES) {
      ship.hp = (ship.hp + 1 + Math.floor(random() * 255)) & 255;
      fields |= FIELD.hp;
    }
    if (random() < SCORE_CHANGES) {
      ship.score = (ship.score + 1 + Math.floor(random() * 100)) & 0xffff;
      fields |= FIELD.score;
    }
    return fields;
  }
}

function thrownBack(place: number): number {
  if (place < 0) return -place;
  return place >= WORLD ? 2 * WORLD - place - INSIDE : place;
}

/** FNV-1a over what is sent of every ship, velocity apart, as hexadecimal digits. */
export function fingerprint(arena: Arena): string {
  let hash = 2166136261;
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, 16777619) >>> 0;
  };
  for (const ship of arena.entities) {
    mix(ship.id);
    mix(q.pos(ship.x));
    mix(q.pos(ship.y));
    mix(q.ang(ship.angle));
    mix(ship.hp);
    mix(ship.kind);
    mix(ship.score);
    for (let i = 0; i < ship.name.length; i++) mix(ship.name.charCodeAt(i));
  }
  return hash.toString(16);
}
