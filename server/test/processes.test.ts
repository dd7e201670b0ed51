// What becomes of players when the process of their server ends, politely or not, and what becomes
// of the process when it has no file left for one more line. Real processes and sockets of both
// transports; every wait is for an event.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Status } from '@tickwire/client';
import { afterEach, describe, expect, test } from 'vitest';
import { joinPort, type LivePlayer, leaveAll } from './live-players.ts';
import { RawSocket } from './raw-socket.ts';
import { TRANSPORTS } from './test-server.ts';

interface Report {
  refusals: Record<string, number>;
  cpuMs: number;
  nowMs: number;
}

/** Open files of a process that are soon too few (HOSTILE S48). */
const FILES = 120;
/** Ticks that those who play on are watched for. */
const WATCHED_TICKS = 60;
/** An accept loop that spins takes two thirds of a core; two players take a tenth. */
const SPINNING = 0.5;
const PROGRAM = fileURLToPath(new URL('./child-server.ts', import.meta.url));

const children: ChildProcess[] = [];
const lines: RawSocket[] = [];
afterEach(async () => {
  leaveAll();
  for (const line of lines.splice(0)) line.destroy();
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

/** A server in a process of its own; `files`: how many it may have open. */
async function start(transport: string, port = 0, files?: number) {
  const flags = ['--conditions=source', '--import', import.meta.resolve('tsx'), PROGRAM];
  const command = [process.execPath, ...flags];
  if (files) command.unshift('prlimit', `--nofile=${files}`);
  const env = { ...process.env, TRANSPORT: transport, LISTEN: String(port) };
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  const child = spawn(command[0]!, command.slice(1), { env, stdio: [...stdio] });
  children.push(child);
  const [ready] = (await once(child, 'message')) as [{ port: number }];
  return { child, port: ready.port };
}

async function reportOf(child: ChildProcess): Promise<Report> {
  child.send('report');
  const [report] = await once(child, 'message');
  return report as Report;
}

/** Resolves when it holds at a status of the client. */
function comes(client: LivePlayer, holds: (status: Status) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.onStatus((status) => {
      if (!holds(status)) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
}

/** Resolves when the server stepped so many more ticks with the client. */
async function plays(client: LivePlayer, ticks: number): Promise<void> {
  const until = client.stats.ticks + ticks;
  while (client.stats.ticks < until) {
    client.view();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing ? ` (skipped: ${missing})` : '';
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    test.each([
      ['SIGTERM', 'the server restarts'],
      ['SIGKILL', undefined],
    ] as const)('{S20} %s: players come back to the next', async (signal, why) => {
      const { child, port } = await start(name);
      const statuses: Status[] = [];
      const client = await joinPort(port, statuses);
      await plays(client, 10);
      child.kill(signal);
      await once(child, 'exit');
      expect(signal === 'SIGTERM' ? child.exitCode : child.signalCode).toBe(
        signal === 'SIGTERM' ? 0 : 'SIGKILL',
      );
      await comes(client, ({ state }) => state === 'resuming');
      await start(name, port);
      await comes(client, (status) => status.state === 'live' && status.fresh);
      await plays(client, 10);
      const resuming = statuses.find(({ state }) => state === 'resuming')!;
      if (why) expect(resuming).toMatchObject({ reason: why });
      expect(client.view().mine('ship')?.owner).toBe(client.seat);
      expect(statuses.at(-1)).toMatchObject({ state: 'live', fresh: true });
    });

    test('{S48, T16} out of files: who plays plays on, new ones wait for space', async () => {
      const { child, port } = await start(name, 0, FILES);
      const statuses: Status[] = [];
      const player = await joinPort(port, statuses);
      await plays(player, 10);
      const before = await reportOf(child);
      for (let i = 0; i < 2 * FILES; i++) lines.push(await RawSocket.connect(port));
      await plays(player, WATCHED_TICKS);
      const after = await reportOf(child);
      expect(readdirSync(`/proc/${child.pid}/fd`).length).toBeLessThan(FILES);
      const core = (after.cpuMs - before.cpuMs) / (after.nowMs - before.nowMs);
      expect(core).toBeLessThan(SPINNING);
      expect(after.refusals.lines).toBeGreaterThan(FILES / 2);
      expect(statuses.map(({ state }) => state)).toEqual(['live']);
      for (const line of lines.splice(0)) line.destroy();
      const late = await joinPort(port);
      await plays(late, 10);
      expect(late.view().mine('ship')?.owner).toBe(late.seat);
    });
  });
}
