// When the server pings a seat: what rewind goes by must be known soon, and a ping is dear beside a
// small STATE, so it leaves in the same write as one. In virtual time, over memory.

import { FrameType } from '@tickwire/protocol';
import { afterEach, expect, test } from 'vitest';
import { flock, Reader } from './flock.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper;
afterEach(() => stepper.close());

/** Frames that come to one seat: their types, and when. */
async function seated(limits: { slowSeatBytes?: number } = {}) {
  stepper = await Stepper.start({ rooms: { field: flock({ birds: 3, seats: 1 }) }, limits });
  const frames: { type: number; atMs: number }[] = [];
  const peer = stepper.transport.connect();
  const reader = new Reader((frame) => peer.send(frame));
  peer.onMessage = (bytes) => {
    frames.push({ type: bytes[1], atMs: stepper.nowMs });
    reader.take(bytes);
  };
  reader.hello('field');
  return { frames, reader };
}

test('{S8} a ping follows a STATE: eight in the first seconds, then one every two', async () => {
  const { frames, reader } = await seated();
  stepper.onStride = () => reader.acknowledge();
  await stepper.advance(20_000);
  const pings = frames.flatMap(({ type }, i) => (type === FrameType.Ping ? [i] : []));
  for (const i of pings) {
    expect(frames[i - 1].type).toBe(FrameType.State);
    expect(frames[i - 1].atMs).toBe(frames[i].atMs);
  }
  const inTime = (fromMs: number, toMs: number) =>
    pings.filter((i) => frames[i].atMs - frames[0].atMs >= fromMs && frames[i].atMs < toMs).length;
  expect(inTime(0, 4_000)).toBe(8);
  expect(inTime(6_000, 18_000)).toBeGreaterThanOrEqual(5);
  expect(inTime(6_000, 18_000)).toBeLessThanOrEqual(6);
});

test('a ping goes alone where no STATE goes', async () => {
  const { frames } = await seated({ slowSeatBytes: 1 });
  await stepper.advance(10_000);
  const states = frames.filter(({ type }) => type === FrameType.State);
  const pings = frames.filter(({ type }) => type === FrameType.Ping);
  expect(states).toHaveLength(1);
  expect(pings.length).toBeGreaterThan(4);
});
