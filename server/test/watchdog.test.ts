// A room that never returns, in a real process: who ends it, what is said of it, and how its
// players come back. Trap: each wait is for an event; nothing here measures time.
import { once } from 'node:events';
import { connect, type GameClient } from '@tickwire/client';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { serve } from '../src/index.ts';
import { createMemoryTransport } from '../src/memory-transport.ts';
import { arcade } from './arcade.ts';
import { game, TOKEN } from './looping-server.ts';
import { freePort } from './ports.ts';
import { Program, stopPrograms } from './program.ts';
import { TRANSPORTS } from './test-server.ts';

type Client = GameClient<typeof game>;

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  await stopPrograms();
});

async function start(file: string, transport: string): Promise<Program> {
  const port = await freePort();
  const program = new Program(file, { PORT: String(port), TRANSPORT: transport });
  program.port = port;
  await program.said(/listening on/);
  return program;
}

function join(program: Program, room: string): Promise<Client> {
  const url = `ws://127.0.0.1:${program.port}`;
  return connect(game, { url, room, WebSocket: WebSocket as never, sample: () => ({}) });
}

/** The watchdog's line. */
function reportOf(program: Program): {
  room?: string;
  level: number;
  stack: string[];
  msg: string;
} {
  const line = program.err.split('\n').find((text) => text.includes('has not returned'));
  if (!line) throw new Error(`no report:\n${program.err}`);
  return JSON.parse(line);
}

/** Of a room, as its own state says. */
async function processOf(client: Client, other = 0): Promise<number> {
  for (;;) {
    const pid = client.view().state?.process ?? 0;
    if (pid !== 0 && pid !== other) return pid;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a room that never returns', () => {
  test.each([
    ['loop', 'a command', /^room loud-/, 'room loud-'],
    ['tick', 'a tick', /^room loud-/, 'room loud-'],
    ['later', 'a timer of its own', /^code outside of a hook/, undefined],
  ] as const)('{T62} %s: the process ends, and says where %s stood', async (how, _, says, room) => {
    const program = await start('./looping-server.ts', 'ws');
    const client = await join(program, 'loud');
    clients.push(client);
    client.call('hang', { how }).catch(() => {});
    const [code] = await once(program.process, 'close');
    expect(code).toBe(124);
    const report = reportOf(program);
    expect(report.level).toBe(60);
    expect(report.msg).toMatch(says);
    if (room) expect(report.room).toContain('loud-');
    expect(report.stack[0]).toMatch(/^loopForEver \(file:.*looping-server\.ts:\d+:\d+\)$/);
  });

  test('{T62} of a shard is told of before its parent ends the process', async () => {
    const port = await freePort();
    // As long as a shard may stand still.
    const environment = { PORT: String(port), TRANSPORT: 'ws', HANG_MS: '2000' };
    const args = ['serve', 'server/test/looping-server.ts', '--shards', '1'];
    const program = new Program('../src/cli.ts', environment, args);
    program.port = port;
    await program.said(/is up/);
    const client = await join(program, 'loud');
    clients.push(client);
    const before = await processOf(client);
    client.call('hang', { how: 'loop' }).catch(() => {});
    await program.until(() => program.lines.some(({ why }) => why !== undefined));
    expect(program.lines.find(({ why }) => why)).toMatchObject({ why: 'hung', code: 124 });
    expect(reportOf(program).room).toMatch(/^loud-/);
    expect(() => process.kill(before, 0)).toThrow('ESRCH');
  });

  for (const { name, missing } of TRANSPORTS) {
    const skipped = missing ? ` (skipped: ${missing})` : '';
    test.skipIf(missing !== undefined)(
      `{T62} over ${name}: all come back by themselves to a new process${skipped}`,
      async () => {
        const program = await start('./supervised-server.ts', name);
        const bystander = await join(program, 'quiet');
        const attacker = await join(program, 'loud');
        clients.push(bystander, attacker);
        const before = await processOf(bystander);
        expect(await processOf(attacker)).toBe(before);
        attacker.call('hang', { how: 'loop' }).catch(() => {});
        const after = await processOf(bystander, before);
        expect(await processOf(attacker, before)).toBe(after);
        expect(reportOf(program).room).toMatch(/^loud-/);
        const headers = { authorization: `Bearer ${TOKEN}` };
        const scraped = await fetch(`http://127.0.0.1:${program.port}/metrics`, { headers });
        const text = await scraped.text();
        expect(text).toContain('tickwire_restarts_total{why="hung"} 1');
        expect(text).toContain('tickwire_restarts_total{why="died"} 0');
      },
    );
  }
});

describe('a supervisor', () => {
  test('passes a signal down, once, and ends with what the server ended with', async () => {
    const program = await start('./supervised-server.ts', 'ws');
    const client = await join(program, 'quiet');
    clients.push(client);
    const pid = await processOf(client);
    expect(await program.stop()).toBe(0);
    expect(program.out.match(/"msg":"closing"/g)).toHaveLength(1);
    expect(program.out).toContain('"msg":"closed"');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('that is killed takes its server along', async () => {
    const program = await start('./supervised-server.ts', 'ws');
    program.process.kill('SIGKILL');
    await once(program.process.stdout!, 'close');
    expect(program.out).toContain('"msg":"closed"');
  });
});

test('the watchdog wants half a second or more, or Infinity', async () => {
  const options = { rooms: { field: arcade() }, signals: false, log: 'silent' } as const;
  for (const hangMs of [0, 499, Number.NaN]) {
    const transport = createMemoryTransport();
    await expect(serve({ ...options, transport, limits: { hangMs } })).rejects.toThrow(
      `limits.hangMs: ${hangMs}: wants a whole number in 500..2147483647, or Infinity`,
    );
  }
  const transport = createMemoryTransport();
  const limits = { hangMs: Number.POSITIVE_INFINITY };
  await (await serve({ ...options, transport, limits })).close();
});
