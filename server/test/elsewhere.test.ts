// A server that is asked for a room of another one: what it says, and what it counts. The host's
// answers are given here; which server a room is of is the shard's to know.
import { FrameType, type Moved, MsgpackReader, readFrame, readMoved } from '@tickwire/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Elsewhere } from '../src/joining.ts';
import { arcade, game } from './arcade.ts';
import { RawPlayer, RESUME, TICKET } from './raw-player.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper;
beforeEach(async () => {
  stepper = await Stepper.start({ rooms: { field: arcade() } });
});
afterEach(() => stepper.close());

const sendAway = (url: string, ticket?: string) => {
  stepper.server.seating.join = () => Promise.reject(new Elsewhere(url, ticket));
};

function movedTo(frame: Uint8Array): Moved {
  const from = new MsgpackReader();
  from.reset(frame);
  expect(readFrame(from, { elements: 0 })).toBe(FrameType.Moved);
  const moved = readMoved(from);
  from.end();
  return moved;
}

test('[J11] a HELLO for a room elsewhere is answered with MOVED, and is no refusal', async () => {
  sendAway('wss://b.example', 'a-ticket');
  const player = new RawPlayer(stepper);
  player.hello();
  await stepper.advance(100);
  expect(player.frames.map(movedTo)).toEqual([{ url: 'wss://b.example', ticket: 'a-ticket' }]);
  expect([player.closed, player.reason]).toEqual([1012, 'the room lives elsewhere']);
  const { tally } = stepper.server.edge;
  expect(tally.moved).toBe(1);
  expect([...tally.refusals]).toEqual([]);
  expect(tally.connections).toBe(0);
});

test('[J11] a ticket or a resume key is good there as it was said here', async () => {
  sendAway('');
  for (const credential of [TICKET, RESUME] as const) {
    const player = new RawPlayer(stepper);
    player.hello(credential, 'a secret');
    await stepper.advance(100);
    expect(player.frames.map(movedTo)).toEqual([{ url: '', ticket: '' }]);
  }
});

test('[J13] an address that no client would go to is never said', async () => {
  sendAway('b.example');
  const player = new RawPlayer(stepper);
  player.hello();
  await stepper.advance(100);
  expect(player.frames).toEqual([]);
  expect(player.closed).toBe(1013);
  expect(stepper.log.some(({ msg }) => msg === 'joining failed')).toBe(true);
});

test('[J12] a seat whose room moves is told so last, and its line leaves it alone', async () => {
  const player = await stepper.join(game, { room: 'field', record: true });
  stepper.down.add('wss://b.example');
  const room = stepper.room('field');
  const [seat] = room.seats;
  const { line } = seat;
  line!.move('wss://b.example');
  line!.move('wss://c.example');
  line!.send(new Uint8Array([0x91, 12]));
  await stepper.advance(20);
  const moved = player.frames.filter((frame) => frame[1] === FrameType.Moved);
  expect(moved.map(movedTo)).toEqual([{ url: 'wss://b.example', ticket: '' }]);
  expect(stepper.server.edge.tally.moved).toBe(1);
  expect(stepper.server.edge.connections.size).toBe(0);
  expect([...room.seats]).toEqual([seat]);
});
