// The README's game played without a browser: its own server process, its own declaration, and a
// client in Node over ws.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@tickwire/client';
import { type ServerProcess, startServer } from '@tickwire/kit/server-process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { squares } from '../src/game.ts';

const SERVER = fileURLToPath(new URL('../src/server.ts', import.meta.url));

let folder: string;
let server: ServerProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'squares-'));
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist', 'index.html'), '<title>squares</title>');
  server = await startServer(folder, [SERVER], { PORT: '0', HOST: '127.0.0.1' });
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function player(push: { x: number; y: number }) {
  const { url } = server;
  return connect(squares, { url, room: 'field', WebSocket, sample: () => ({ push }) });
}

type Player = Awaited<ReturnType<typeof player>>;

/** Looks at the games once a frame until `holds`; the test's timeout ends it if it never does. */
async function until(games: readonly Player[], holds: () => boolean): Promise<void> {
  for (;;) {
    for (const game of games) game.view();
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 16));
  }
}

test('squares is played headless: it moves, is seen by others and picks up coins', async () => {
  const push = { x: 0, y: 0 };
  const ada = await player(push);
  const bob = await player({ x: 0, y: 1 });
  expect(bob.room).toBe(ada.room);
  const here = () => ada.view().mine('player')?.position;
  const coin = () => [...bob.view().all('coin')][0].position;
  await until([ada, bob], () => here() !== undefined && [...bob.view().all('coin')].length === 1);
  expect({ ...coinAt(coin()) }).toEqual({ x: 80, y: 320 });

  push.x = -1;
  await until([ada, bob], () => Math.abs(coin().x - 80) > 1);
  expect(here()!.x).toBeLessThan(120);
  expect(here()!.y).toBe(320);
  const id = ada.view().mine('player')!.id;
  await until([ada, bob], () => (bob.view().get('player', id)?.position.x ?? 640) < 120);
  expect(bob.view().mine('player')!.position.y).toBeGreaterThan(320);
  // The wall stops it: the step clamps to the declared range.
  await until([ada, bob], () => here()!.x === 0);
  ada.leave();
  await until([bob], () => bob.view().get('player', id) === undefined);
  bob.leave();
});

function coinAt({ x, y }: { x: number; y: number }) {
  return { x, y };
}
