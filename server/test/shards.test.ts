// Several shards of one machine in real processes: what a player, a signal and a directory see of
// them when one falls, when all drain, and when none can start. Trap: each wait is for an event;
// what must be soon is shown with a clock of its own in parent-directory.test.ts.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Status } from '@tickwire/client';
import { UsageError } from '@tickwire/protocol';
import pino from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Shards, type ShardsOptions } from '../src/shards.ts';
import { joinPort, type LivePlayer, leaveAll } from './live-players.ts';
import { freePorts } from './ports.ts';
import { Program, SOURCE_FLAGS, stopPrograms } from './program.ts';
import type { LogLine } from './stepper.ts';
import { TRANSPORTS } from './test-server.ts';

/** What a shard sees of the directory. */
interface View {
  pid: number;
  port: number;
  shards: string[];
  owned: string[];
  /** Rooms of players. */
  playing: number;
}

const FILE = './shards-server.ts';
afterEach(async () => {
  vi.unstubAllEnvs();
  leaveAll();
  await stopPrograms();
});

/** Resolves when the server stepped so many more ticks with the client. */
async function plays(client: LivePlayer, ticks: number): Promise<void> {
  const until = client.stats.ticks + ticks;
  while (client.stats.ticks < until) {
    client.view();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function ticketAt(port: number): Promise<{ url: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/rooms/field`, { method: 'POST' });
  return (await answer.json()) as { url: string };
}

/** What each process saw last, the oldest process first. */
function viewsOf(program: Program): View[] {
  const views = program.lines.filter((line) => 'owned' in line) as unknown as View[];
  return [...new Map(views.map((view) => [view.pid, view])).values()];
}

/** The views of so many shards, once each sees itself and the others, and all that they own. */
async function agreed(program: Program, count: number, ...gone: number[]): Promise<View[]> {
  const living = () => viewsOf(program).filter(({ pid }) => !gone.includes(pid));
  await program.until(() => {
    const views = living();
    const shards = views.map(({ pid }) => `shard-${pid}`).sort();
    const owned = views.map(({ pid }) => `room-${pid}`).sort();
    const same = (view: View) => `${view.shards}|${view.owned}` === `${shards}|${owned}`;
    return views.length === count && views.every(same);
  });
  return living();
}

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing ? ` (skipped: ${missing})` : '';
  test.skipIf(missing !== undefined)(
    `over ${name}: one that is killed is back on its port, and its rooms go on meanwhile${skipped}`,
    async () => {
      const program = new Program(FILE, { SHARDS: '2', PORT: '0', TRANSPORT: name });
      const ports = (await agreed(program, 2)).map(({ port }) => port);
      expect(ports[0]).not.toBe(ports[1]);
      const statuses: Status[][] = [[], []];
      const client = await joinPort(ports[0], statuses[0]);
      const asked = ports.map((port) => ticketAt(port));
      const urls = (await Promise.all(asked)).map(({ url }) => url);
      expect(new Set(urls).size).toBe(1);
      expect(ports.map((port) => `http://127.0.0.1:${port}`)).toContain(urls[0]);
      // One of them is sent on, or both are: there is one room.
      const second = await joinPort(ports[1], statuses[1]);
      expect(second.room).toBe(client.room);
      await program.until(() => viewsOf(program).some(({ playing }) => playing > 0));
      const [one, other] = viewsOf(program).sort((a, b) => b.playing - a.playing);
      for (const player of [client, second]) await plays(player, 10);
      const seats = [client.seat, second.seat];
      process.kill(one.pid, 'SIGKILL');
      const now = await agreed(program, 2, one.pid);
      expect(now.map(({ port }) => port).sort()).toEqual(ports.sort());
      expect(now.map(({ pid }) => pid)).toContain(other.pid);
      const isBack = (of: Status[]) => of.length > 1 && of.at(-1)!.state === 'live';
      while (!statuses.every(isBack)) await new Promise((resolve) => setTimeout(resolve, 10));
      for (const of of statuses) expect(of.at(-1)).toMatchObject({ state: 'live', fresh: false });
      for (const player of [client, second]) await plays(player, 10);
      expect([client.seat, second.seat]).toEqual(seats);
      expect(second.room).toBe(client.room);
      const restart = program.lines.find((line) => line.why === 'died');
      expect(restart).toMatchObject({ signal: 'SIGKILL', died: 1, hung: 0 });
    },
  );
}

