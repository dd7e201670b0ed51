// The questions near and ray of a past, against a walk over all its rows.

import { Random } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { type Hunt, hunt } from './hunt.ts';
import { closeOpened } from './opened.ts';

afterEach(closeOpened);

describe('near and ray', () => {
  /** Ducks that jump about, so that blended places lie far from either STATE's. */
  async function flock(count: number, spread: number): Promise<Hunt> {
    const chance = new Random(count);
    const anywhere = () => (chance.next() * 2 - 1) * spread;
    return hunt(
      {
        open: (room) => {
          for (let i = 0; i < count; i++) room.spawn('duck', { x: anywhere(), y: anywhere() });
        },
      },
      (room) => {
        for (const duck of room.all('duck')) {
          if (chance.next() < 0.05) duck.teleport();
          duck.x += anywhere() / 4;
          duck.y += anywhere() / 4;
        }
      },
    );
  }

  test.each([
    [0, 100],
    [1, 100],
    [3, 0],
    [60, 300],
    [700, 1500],
  ])('find what a walk over all finds (%i rows)', async (count, spread) => {
    const { field, inTick } = await flock(count, spread);
    const chance = new Random(7);
    const anywhere = () => (chance.next() * 2 - 1) * (spread + 20);
    let found = 0;
    for (let turn = 0; turn < 12; turn++)
      await inTick(3 + chance.next() * 5, () => {
        field.rewind(field.seat(1)!, (past) => {
          const all = [...past.all('duck')];
          for (let shot = 0; shot < 20; shot++) {
            const from = { x: anywhere(), y: anywhere() };
            // Straight along an axis as well.
            const to = {
              x: shot % 5 === 0 ? from.x : anywhere(),
              y: shot % 7 ? anywhere() : from.y,
            };
            const radius = chance.next() * 40;
            const near = all.filter(({ x, y }) => Math.hypot(x - from.x, y - from.y) <= radius);
            const ids = [...past.near('duck', from.x, from.y, radius)].map(({ id }) => id);
            expect(ids.sort()).toEqual(near.map(({ id }) => id).sort());
            const hits = past.ray('duck', from, to, radius);
            const met = all.filter((row) => distanceToWay(row, from, to) < radius);
            expect(hits.map(({ row }) => row.id).sort()).toEqual(met.map(({ id }) => id).sort());
            for (const { row, distance } of hits) checkHit(row, distance, from, to, radius);
            const distances = hits.map(({ distance }) => distance);
            expect(distances).toEqual([...distances].sort((a, b) => a - b));
            found += hits.length;
          }
        });
      });
    if (count > 3) expect(found).toBeGreaterThan(100);
  });

  test('a ray in space counts the height, a flat one does not', async () => {
    const { field, inTick } = await hunt({
      open: (room) => {
        for (const z of [0, 30, 60]) room.spawn('drone', { position: { x: 100, y: 0, z } });
      },
    });
    await inTick(4, () => {
      field.rewind(field.seat(1)!, (past) => {
        const upward = past.ray('drone', { x: 0, y: 0, z: 0 }, { x: 200, y: 0, z: 60 }, 5);
        expect(upward.map(({ row }) => row.position.z)).toEqual([30]);
        expect(upward[0].distance).toBeCloseTo(Math.hypot(100, 30) - 5, 9);
        expect(past.ray('drone', { x: 0, y: 0 }, { x: 200, y: 0 }, 5)).toHaveLength(3);
      });
    });
  });

  test('a kind without a position has no near and no ray', async () => {
    const { field, inTick } = await hunt();
    await inTick(4, () => {
      field.rewind(field.seat(1)!, (past) => {
        expect(() => past.near('card', 0, 0, 1)).toThrow('card has no position');
        expect(() => past.ray('card', { x: 0, y: 0 }, { x: 1, y: 0 }, 1)).toThrow('no position');
      });
    });
  });
});

interface Place {
  readonly x: number;
  readonly y: number;
}

function distanceToWay({ x, y }: Place, from: Place, to: Place): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const square = dx * dx + dy * dy;
  const along = square > 0 ? ((x - from.x) * dx + (y - from.y) * dy) / square : 0;
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - from.x - dx * share, y - from.y - dy * share);
}

/** The point at that distance lies on the row's edge, or the way begins inside. */
function checkHit({ x, y }: Place, distance: number, from: Place, to: Place, radius: number): void {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const at = {
    x: from.x + ((to.x - from.x) * distance) / length,
    y: from.y + ((to.y - from.y) * distance) / length,
  };
  const gap = Math.hypot(at.x - x, at.y - y);
  if (distance === 0) expect(gap).toBeLessThanOrEqual(radius + 1e-9);
  else expect(gap).toBeCloseTo(radius, 6);
}
