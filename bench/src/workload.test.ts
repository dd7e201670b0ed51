import { describe, expect, test } from 'vitest';
import { Arena, FIELD, fingerprint, MAX_SPEED, MODES, type Mode, q, WORLD } from './workload.ts';

/** After 300 ticks of seed 1, when the published figures were measured. */
const FINGERPRINTS: Readonly<Record<Mode, Readonly<Record<number, string>>>> = {
  coast: { 50: '656a8d31', 200: '737bb9f0', 1000: '9cce726b', 5000: '902f7d94' },
  steer: { 50: '9b3a9154', 200: '517c787', 1000: '8e27d571', 5000: '8dfb39b8' },
  stop: { 50: '159b664c', 200: '11406178', 1000: '5c4b692a', 5000: 'b0251c36' },
};

function run(mode: Mode, n: number, ticks: number, seed = 1): Arena {
  const arena = new Arena({ n, mode, seed });
  while (arena.tick < ticks) arena.step();
  return arena;
}

describe.each(MODES)('arena-N in mode %s', (mode) => {
  test.each([50, 200, 1000, 5000])('of %i ships is the published workload', (n) => {
    expect(fingerprint(run(mode, n, 300))).toBe(FINGERPRINTS[mode][n]);
  });

  test('differs by seed', () => {
    expect(fingerprint(run(mode, 50, 10, 2))).not.toBe(fingerprint(run(mode, 50, 10)));
  });

  test('says what each tick touched, and touches nothing else', () => {
    const arena = run(mode, 200, 1);
    for (let tick = 0; tick < 100; tick++) {
      const before = arena.entities.map((ship) => ({ ...ship }));
      arena.step();
      const changed = arena.entities.map((ship, i) => {
        const fields = arena.changed[i];
        if (ship.id !== before[i].id) return { ...ship };
        const touched = Object.entries(FIELD).filter(([, bit]) => fields & bit);
        return { ...before[i], ...Object.fromEntries(touched.map(([k]) => [k, fieldOf(ship, k)])) };
      });
      expect(changed).toEqual(arena.entities);
      expect(arena.removed).toHaveLength(arena.added.length);
    }
  });

  test('fits the bits that are counted', () => {
    for (const ship of run(mode, 1000, 60).entities) {
      expect(ship.x >= 0 && ship.x < WORLD && ship.y >= 0 && ship.y < WORLD).toBe(true);
      expect(Math.abs(q.vel(ship.vx))).toBeLessThanOrEqual(MAX_SPEED * 16);
      expect(ship.name).toMatch(/^[a-z]{4,10}$/);
    }
  });
});

function fieldOf(ship: object, field: string): unknown {
  return (ship as Record<string, unknown>)[field];
}
