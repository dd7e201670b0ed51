// The page's line: named ones are protocol's, sliders start from them.
import { LINE_PROFILES, type ProfileName } from '@tickwire/protocol/simulator';
import { expect, test } from 'vitest';
import { CLEAR_OPTIONS, isProfile, Line } from '../src/page/line.ts';

test.each(Object.keys(LINE_PROFILES) as ProfileName[])('%s is the line of that name', (name) => {
  const { rttMs, rttJitterMs, lossPercent, stallMs, upKbps } = LINE_PROFILES[name];
  const { options, name: itsName } = new Line(name);
  expect(itsName).toBe(name);
  expect(options).toMatchObject({ lagMs: rttMs, jitterMs: rttJitterMs, lossPercent, stallMs });
  expect([0, upKbps]).toContain(options.bandwidthKbps);
});

test('a slider moves one number and makes it a line without a name', () => {
  const line = new Line('train');
  line.set({ lagMs: 500 });
  expect(line.name).toBeUndefined();
  expect(line.options).toEqual({ ...new Line('train').options, lagMs: 500 });
  line.set(CLEAR_OPTIONS);
  expect(line.options).toEqual(new Line(CLEAR_OPTIONS).options);
});

test('what an address says is a name only if there is such a line', () => {
  expect(['wifi', '4g'].every(isProfile)).toBe(true);
  expect([null, '', 'toString', 'Wifi'].some(isProfile)).toBe(false);
});