describe('shards', () => {
  test('are ended where they stand still, and their rooms go on', async () => {
    const program = new Program(FILE, { SHARDS: '2', PORT: '0' });
    const [one] = await agreed(program, 2);
    const statuses: Status[] = [];
    const client = await joinPort(one.port, statuses);
    await program.until(() => viewsOf(program).some(({ playing }) => playing > 0));
    const { pid } = viewsOf(program).find(({ playing }) => playing > 0)!;
    await plays(client, 10);
    const { seat, room } = client;
    process.kill(pid, 'SIGSTOP');
    await agreed(program, 2, pid);
    while (statuses.at(-1)!.state !== 'live' || statuses.length === 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await plays(client, 10);
    expect(statuses.at(-1)).toMatchObject({ state: 'live', fresh: false });
    expect([client.seat, client.room]).toEqual([seat, room]);
    expect(program.out).toContain('stands still: it is ended');
  });

  test('are replaced one by one on SIGTERM, and no player loses his seat', async () => {
    const program = new Program(FILE, { SHARDS: '2', PORT: '0' });
    const first = await agreed(program, 2);
    const statuses: Status[] = [];
    const client = await joinPort(first[0].port, statuses);
    await plays(client, 10);
    const { seat, room } = client;
    const gone: number[] = [];
    for (const { pid } of first) {
      process.kill(pid, 'SIGTERM');
      gone.push(pid);
      await agreed(program, 2, ...gone);
      await plays(client, 10);
    }
    expect([client.seat, client.room]).toEqual([seat, room]);
    expect(statuses.filter((status) => status.state === 'live' && status.fresh)).toEqual([]);
    // Nothing fell: that was asked for.
    const restarts = program.lines.filter(({ why }) => why !== undefined);
    expect(restarts.map(({ why, code, died }) => [why, code, died])).toEqual([
      ['closed', 0, 0],
      ['closed', 0, 0],
    ]);
    const now = viewsOf(program).slice(-2);
    expect(now.map(({ port }) => port).sort()).toEqual(first.map(({ port }) => port).sort());
  });

  test('drain on SIGTERM, say which they are, and leave nobody behind', async () => {
    const port = await freePorts(2);
    const program = new Program(FILE, { SHARDS: '2', PORT: String(port) });
    const views = await agreed(program, 2);
    expect(views.map((view) => view.port).sort()).toEqual([port, port + 1]);
    await joinPort(views[0].port, []);
    expect(await program.stop()).toBe(0);
    const closed = program.lines.filter(({ msg }) => msg === 'closed');
    expect(closed.map(({ shard }) => shard).sort()).toEqual([0, 1]);
    expect(program.lines.filter(({ msg }) => msg === 'closing')).toHaveLength(3);
    expect(views.filter(({ pid }) => !isGone(pid))).toEqual([]);
  });

  test('end at once when they are told twice', async () => {
    const program = new Program(FILE, { SHARDS: '2', PORT: '0' });
    const [{ pid }] = await agreed(program, 2);
    // A process that is stopped keeps a SIGTERM for later: this one never closes by itself.
    process.kill(pid, 'SIGSTOP');
    // Two signals at once are one, passed on by somebody; later it is another.
    program.process.kill('SIGINT');
    program.process.kill('SIGTERM');
    await program.until(() => program.lines.some(({ msg }) => msg === 'closed'));
    expect(program.process.exitCode).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 600));
    program.process.kill('SIGINT');
    await program.closed;
    expect(program.process.exitCode).toBe(1);
    expect(program.lines.filter(({ msg }) => msg === 'closed')).toHaveLength(1);
  });

  test('close when their parent is killed', async () => {
    const program = new Program(FILE, { SHARDS: '2', PORT: '0' });
    const views = await agreed(program, 2);
    for (const { port } of views) await joinPort(port, []);
    program.process.kill('SIGKILL');
    await program.closed;
    const closed = program.lines.filter(({ msg }) => msg === 'closed');
    expect(closed.map(({ shard }) => shard).sort()).toEqual([0, 1]);
  });

  test('are given up, with the reason, where one of them can never start', async () => {
    const port = await freePorts(2);
    const taken = createServer();
    await once(taken.listen(port + 1, '127.0.0.1'), 'listening');
    const program = new Program(FILE, { SHARDS: '2', PORT: String(port) });
    await program.closed;
    taken.close();
    expect(program.process.exitCode).toBe(1);
    expect(program.err).toContain(`shard 1 ended 5 times before it listened: port ${port + 1}`);
    const starts = program.lines.filter((line) => line.shard === 1 && line.why === 'died');
    expect(starts.map(({ waitMs }) => waitMs)).toEqual([250, 500, 1000, 2000]);
  });
});

