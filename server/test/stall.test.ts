// A player who stops reading for half a minute, in a room of a thousand birds: the server keeps no
// more for them than for anybody else, and tells them the rest in one go when they read on. In
// virtual time over the memory transport, and over real sockets of both transports, where the ticks
// are run by hand. Trap: over real sockets every wait is for an event.

import { FrameType } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ARRIVALS_AT_ONCE } from '../src/arrivals.ts';
import { DEFAULT_LIMITS, type GameRoom, type Server, serve } from '../src/index.ts';
import type { Socket } from '../src/transport.ts';
import { flock, flockGame, Reader } from './flock.ts';
import { Stepper } from './stepper.ts';
import { TRANSPORTS } from './test-server.ts';

const BIRDS = 1000;
const TICK_MS = 1000 / flockGame.tickRate;
const STALLED_TICKS = 30 * flockGame.tickRate;
/** The largest STATE there is here: one that holds every bird. */
const FULL_BYTES = 40 * BIRDS;
/** After so many a seat was told of every bird that came. */
const ARRIVING_TICKS = Math.ceil(BIRDS / ARRIVALS_AT_ONCE);
/** STATEs on their way that a seat has places for. */
const MOST_FLIGHTS = 256;

/** Turns of the event loop without an answer, some seconds: none will come. */
const PATIENCE_TURNS = 500_000;

/** What the server keeps for a seat is within its bounds, however long it does not read. */
function expectBounded(room: GameRoom, reader: Reader): void {
  const seat = reader.seatOf(room)!;
  expect(seat.unackedBytes).toBeLessThan(DEFAULT_LIMITS.slowSeatBytes + FULL_BYTES);
  expect(seat.outbox.waiting.length).toBeLessThanOrEqual(DEFAULT_LIMITS.pendingEvents);
  // Dead birds whose slots are not free again: no more than died between two STATEs.
  expect(seat.known.limit).toBeLessThan(2 * BIRDS);
}

let stepper: Stepper | undefined;
let server: Server | undefined;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await stepper?.close();
  await server?.close();
  stepper = undefined;
  server = undefined;
});

describe.each(['packed', 'plain'] as const)('%s', (wire) => {
  test.each([
    ['everything', undefined],
    ['its surroundings', 700],
  ])(
    '[S8] a seat that sees %s and reads nothing for 30 s holds the truth again',
    async (_, radius) => {
      stepper = await Stepper.start({
        rooms: { field: flock({ birds: BIRDS, seats: 2, radius, wire }) },
      });
      const room = stepper.room('field');
      const reader = Reader.over(stepper.transport);
      stepper.onTick = () => reader.look(room);
      stepper.onStride = () => reader.acknowledge();
      reader.hello('field');
      await stepper.advance(20 * TICK_MS);
      expect(reader.differences(room)).toEqual([]);

      reader.stalled = true;
      await stepper.advance(STALLED_TICKS * TICK_MS);
      expectBounded(room, reader);
      const states = reader.unread.filter((frame) => frame[1] === FrameType.State);
      expect(states.length).toBeLessThanOrEqual(MOST_FLIGHTS);
      expect(reader.seatOf(room)!.skips).toBeGreaterThan(STALLED_TICKS / 2);
      expect(reader.differences(room)).not.toEqual([]);

      reader.flow();
      await stepper.advance(3 * TICK_MS);
      expect([reader.tick, reader.bye]).toEqual([room.doneTick, '']);
      expect(reader.differences(room)).toEqual([]);
      expect(reader.seatOf(room)!.unackedBytes).toBeLessThan(FULL_BYTES);
    },
  );
});

/** A server whose ticks are run by hand, at once, over real sockets. */
async function startByHand(transport: 'uws' | 'ws', radius: number | undefined) {
  let nowMs = 1000;
  server = await serve({
    rooms: { field: flock({ birds: BIRDS, seats: 2, radius }) },
    transport,
    port: 0,
    host: '127.0.0.1',
    ticking: false,
    signals: false,
    log: 'silent',
    now: () => nowMs,
  });
  const held: Socket[] = [];
  const { edge } = server;
  const open = edge.open.bind(edge);
  edge.open = (socket) => {
    held.push(socket);
    return open(socket);
  };
  const [room] = server.shard.rooms.values();
  const ticks = (count: number, each: () => void) => {
    for (let i = 0; i < count; i++) {
      nowMs += TICK_MS;
      room.run(nowMs);
      each();
    }
  };
  return { room, ticks, held };
}

async function read(port: number): Promise<{ reader: Reader; socket: WebSocket }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  sockets.push(socket);
  const reader = new Reader((frame) => socket.send(frame));
  socket.on('message', (bytes: Buffer) => reader.take(bytes));
  await new Promise((resolve) => socket.once('open', resolve));
  reader.hello('field');
  return { reader, socket };
}

/** Lets sockets move until it holds. */
async function when(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns > PATIENCE_TURNS) throw new Error('nothing comes any more');
    await new Promise(setImmediate);
  }
}

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing ? ` (skipped: ${missing})` : '';
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    test.each([
      ['everything', undefined],
      ['its surroundings', 700],
    ])('{T18} [S8] a paused socket that sees %s holds the truth again', async (_, radius) => {
      const { room, ticks, held } = await startByHand(name as 'uws' | 'ws', radius);
      const { reader, socket } = await read(server!.port);
      const look = () => reader.look(room);
      await when(() => reader.seat > 0);
      ticks(ARRIVING_TICKS, look);
      await when(() => reader.tick === room.doneTick);
      expect(reader.differences(room)).toEqual([]);
      reader.acknowledge();

      socket.pause();
      ticks(STALLED_TICKS, look);
      expectBounded(room, reader);
      expect(reader.seatOf(room)!.skips).toBeGreaterThan(STALLED_TICKS / 2);
      // What the kernel did not take.
      expect(held[0].bufferedBytes()).toBeLessThanOrEqual(DEFAULT_LIMITS.slowSeatBytes);

      const told = reader.seatOf(room)!.sentTick;
      socket.resume();
      await when(() => reader.tick === told);
      reader.acknowledge();
      // Its acknowledgement has to arrive before it is told anything.
      await when(() => reader.seatOf(room)!.ackTick === told);
      ticks(ARRIVING_TICKS, look);
      await when(() => reader.tick === room.doneTick);
      expect(reader.differences(room)).toEqual([]);
      expect([socket.readyState, reader.bye]).toEqual([WebSocket.OPEN, '']);
    });
  });
}
