// Two hundred players who join a room of a thousand birds in the same instant, or in waves: where
// everybody sees everything, one body is encoded for all who come in a tick, whatever the spelling,
// and each of them holds the truth. In virtual time; bodies are counted where they are written.

import { PackedSink, PlainSink } from '@tickwire/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type FlockOptions, flock, flockGame, Reader } from './flock.ts';
import { Stepper } from './stepper.ts';

const BIRDS = 1000;
const SEATS = 200;
/** Who join in one tick, where they come in waves. */
const WAVE = 40;
const TICK_MS = 1000 / flockGame.tickRate;

let stepper: Stepper;
afterEach(async () => {
  vi.restoreAllMocks();
  await stepper.close();
});

interface Storm {
  readonly readers: Reader[];
  /** By reader: its first STATE. */
  readonly first: Uint8Array[];
  /** Bodies written in each tick since the storm began. */
  readonly bodies: number[];
}

/** A room in flight, and the hands that join it. */
async function start(options: Partial<FlockOptions>): Promise<Storm> {
  const rooms = { field: flock({ birds: BIRDS, seats: SEATS, ...options }) };
  stepper = await Stepper.start({ rooms, limits: { connectionsPerAddress: SEATS } });
  await stepper.advance(5 * TICK_MS);
  const storm: Storm = { readers: [], first: [], bodies: [] };
  let bodies = 0;
  const sink = options.wire === 'plain' ? PlainSink.prototype : PackedSink.prototype;
  const { reset } = sink;
  // Every body begins with it, and nothing else is written here: no input, no event, no command.
  vi.spyOn(sink, 'reset').mockImplementation(function (this: typeof sink) {
    bodies++;
    reset.call(this);
  });
  stepper.onTick = (room) => {
    storm.bodies.push(bodies);
    bodies = 0;
    for (const reader of storm.readers) reader.look(room);
  };
  stepper.onStride = () => {
    for (const reader of storm.readers) reader.acknowledge();
  };
  return storm;
}

/** So many players say HELLO, before the next tick. */
function join({ readers, first }: Storm, count: number): void {
  for (let i = 0; i < count; i++) {
    const peer = stepper.transport.connect();
    const reader = new Reader((frame) => peer.send(frame));
    const at = readers.push(reader) - 1;
    peer.onMessage = (bytes) => {
      reader.take(bytes);
      if (reader.states === 1) first[at] ??= bytes.slice();
    };
    reader.hello('field');
  }
}

/** All are up to date; one of each wave is compared bird by bird. */
function expectTruth({ readers }: Storm): void {
  const room = stepper.room('field');
  expect(readers.map(({ tick }) => tick)).toEqual(readers.map(() => room.doneTick));
  for (let i = 0; i < readers.length; i += WAVE) expect(readers[i].differences(room)).toEqual([]);
}

describe.each(['packed', 'plain'] as const)('%s', (wire) => {
  test('{S14, S57} one body serves two hundred who join at once', async () => {
    const storm = await start({ wire });
    join(storm, SEATS);
    await stepper.advance(TICK_MS);
    expect(storm.bodies).toEqual([1]);
    expect(new Set(storm.first.map((frame) => frame.join())).size).toBe(1);
    expect(storm.first).toHaveLength(SEATS);
    expectTruth(storm);
  });

  test('{S14} a tick writes one body for who joins and one for who is in step', async () => {
    const storm = await start({ wire });
    for (let wave = 0; wave < SEATS / WAVE; wave++) {
      join(storm, WAVE);
      await stepper.advance(TICK_MS);
    }
    await stepper.advance(2 * TICK_MS);
    expect(storm.bodies).toEqual([1, 2, 2, 2, 2, 1, 1]);
    expectTruth(storm);
  });
});

describe('with a view of its own each', () => {
  test('two hundred are told everything in turn, first come first served', async () => {
    const storm = await start({ radius: 300 });
    join(storm, SEATS);
    const started: number[][] = [];
    while (storm.readers.some(({ states }) => states === 0)) {
      const before = storm.readers.map(({ states }) => states);
      await stepper.advance(TICK_MS);
      started.push(
        storm.readers.flatMap(({ states }, i) => (before[i] === 0 && states ? [i] : [])),
      );
    }
    expect(started.length).toBeGreaterThan(2);
    expect(started.length).toBeLessThan(12);
    expect(started.flat()).toEqual(storm.readers.map((_, i) => i));
    await stepper.advance(2 * TICK_MS);
    expectTruth(storm);
  });

  test('those who play get every STATE while others wait for their turn', async () => {
    const storm = await start({ radius: 300 });
    join(storm, 1);
    await stepper.advance(2 * TICK_MS);
    const [player] = storm.readers;
    const before = player.states;
    join(storm, SEATS - 1);
    await stepper.advance(3 * TICK_MS);
    expect(storm.readers.some(({ states }) => states === 0)).toBe(true);
    expect(player.states).toBe(before + 3);
  });
});