test('in production they want a name that players can be sent to', async () => {
  const program = new Program(FILE, { SHARDS: '2', PORT: '0', NODE_ENV: 'production' });
  await program.closed;
  expect(program.process.exitCode).toBe(1);
  expect(program.err).toContain('shards send players to each other: give publicUrl');
});

describe('a parent', () => {
  const lines: LogLine[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const options: ShardsOptions = {
    count: 2,
    command: [...SOURCE_FLAGS, fileURLToPath(new URL(FILE, import.meta.url))],
    closeMs: 200,
    signals: false,
    log: pino({ base: undefined }, { write }),
  };

  test('knows where its shards listen, and ends the one that does not close', async () => {
    vi.stubEnv('PORT', '0');
    const shards = await Shards.start(options);
    expect(shards.urls).toEqual(shards.ports.map((port) => `http://127.0.0.1:${port}`));
    expect([shards.port, shards.url]).toEqual([shards.ports[0], shards.urls[0]]);
    const pids = lines.flatMap(({ pid }) => (typeof pid === 'number' ? [pid] : []));
    expect(pids).toHaveLength(2);
    // A process that is stopped keeps a SIGTERM for later.
    process.kill(pids[0], 'SIGSTOP');
    await shards.close();
    await shards.close();
    expect(pids.filter((pid) => !isGone(pid))).toEqual([]);
    expect(lines.filter(({ msg }) => /have not closed/.test(msg ?? ''))).toHaveLength(1);
  });

  test('keeps no shard alive that has closed and had a directory of its own', async () => {
    lines.length = 0;
    const file = fileURLToPath(new URL('./closing-shard.ts', import.meta.url));
    const command = [...SOURCE_FLAGS, file];
    const shards = await Shards.start({ ...options, count: 1, command });
    const closed = () => expect(lines.filter(({ why }) => why === 'closed')).toHaveLength(1);
    await vi.waitFor(closed, 10_000).finally(() => shards.close());
  });

  test('gives up at once where an option of the script is wrong', async () => {
    vi.stubEnv('PORT', '0');
    vi.stubEnv('TICKET_KEY', 'short');
    lines.length = 0;
    await expect(Shards.start(options)).rejects.toThrow(
      /^shard \d can never start: ticketKey: 5 bytes/,
    );
    expect(lines.filter(({ why }) => why !== undefined)).toEqual([]);
  });

  test.each([
    ['none', { count: 0 }],
    ['half of one', { count: 1.5 }],
    ['a thousand', { count: 1000 }],
  ])('refuses %s', async (_, more) => {
    await expect(Shards.start({ ...options, ...more })).rejects.toThrow(UsageError);
  });
});
