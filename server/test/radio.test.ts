// What rooms say to each other, in one process and over several.

import { afterEach, expect, test, vi } from 'vitest';
import { arcade } from './arcade.ts';
import { Deployment } from './deployment.ts';
import { Stepper } from './stepper.ts';

let stepper: Stepper | undefined;
let deployment: Deployment | undefined;
afterEach(async () => {
  await stepper?.close();
  await deployment?.close();
  stepper = deployment = undefined;
});

/** Rooms that write down what they hear, as `who heard what`. */
function gossips() {
  const heard: string[] = [];
  const field = arcade({
    hears: {
      news: (room, data: { text: string }) => void heard.push(`${room.id} ${data.text}`),
    },
  });
  return { heard, field };
}

test('all other rooms hear, in order, and none of them within a tick', async () => {
  const heard: string[] = [];
  let inTick = false;
  const speaker = arcade({
    hears: { news: () => void heard.push('itself') },
    tick(room) {
      inTick = true;
      if (room.tick < 3) room.publish('news', { text: `tick ${room.tick}` });
      room.publish('nobody', 1);
      inTick = false;
    },
  });
  const hears = {
    news: (room: { id: string }, { text }: { text: string }) =>
      void heard.push(`${room.id} ${text}${inTick ? ' within' : ''}`),
  };
  stepper = await Stepper.start({ rooms: { speaker, field: arcade({ hears }) } });
  const ids = [];
  for (let i = 0; i < 2; i++) ids.push((await stepper.server.shard.open('field')).id);
  await stepper.server.shard.open('speaker');
  await stepper.advance(200);
  const [a, b] = ids;
  expect(heard).toEqual([`${a} tick 1`, `${b} tick 1`, `${a} tick 2`, `${b} tick 2`]);
});

test('a room that is over hears no more, and data comes as a copy', async () => {
  const { heard, field } = gossips();
  stepper = await Stepper.start({ rooms: { field } });
  const [a, b] = [
    await stepper.server.shard.open('field'),
    await stepper.server.shard.open('field'),
  ];
  const data = { text: 'first' };
  a.publish('news', data);
  data.text = 'changed';
  await stepper.advance(40);
  b.close('done');
  a.publish('news', { text: 'second' });
  await stepper.advance(40);
  expect(heard).toEqual([`${b.id} first`]);
});

test('what cannot travel is a mistake of the game that is told', async () => {
  const { field } = gossips();
  stepper = await Stepper.start({ rooms: { field } });
  const room = await stepper.server.shard.open('field');
  expect(() => room.publish('a b', 1)).toThrow("publish('a b')");
  expect(() => room.publish('news', new Map())).toThrow("publish('news')");
  expect(() => room.publish('news', 'x'.repeat(20_000))).toThrow('bytes');
});

test('rooms of other shards hear, and lies on the channel are let go', async () => {
  const { heard, field } = gossips();
  deployment = new Deployment({ field });
  const [a, b] = [await deployment.add(), await deployment.add()];
  const [here, there] = [await a.server.shard.open('field'), await b.server.shard.open('field')];
  for (const lie of [[], [0xff], [0xa1, 0x61], [0xa1, 0x61, 0x91], [0x01, 0x02]])
    await deployment.directory.publish('room:news', Uint8Array.from(lie));
  here.publish('news', { text: 'hello' });
  await vi.waitFor(() => expect(heard).toEqual([`${there.id} hello`]));
});
