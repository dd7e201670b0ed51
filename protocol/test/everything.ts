// A game with every type of field in every scope, for the tests of this folder. `ship` has a step,
// so its owner holds exact numbers; `crate` has none; `sign` has nothing of its owner's.
import {
  angle,
  bool,
  choice,
  defineGame,
  entity,
  fixed,
  int,
  list,
  map,
  packed,
  quat,
  record,
  text,
  vec2,
  vec3,
} from '../src/index.ts';

const gem = record({ cut: choice('raw', 'round'), carat: fixed(0, 9, 1 / 8), by: text(6) });

export const game = defineGame({
  tickRate: 20,
  state: {
    phase: choice('lobby', 'playing', 'over'),
    left: int(0, 600).default(90),
    best: entity('ship'),
    scores: map(entity('ship'), int(-99, 9999), 12),
    feed: list(text(12), 6),
    wind: vec2(-1, 1, 1 / 64),
  },
  entities: {
    ship: {
      x: fixed(-500, 500, 1 / 16).smooth(),
      y: fixed(-500, 500, 1 / 16).smooth({ by: 'vy' }),
      vy: fixed(-50, 50, 1 / 4),
      heading: angle(8).smooth(),
      turn: quat(9).smooth(),
      aim: vec2(-8, 8, 1 / 32),
      shield: fixed(0, 10, 1 / 10).default(0.33),
      on: bool().default(true),
      mode: choice('idle', 'fast', 'dead').default('fast'),
      ammo: int(0, 63).ownerOnly().default(5),
      spin: angle(6).ownerOnly(),
      hold: list(gem, 5).ownerOnly(),
      pin: text(8).ownerOnly(),
      cloak: int(0, 3).serverOnly(),
      plans: map(text(4), text(8), 6).serverOnly(),
      name: text(16).default('nobody'),
      bag: list(int(0, 255), 12),
      notes: map(text(4), list(int(0, 9), 4), 6),
    },
    crate: {
      position: vec3(-500, 500, 1 / 8).smooth(),
      turn: quat(6),
      sort: choice('wood', 'iron'),
      open: bool(),
      target: entity('ship'),
      code: int(-5, 9999).ownerOnly(),
      tilt: quat(5).ownerOnly(),
      locks: map(int(0, 9), gem, 3).ownerOnly(),
      gear: record({ level: int(1, 9), look: quat(7), spare: list(vec2(0, 1, 1 / 8), 3) })
        .ownerOnly()
        .default({ level: 4 }),
      blob: packed<{ n: number; s: string[] }>(200),
      own: packed<{ n: number; s: string[] }>(200).ownerOnly(),
      shelves: list(
        record({
          name: text(4),
          stock: map(int(0, 9), record({ hp: int(0, 99), at: vec2(0, 4, 1 / 4) }), 4),
        }),
        4,
      ),
    },
    sign: {
      words: text(20),
      votes: map(entity('ship'), bool(), 10),
      weight: fixed(0, 1, 1 / 7),
      path: list(vec3(0, 9, 1 / 2), 4),
    },
  },
  step: { ship: () => {} },
});
