// What rooms say to each other, in one process and over several.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { DirectoryError, MemoryDirectory } from '../src/index.ts';
import { arcade } from './arcade.ts';
import { Deployment } from './deployment.ts';
import { closeOpened, opened } from './opened.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

afterEach(closeOpened);

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
  const stepper = opened(await Stepper.start({ rooms: { speaker, field: arcade({ hears }) } }));
  const ids = [];
  for (let i = 0; i < 2; i++) ids.push((await stepper.server.shard.open('field')).id);
  await stepper.server.shard.open('speaker');
  await stepper.advance(200);
  const [a, b] = ids;
  expect(heard).toEqual([`${a} tick 1`, `${b} tick 1`, `${a} tick 2`, `${b} tick 2`]);
});

test('a room that is over hears no more, and data comes as a copy', async () => {
  const { heard, field } = gossips();
  const stepper = opened(await Stepper.start({ rooms: { field } }));
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

test("what a room does to what it hears is no other room's business", async () => {
  const heard: string[] = [];
  const hears = {
    news: (_room: unknown, data: { words: string[] }) => {
      heard.push(data.words.join(' '));
      data.words.push('and more');
    },
  };
  const rooms = { field: arcade({ hears: hears as never }), speaker: arcade() };
  const stepper = opened(await Stepper.start({ rooms }));
  const { shard } = stepper.server;
  for (let i = 0; i < 3; i++) await shard.open('field');
  (await shard.open('speaker')).publish('news', { words: ['hello'] });
  await stepper.advance(40);
  expect(heard).toEqual(['hello', 'hello', 'hello']);
});

test('that messages are lost is told once, each time that the directory goes away', async () => {
  const directory = new MemoryDirectory({ now: () => EPOCH_MS });
  const publish = vi.spyOn(directory, 'publish');
  const { field } = gossips();
  const stepper = opened(await Stepper.start({ rooms: { field }, serve: { directory } }));
  const room = await stepper.server.shard.open('field');
  const says = async () => {
    for (let i = 0; i < 20; i++) room.publish('news', { text: 'hi' });
    await stepper.advance(40);
  };
  const away = () => publish.mockRejectedValue(new DirectoryError('unreachable', 'it is gone'));
  away();
  for (let i = 0; i < 3; i++) await says();
  publish.mockResolvedValue(undefined);
  await says();
  away();
  await says();
  const told = stepper.log.filter(({ msg }) => msg === 'messages between rooms are lost');
  expect(told).toMatchObject([{ channel: 'news' }, { channel: 'news' }]);
});

test('what cannot travel is a mistake of the game that is told', async () => {
  const { field } = gossips();
  const stepper = opened(await Stepper.start({ rooms: { field } }));
  const room = await stepper.server.shard.open('field');
  expect(() => room.publish('a b', 1)).toThrow("publish('a b')");
  expect(() => room.publish('a.b.c', 1)).toThrow("publish('a.b.c')");
  expect(() => room.subscribe('news')).toThrow('wants name.topic');
  expect(() => room.subscribe('olds.today')).toThrow('no handler hears.olds');
  expect(() => room.unsubscribe('toString.x')).toThrow('no handler hears.toString');
  expect(() => arcade({ hears: { 'news.today': () => {} } })).toThrow("hears['news.today']");
  expect(() => room.publish('news', new Map())).toThrow("publish('news')");
  expect(() => room.publish('news', 'x'.repeat(20_000))).toThrow('bytes');
});

test('rooms of other shards hear, and lies on the channel are let go', async () => {
  const { heard, field } = gossips();
  const deployment = opened(new Deployment({ field }));
  const [a, b] = [await deployment.add(), await deployment.add()];
  const [here, there] = [await a.server.shard.open('field'), await b.server.shard.open('field')];
  for (const lie of [[], [0xff], [0xa1, 0x61], [0xa1, 0x61, 0x91], [0x01, 0x02]])
    await deployment.directory.publish('room:news', Uint8Array.from(lie));
  here.publish('news', { text: 'hello' });
  await vi.waitFor(() => expect(heard).toEqual([`${there.id} hello`]));
});

describe('a topic', () => {
  /** Rooms that hear of parties, `name` as they are opened says of which. */
  function parties(...topics: readonly string[]) {
    const heard: string[] = [];
    const listener = arcade({
      open: (room) => {
        for (const topic of topics) room.subscribe(topic);
      },
      hears: {
        party: (room, text: string, { room: sender, channel }) =>
          void heard.push(`${room.id} ${channel} ${text} of ${sender}`),
      },
    });
    return { heard, listener };
  }

  test('is heard by those who subscribed to it, and by nobody else', async () => {
    const { heard, listener } = parties('party.1', 'party.2');
    const stepper = opened(await Stepper.start({ rooms: { listener } }));
    const { shard } = stepper.server;
    const [a, b] = [await shard.open('listener'), await shard.open('listener')];
    b.unsubscribe('party.1');
    b.subscribe('party.2');
    for (const channel of ['party.1', 'party.2', 'party.3', 'party']) a.publish(channel, 'hi');
    b.publish('party.1', 'yo');
    await stepper.advance(40);
    const all = [`${b.id} party hi of ${a.id}`, `${b.id} party.2 hi of ${a.id}`];
    expect(heard.sort()).toEqual([...all, `${a.id} party.1 yo of ${b.id}`].sort());
  });

  test('ends with the room, and with the last room what the directory is asked for', async () => {
    const directory = new MemoryDirectory({ now: () => EPOCH_MS });
    const listens = vi.spyOn(directory, 'subscribe');
    const { heard, listener } = parties('party.1');
    const stepper = opened(await Stepper.start({ rooms: { listener }, serve: { directory } }));
    const { shard } = stepper.server;
    const rooms = [await shard.open('listener'), await shard.open('listener')];
    expect(listens.mock.calls.map(([channel]) => channel)).toEqual(['room:party', 'room:party.1']);
    rooms[0].close('done');
    rooms[1].unsubscribe('party.1');
    rooms[0].subscribe('party.2');
    const last = await shard.open('listener');
    last.publish('party.1', 'x');
    last.publish('party.2', 'x');
    await stepper.advance(40);
    expect(heard).toEqual([]);
    expect(listens.mock.calls.map(([channel]) => channel).slice(2)).toEqual(['room:party.1']);
  });

  test('is one of a thousand of a room at most', async () => {
    const { listener } = parties();
    const stepper = opened(await Stepper.start({ rooms: { listener } }));
    const room = await stepper.server.shard.open('listener');
    for (let i = 0; i < 1_000; i++) room.subscribe(`party.${i}`);
    room.subscribe('party.0');
    expect(() => room.subscribe('party.more')).toThrow('1000 topics');
    room.unsubscribe('party.0');
    room.subscribe('party.more');
  });

  test('goes on with its room on another shard', async () => {
    const { heard, listener } = parties();
    const speaker = arcade();
    const deployment = opened(new Deployment({ field: listener, speaker }));
    const [a, b] = [await deployment.add(), await deployment.add()];
    const room = await a.server.shard.open('field');
    room.subscribe('party.7');
    const other = await b.server.shard.open('speaker');
    const moved = await a.server.close();
    expect(moved).toBeUndefined();
    expect(b.server.shard.rooms.get(room.id)?.contacts.topics).toEqual(new Set(['party.7']));
    other.publish('party.7', 'hello');
    await vi.waitFor(() => expect(heard).toEqual([`${room.id} party.7 hello of ${other.id}`]));
  });

  test('that the directory did not take is asked for again', async () => {
    const { heard, listener } = parties();
    const deployment = opened(new Deployment({ field: listener }));
    const [a, b] = [await deployment.add(), await deployment.add()];
    const [here, there] = [await a.server.shard.open('field'), await b.server.shard.open('field')];
    a.door.shut = true;
    here.subscribe('party.7');
    await new Promise((resolve) => setTimeout(resolve, 20));
    a.door.shut = false;
    await vi.waitFor(() => {
      there.publish('party.7', 'hello');
      expect(heard[0]).toBe(`${here.id} party.7 hello of ${there.id}`);
    });
  });
});
