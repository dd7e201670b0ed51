// Events near what `sees` hides: a seat that gets no STATE, because its line broke or it says of
// none that it came, learns no more of them than one that looks on. Both ends in virtual time; the
// room emits one numbered event a tick near a ghost that hides when told to.

import { defineGame, fixed, int } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { defineRoom, type Limits } from '../src/index.ts';
import { Stepper } from './stepper.ts';

const game = defineGame({
  tickRate: 20,
  entities: { ghost: { x: fixed(-99, 99, 1 / 16), noise: int(0, 9999) } },
  events: { wail: { n: int(0, 9999) } },
});

/** Numbers of the events that happened while the ghost was hidden. */
let whileHidden: Set<number>;
let hidden: boolean;
let owner: number;

const haunted = defineRoom<typeof game>(game, {
  graceMs: 30_000,
  seats: 2,
  open(room) {
    room.spawn('ghost', { x: 1 });
  },
  tick(room) {
    for (const ghost of room.all('ghost')) {
      if (owner !== ghost.owner) room.give(ghost, room.seat(owner));
      ghost.noise = room.tick % 9999;
      if (hidden) whileHidden.add(room.tick);
      room.emit('wail', { n: room.tick }, { near: ghost });
    }
  },
  sees: () => !hidden,
});

let stepper: Stepper;
afterEach(() => stepper.close());

/** A player who hears, and what was heard. */
async function listener(limits: Partial<Limits> = {}) {
  whileHidden = new Set();
  hidden = false;
  owner = 0;
  stepper = await Stepper.start({ rooms: { field: haunted }, limits });
  const player = await stepper.join(game, { room: 'field' });
  const heard: number[] = [];
  player.client.on('wail', ({ n }) => void heard.push(n));
  const draw = stepper.every(20, () => void player.client.view());
  await stepper.advance(1000);
  return { player, heard, draw };
}

async function hideFor(ms: number): Promise<void> {
  hidden = true;
  await stepper.advance(ms);
  hidden = false;
}

describe('[S9] {T57} events near a row that sees hides', () => {
  test('do not wait for a seat whose line broke while it knew the row', async () => {
    const { player, heard } = await listener();
    player.offline = true;
    player.cut();
    const before = stepper.room('field').tick;
    await stepper.advance(200);
    await hideFor(600);
    await stepper.advance(200);
    player.offline = false;
    await stepper.advance(6000);
    expect(player.state).toBe('live');
    expect(heard.filter((n) => whileHidden.has(n))).toEqual([]);
    // Those that it might have seen did wait.
    expect(heard).toEqual(expect.arrayContaining([before + 1, before + 17]));
  });

  test('do not wait for a seat that acknowledges nothing', async () => {
    const { player, heard } = await listener({ slowSeatBytes: 1 });
    const [seat] = stepper.room('field').seats;
    player.stalled = true;
    await stepper.advance(400);
    const { skips } = seat;
    await hideFor(600);
    expect(seat.skips).toBeGreaterThan(skips);
    player.flow();
    await stepper.advance(3000);
    expect(player.state).toBe('live');
    expect(heard.filter((n) => whileHidden.has(n))).toEqual([]);
    expect(heard.length).toBeGreaterThan(whileHidden.size);
  });

  test('do not wait for a seat that knew nothing when it fell behind', async () => {
    const { player, heard } = await listener({ slowSeatBytes: 1 });
    hidden = true;
    await stepper.advance(2000);
    // What happens in the tick in which a row hides goes to those whom it stands before.
    const [first] = whileHidden;
    player.stalled = true;
    await stepper.advance(600);
    hidden = false;
    await stepper.advance(200);
    player.flow();
    await stepper.advance(3000);
    expect(player.state).toBe('live');
    expect(heard.filter((n) => n > first && whileHidden.has(n))).toEqual([]);
    expect(heard.length).toBeGreaterThan(whileHidden.size);
  });

  test('reach its owner all the same', async () => {
    const { player, heard } = await listener();
    owner = player.client.seat;
    await stepper.advance(200);
    player.offline = true;
    player.cut();
    await hideFor(600);
    player.offline = false;
    await stepper.advance(6000);
    expect(whileHidden.size).toBeGreaterThan(10);
    expect(heard).toEqual(expect.arrayContaining([...whileHidden]));
  });
});
