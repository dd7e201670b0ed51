// The arena's rooms over real sockets, with clients in Node: joining, talking, renaming, leaving.
// Movement and bots have tests of their own; what a page makes of a room is tested in a browser.

import { connect, type GameClient } from '@tickwire/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { arena } from '../src/game.ts';
import { MAX_HP, VIEW_RADIUS } from '../src/rules.ts';
import { runArena } from '../src/server.ts';

type Client = GameClient<typeof arena>;

/** Longest wait for something to be shown, ms: a join and a few ticks on a busy machine. */
const PATIENCE = { timeout: 10_000, interval: 20 };

const idle = { dx: 0, dy: 0, aim: 0, fire: false, rocket: false, dash: false };

describe('a room of the arena', () => {
  let server: Awaited<ReturnType<typeof runArena>>;
  const clients: Client[] = [];

  async function join(name: string, room: string): Promise<Client> {
    const url = `ws://127.0.0.1:${server.port}`;
    const client = await connect(arena, { url, room, token: name, WebSocket, sample: () => idle });
    clients.push(client);
    return client;
  }

  const names = (client: Client): string[] =>
    [...client.view().all('card')].map((card) => card.name).sort();

  beforeAll(async () => {
    server = await runArena({ bots: 3, port: 0, host: '127.0.0.1' });
  });

  afterAll(async () => {
    for (const client of clients) client.leave();
    await server.close();
  });

  it('gives everyone a ship in sight of the others, a card, and a name of their own', async () => {
    const ada = await join('Ada', 'friends');
    const other = await join('Ada', ada.room);
    await vi.waitFor(() => expect(names(ada)).toEqual(['Ada', 'Ada 2']), PATIENCE);
    await vi.waitFor(() => expect([...ada.view().all('player')]).toHaveLength(2), PATIENCE);
    const [one, two] = [...ada.view().all('player')];
    expect(Math.hypot(one.x - two.x, one.y - two.y)).toBeLessThan(VIEW_RADIUS);
    expect(one.hp).toBe(MAX_HP);
    expect(one.hue).not.toBe(two.hue);
    other.leave();
    await vi.waitFor(() => expect(names(ada)).toEqual(['Ada']), PATIENCE);
  });

  it('tells only the owner of velocity and weapons', async () => {
    const ada = await join('Owner', 'friends');
    const bob = await join('Watcher', ada.room);
    await vi.waitFor(() => expect(names(bob)).toContain('Owner'), PATIENCE);
    const id = ada.view().mine('player')!.id;
    await vi.waitFor(() => expect(bob.view().get('player', id)).toBeDefined(), PATIENCE);
    expect(bob.view().get('player', id)?.gunWait).toBeUndefined();
    expect(ada.view().mine('player')?.gunWait).toBe(0);
  });

  it('passes chat on as text, cleaned, and says no to too much of it', async () => {
    const ada = await join('Talker', 'friends');
    const bob = await join('Listener', ada.room);
    const heard: string[] = [];
    bob.on('chat', ({ name, line }) => heard.push(`${name}: ${line}`));
    expect(await ada.call('chat', { line: ' <b>hi</b>\u202E ' })).toEqual({ ok: true, reason: '' });
    await vi.waitFor(() => {
      bob.view();
      expect(heard).toEqual(['Talker: <b>hi</b>']);
    }, PATIENCE);
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((number) => ada.call('chat', { line: `line ${number}` })),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(3);
    expect(answers.at(-1)?.reason).toMatch(/slow down/i);
    expect((await ada.call('chat', { line: ' \n ' })).ok).toBe(false);
  });

  it('renames, and keeps names apart', async () => {
    const ada = await join('Before', 'friends');
    const bob = await join('Taken', ada.room);
    expect(await ada.call('rename', { name: 'Taken' })).toEqual({ ok: true, reason: '' });
    await vi.waitFor(() => expect(names(bob)).toContain('Taken 2'), PATIENCE);
    expect(names(bob)).not.toContain('Before');
    expect((await ada.call('rename', { name: '\u200B' })).ok).toBe(false);
  });

  it('fills the public room with bots that fly', async () => {
    const ada = await join('Human', 'field');
    await vi.waitFor(() => expect(names(ada)).toHaveLength(4), PATIENCE);
    const before = new Map(
      [...ada.view().all('card')].map((card) => [card.id, `${card.radarX} ${card.radarY}`]),
    );
    await vi.waitFor(() => {
      const moved = [...ada.view().all('card')].filter(
        (card) => card.bot && before.get(card.id) !== `${card.radarX} ${card.radarY}`,
      );
      expect(moved.length).toBeGreaterThan(0);
    }, PATIENCE);
  });
});
