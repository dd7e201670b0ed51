import pino from 'pino';
import { expect, test } from 'vitest';
import { RefusalLog } from './refusal-log.ts';

test('{S45} a flood of refusals is a few lines, and a count of the others', () => {
  const lines: { reason: string; count: number }[] = [];
  const log = pino(
    { base: undefined },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  const refusals = new RefusalLog(log);
  refusals.sweep(20_000);
  const said = Array.from({ length: 1000 }, () => refusals.says('origin')).filter(Boolean).length;
  expect(said).toBe(20);
  expect(refusals.says('joins')).toBe(true);
  refusals.sweep(29_000);
  expect(lines).toEqual([]);
  refusals.sweep(30_000);
  expect(lines).toMatchObject([{ reason: 'origin', count: 980 }]);
  expect(refusals.says('origin')).toBe(true);
  refusals.sweep(40_000);
  expect(lines).toHaveLength(1);
});
