// The door in front of the shards: who comes in gets one that answers.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { openDoor } from '../src/server/door.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Answers what it is told, with its name, and closes. */
async function shard(name: string): Promise<Server> {
  const server = createServer((visitor) => {
    visitor.once('data', (said) => visitor.end(`${name} heard ${said}`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return server;
}

async function open(...shards: Server[]): Promise<(said: string) => Promise<string>> {
  const door = await openDoor(0, shards.map(portOf));
  servers.push(door);
  return (said) => {
    const visitor = connect(portOf(door), '127.0.0.1');
    visitor.write(said);
    return text(visitor);
  };
}

test('visitors come to one shard after the other, and a dead one is passed over', async () => {
  const [one, other] = [await shard('one'), await shard('other')];
  const ask = await open(one, other);
  expect([await ask('a'), await ask('b')]).toEqual(['one heard a', 'other heard b']);
  one.close();
  expect([await ask('c'), await ask('d')]).toEqual(['other heard c', 'other heard d']);
});

test('who finds no shard is not kept waiting, and who breaks off breaks nothing else', async () => {
  const one = await shard('one');
  const ask = await open(one);
  const rude = connect(portOf(servers.at(-1)!), '127.0.0.1');
  await once(rude, 'connect');
  rude.resetAndDestroy();
  expect(await ask('a')).toBe('one heard a');
  one.close();
  expect(await ask('b')).toBe('');
});
