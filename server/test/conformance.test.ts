// One table of what peers may send, over both transports: each case is sent over a raw socket and
// what both sides saw is compared with the table, which says where the transports differ.
// docs/conformance.md lists those differences and is compared as well. Run with both files of
// uwebsockets 3.0.6 (.ci/newer-uws), so that none of their differences is met by surprise.

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { loadUws } from '../src/uws-package.ts';
import { FRAME_CASES, type FrameCase, MAX_FRAME_BYTES, pattern } from './conformance-frames.ts';
import { REQUEST_CASES, type RequestCase } from './conformance-requests.ts';
import { BINARY, CLOSE, type Frame, frame, PING, PONG, RawSocket } from './raw-socket.ts';
import { closeServers, TestServer, TRANSPORTS } from './test-server.ts';

afterEach(closeServers);

type Make = (typeof TRANSPORTS)[number]['make'];

/** The last frame of each case, whose pong says that the line still stands. */
const PROBE = 'still there?';

/** One frame of the server as the table spells it. */
function spelt({ opcode, payload, fin }: Frame): string {
  if (!fin) return 'a fragment';
  if (opcode === CLOSE) return `close ${payload.length >= 2 ? payload.readUInt16BE(0) : 1005}`;
  const kind = opcode === BINARY ? 'binary' : opcode === PONG ? 'pong' : `opcode ${opcode}`;
  const same = payload.equals(pattern(payload.length));
  return `${kind} ${payload.length}${same ? '' : ' changed'}`;
}

async function seenOf(make: Make, { writes }: FrameCase): Promise<string> {
  const server = await TestServer.start(make, {}, { maxFrameBytes: MAX_FRAME_BYTES });
  const raw = await RawSocket.open(server.port);
  for (const bytes of writes) {
    raw.write(bytes);
    await new Promise(setImmediate);
  }
  raw.write(frame(PING, PROBE));
  const peer: string[] = [];
  let end = 'cut';
  for (let next = await raw.frame(); next; next = await raw.frame()) {
    const probed = next.opcode === PONG && next.payload.equals(Buffer.from(PROBE));
    if (probed || next.opcode === CLOSE) {
      end = probed ? 'open' : spelt(next);
      break;
    }
    peer.push(spelt(next));
  }
  if (end !== 'open') await server.seen(/^close/);
  // Without `open`, the ping of the probe, and the words of a close.
  const told = server.log.slice(1, end === 'open' ? -1 : undefined);
  const codes = told.map((line) => line.replace(/^(close \d+).*/, '$1'));
  raw.destroy();
  return `${[...peer, end].join(', ')}; ${codes.join(', ')}`;
}

/** Three answers to others: the loop has been round, and what came before was read. */
async function roundTrips(port: number): Promise<'waits'> {
  for (let round = 0; round < 3; round++) {
    const other = await RawSocket.connect(port);
    other.write('GET /other HTTP/1.1\r\nHost: a\r\n\r\n');
    await other.head();
    other.destroy();
  }
  return 'waits';
}

async function answerOf(make: Make, { writes }: RequestCase): Promise<string> {
  let took = '';
  const server = await TestServer.start(make, {
    http: async ({ path }) => {
      if (path !== '/other') took = 'took ';
      return { status: 200 };
    },
  });
  const raw = await RawSocket.connect(server.port);
  const head = raw.head();
  let answer: 'waits' | number = 'waits';
  for (const bytes of writes) {
    raw.write(bytes);
    answer = await Promise.race([head.then(({ status }) => status), roundTrips(server.port)]);
  }
  raw.destroy();
  return `${took}${answer}`;
}

/** The Node 20 file lacks what newer builds offer. */
const older = await loadUws().then(
  (uws) => {
    const app = (uws as { App(): { close(): void } }).App();
    app.close();
    return !('addChildAppDescriptor' in app);
  },
  () => false,
);

describe('the table', () => {
  test('has at least 59 cases of frames, each id once', () => {
    const ids = [...FRAME_CASES, ...REQUEST_CASES].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(FRAME_CASES.length).toBeGreaterThanOrEqual(59);
  });
});

for (const { name, make, missing } of TRANSPORTS) {
  const key = name as 'uws' | 'ws';
  const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    test.each(FRAME_CASES.map((one) => [one.id, one.title, one] as const))(
      '{S5, S7, S9, T8, T10} case %s: %s',
      async (_id, _title, one) => {
        expect(await seenOf(make, one)).toBe(one.seen[key]);
      },
    );

    test.each(REQUEST_CASES.map((one) => [one.id, one.title, one] as const))(
      '{S2, T15, T22} case %s: %s',
      async (_id, _title, one) => {
        const { answer } = one;
        const expected = (key === 'uws' && older && answer.older) || answer[key];
        expect(await answerOf(make, one)).toBe(expected);
      },
    );
  });
}

/** Rows of the document's tables, cell by cell. */
function tableRows(): string[][] {
  const text = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| *\d/.test(line));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** Cases that differ in the same way stand in one row. */
function grouped(cells: readonly [id: string, ...seen: string[]][]): string[][] {
  const groups = new Map<string, [string[], string[]]>();
  for (const [id, ...seen] of cells) {
    const [ids] = groups.get(seen.join('|')) ?? [[]];
    groups.set(seen.join('|'), [[...ids, id], seen]);
  }
  return [...groups.values()].map(([ids, seen]) => [ids.join(' '), ...seen]);
}

describe('docs/conformance.md', () => {
  test('lists every difference between the transports, and nothing else', () => {
    const frames = FRAME_CASES.filter(({ seen }) => seen.uws !== seen.ws);
    const requests = REQUEST_CASES.filter(
      ({ answer }) => answer.uws !== answer.ws || answer.older !== undefined,
    );
    expect(tableRows()).toEqual([
      ...grouped(frames.map(({ id, seen }) => [id, seen.uws, seen.ws])),
      ...requests.map(({ id, title, answer }) => [
        `${id} ${title}`,
        answer.older ?? answer.uws,
        answer.uws,
        answer.ws,
      ]),
    ]);
  });
});
