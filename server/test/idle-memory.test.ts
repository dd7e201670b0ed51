// What a connection costs that does nothing, in user space: before its seat, and in it. A thousand
// of them in a server of its own, over both transports. Trap: bounds are three times what was
// measured, for a collector and an allocator keep what they like; what they find is a leak or a
// buffer for each connection, not a few words more.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { MsgpackWriter, PROTOCOL_VERSION, writeHello } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { game } from './arcade.ts';
import type { Answer, Memory, Question } from './idle-server.ts';
import { BINARY, frame, RawSocket } from './raw-socket.ts';
import { TRANSPORTS } from './test-server.ts';

const COUNT = 1000;
/** Opened before the first measure: code is compiled and tables have grown. */
const WARM = 100;

/** Of one connection, the most of several runs with uwebsockets 3.0.6 (both files) and ws 8.23. */
const MEASURED: Record<string, { unseated: Memory; seated: Memory }> = {
  uws: {
    unseated: { heapBytes: 1_900, residentBytes: 2_400 },
    seated: { heapBytes: 16_000, residentBytes: 19_100 },
  },
  ws: {
    unseated: { heapBytes: 5_600, residentBytes: 6_900 },
    seated: { heapBytes: 19_500, residentBytes: 24_300 },
  },
};

const children: ChildProcess[] = [];
const lines: RawSocket[] = [];
afterEach(async () => {
  for (const line of lines.splice(0)) line.destroy();
  for (const child of children.splice(0)) {
    child.disconnect();
    await once(child, 'exit');
  }
});

async function start(transport: string): Promise<{ child: ChildProcess; port: number }> {
  // A young heap that may not grow: else its growth is in what is resident.
  const memory = ['--expose-gc', '--max-semi-space-size=1'];
  const execArgv = [...memory, '--conditions=source', '--import', import.meta.resolve('tsx')];
  const env = { ...process.env, TRANSPORT: transport };
  const child = fork(new URL('./idle-server.ts', import.meta.url), { execArgv, env });
  children.push(child);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

async function ask(child: ChildProcess, question: Question) {
  child.send(question);
  const [answer] = (await once(child, 'message')) as [Extract<Answer, { memory: Memory }>];
  return answer;
}

function helloFrame(): Buffer {
  const out = new MsgpackWriter(64);
  const who = { credential: 0, secret: '', room: 'field', spectate: false } as const;
  writeHello(out, { version: PROTOCOL_VERSION, hash: game.hash, ...who });
  return frame(BINARY, out.bytes());
}

/** Opens `count` lines more. */
async function open(port: number, count: number): Promise<RawSocket[]> {
  const opened: RawSocket[] = [];
  for (let i = 0; i < count; i++) opened.push(await RawSocket.open(port));
  lines.push(...opened);
  return opened;
}

async function seat(waiting: readonly RawSocket[]): Promise<void> {
  for (const line of waiting) {
    line.write(helloFrame());
    // WELCOME.
    expect((await line.frame())?.opcode).toBe(BINARY);
  }
}

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(`{S49} over ${name}${skipped}`, () => {
    test('a connection without a seat is small, and so is one in it', async () => {
      const { child, port } = await start(name);
      await seat(await open(port, WARM));
      const before = await ask(child, 'run');
      const more = await open(port, COUNT);
      const unseated = await ask(child, 'memory');
      await seat(more);
      const seated = await ask(child, 'run');
      const sockets = [before, unseated, seated].map((answer) => answer.sockets);
      expect(sockets).toEqual([WARM, WARM + COUNT, WARM + COUNT]);
      for (const [how, after] of Object.entries({ unseated, seated })) {
        const measured = MEASURED[name][how as 'unseated' | 'seated'];
        for (const key of ['heapBytes', 'residentBytes'] as const) {
          const each = (after.memory[key] - before.memory[key]) / COUNT;
          if (key === 'heapBytes') expect(each, how).toBeGreaterThan(measured[key] / 3);
          expect(each, `${how}: ${key}`).toBeLessThan(3 * measured[key]);
        }
      }
    });
  });
}
