import { expect, test } from 'vitest';
import { svgOf } from './plot.ts';
import { arenaGame, arenaKind } from './wire-arena.ts';
import { BitCounter } from './wire-bits.ts';
import { frameHeaderBytes, lineBytes } from './wire-costs.ts';
import { WireRun } from './wire-run.ts';
import { Arena } from './workload.ts';

test('a WebSocket frame has the header that RFC 6455 gives its length', () => {
  const lengths = [0, 125, 126, 65_535, 65_536];
  expect(lengths.map(frameHeaderBytes)).toEqual([2, 2, 4, 4, 10]);
});

test('a message that does not fit one segment pays TCP and IP for each', () => {
  expect(lineBytes(100)).toBe(100 + 22 + 52);
  expect(lineBytes(1448 - 22)).toBe(1448 + 52);
  expect(lineBytes(1449 - 22)).toBe(1449 + 2 * 52);
});

test('booked bits are those of the bodies, up to the last byte of each', async () => {
  const task = { n: 40, mode: 'steer', seed: 3, wire: 'packed' } as const;
  const run = await WireRun.start(arenaKind(task, new Arena(task)));
  const counter = new BitCounter(arenaGame);
  counter.watch();
  const ticks = 80;
  let bytes = 0;
  for (let i = 0; i < ticks; i++) bytes += run.tick().bodyBytes;
  counter.stop();
  await run.close();
  const bits = Object.values(counter.costs(1)).reduce((a, b) => a + b, 0);
  expect(bits).toBeGreaterThan(bytes * 8 - ticks * 10);
  expect(bits).toBeLessThan(bytes * 8 + ticks * 2);
});

test('the same seed costs the same bytes, and packed a tenth of plain', async () => {
  const bytesOf = async (wire: 'packed' | 'plain') => {
    const task = { n: 100, mode: 'coast', seed: 5, wire } as const;
    const run = await WireRun.start(arenaKind(task, new Arena(task)));
    let bytes = 0;
    for (let i = 0; i < 120; i++) {
      const { messages } = run.tick();
      if (i >= 60) for (const length of messages) bytes += length;
    }
    await run.close();
    return bytes;
  };
  const packed = await bytesOf('packed');
  expect(await bytesOf('packed')).toBe(packed);
  expect(packed * 10).toBeLessThan(await bytesOf('plain'));
});

test('a plot keeps the names of lines apart that end at the same place', () => {
  const lines = ['a', 'b', 'c'].map((name) => ({
    name,
    ours: false,
    points: [
      [1, 10],
      [2, 20],
    ] as const,
  }));
  const svg = svgOf({ title: '', note: '', xTitle: '', panels: [{ title: '', lines }] });
  const places = [...svg.matchAll(/y="(-?[\d.]+)"[^>]*>[abc]: 20</g)].map(([, y]) => Number(y));
  expect(places).toHaveLength(3);
  expect(places[1] - places[0]).toBeGreaterThan(15);
  expect(places[2] - places[1]).toBeGreaterThan(15);
});
