// Cars and ball of real matches as a shipped game's server told them, in 1/512 m and 9 bits of
// rotation; positions move by velocities of 1/32 m/s, spins are left out. The file's README has its
// format. A measurement, not a benchmark: between a body's updates nobody knows where it was, so it
// is carried on by its velocity.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { bool, defineGame, fixed, int, type Received } from '@tickwire/protocol';
import { defineRoom } from '@tickwire/server';
import { round } from './figures.ts';
import { median } from './wire-costs.ts';
import { WireRun } from './wire-run.ts';

/** The file counts in 1/100 uu, and 1 uu is 1 cm. */
const PER_METRE = 10_000;
const PLACE_STEP = 1 / 512;
const SPEED_STEP = 1 / 32;
/** Nothing in the arena comes farther or flies faster: metres, metres per second. */
const FARTHEST = 64;
const FASTEST = 64;
const HIGHEST = 32;
/** The file's rotations have 18 bits, ours 9. */
const FINE_LEVELS = 2 ** 18 - 1;
const COARSE_LEVELS = 2 ** 9 - 1;

const COLUMNS = ['frame', 'kind', 'slot', 'sleeping', 'x', 'y', 'z'] as const;
const ROTATION = ['largest', 'a', 'b', 'c'] as const;
const VELOCITY = ['vx', 'vy', 'vz'] as const;
const What = { Update: 0, Appears: 1, Goes: 2 } as const;

type Column = (typeof COLUMNS)[number] | (typeof ROTATION)[number] | (typeof VELOCITY)[number];

export interface Match {
  readonly frames: number;
  readonly seconds: number;
  /** Of most frames, s. */
  readonly frameSeconds: number;
  readonly records: number;
  readonly updates: number;
  readonly column: Readonly<Record<Column, Int32Array>>;
}

export function readMatch(path: string): Match {
  const bytes = gunzipSync(readFileSync(path));
  const end = bytes.indexOf('\n') + 1;
  const { frames, records, updates } = JSON.parse(bytes.toString('utf8', 0, end));
  // Typed arrays begin at multiples of four.
  const rest = new Uint8Array(bytes.subarray(end)).buffer;
  const times = new Float32Array(rest, 0, frames * 2);
  const frameTimes = Array.from({ length: frames - 1 }, (_, i) => times[(i + 1) * 2 + 1]);
  const names = [...COLUMNS, ...ROTATION, ...VELOCITY];
  const column = Object.fromEntries(
    names.map((name, i) => [name, new Int32Array(rest, (frames * 2 + i * records) * 4, records)]),
  ) as Record<Column, Int32Array>;
  const frameSeconds = frameTimes.sort((a, b) => a - b)[frameTimes.length >> 1];
  return { frames, records, updates, column, frameSeconds, seconds: times[(frames - 1) * 2] };
}

const gameOf = (tickRate: number) =>
  defineGame({
    tickRate,
    entities: {
      body: {
        x: fixed(-FARTHEST, FARTHEST, PLACE_STEP).smooth({ by: 'vx' }),
        y: fixed(-FARTHEST, FARTHEST, PLACE_STEP).smooth({ by: 'vy' }),
        z: fixed(0, HIGHEST, PLACE_STEP).smooth({ by: 'vz' }),
        vx: fixed(-FASTEST, FASTEST, SPEED_STEP),
        vy: fixed(-FASTEST, FASTEST, SPEED_STEP),
        vz: fixed(-FASTEST, FASTEST, SPEED_STEP),
        largest: int(0, 3),
        a: int(0, COARSE_LEVELS).smooth(),
        b: int(0, COARSE_LEVELS).smooth(),
        c: int(0, COARSE_LEVELS).smooth(),
        sleeping: bool(),
        car: bool(),
      },
    },
  });

export interface RocketFigures {
  /** STATE and TABLES whole, as payload of WebSocket messages. */
  readonly bitsPerUpdate: number;
  readonly kbitPerS: number;
  /** STATE's packed bodies alone. */
  readonly bodyBitsPerUpdate: number;
  readonly encodeUs: number;
  readonly decodeUs: number;
}

export async function measureRocket(match: Match): Promise<RocketFigures> {
  const tickRate = Math.round(1 / match.frameSeconds);
  const game = gameOf(tickRate);
  const { column } = match;
  let next = 0;
  let newest: { id: number; record: number }[] = [];
  const kind = defineRoom(game, {
    seats: 1,
    spectators: 1,
    seed: 1,
    keep: true,
    open: (room) => ({ bodies: new Map<number, ReturnType<typeof room.spawn<'body'>>>() }),
    tick(room, dt) {
      const { bodies } = room.data;
      const frame = room.tick - 1;
      newest = [];
      for (const body of bodies.values()) {
        body.x += body.vx * dt;
        body.y += body.vy * dt;
        body.z = Math.max(body.z + body.vz * dt, 0);
      }
      for (; next < match.records && column.frame[next] === frame; next++) {
        const slot = column.slot[next];
        const body = bodies.get(slot);
        if (column.kind[next] === What.Appears)
          bodies.set(slot, room.spawn('body', { car: column.sleeping[next] === 1 }));
        else if (body && column.kind[next] === What.Goes) {
          room.despawn(body);
          bodies.delete(slot);
        } else if (body) {
          Object.assign(body, bodyOf(match, next));
          newest.push({ id: body.id, record: next });
        }
      }
    },
  });
  const run = await WireRun.start(kind);
  const sums = { payload: 0, body: 0 };
  const encodeUs: number[] = [];
  const decodeUs: number[] = [];
  for (let frame = 0; frame < match.frames; frame++) {
    const cost = run.tick();
    for (const update of newest) judge(run.received, match, update);
    for (const length of cost.messages) sums.payload += length;
    sums.body += cost.bodyBytes;
    encodeUs.push(cost.encodeUs);
    decodeUs.push(cost.decodeUs);
  }
  await run.close();
  return {
    bitsPerUpdate: round((sums.payload * 8) / match.updates, 2),
    kbitPerS: round((sums.payload * 8) / 1000 / match.seconds, 2),
    bodyBitsPerUpdate: round((sums.body * 8) / match.updates, 2),
    encodeUs: median(encodeUs),
    decodeUs: median(decodeUs),
  };
}

/** One update as the game's fields. */
function bodyOf({ column }: Match, record: number) {
  const metres = (name: Column) => column[name][record] / PER_METRE;
  const turn = (name: Column) => Math.round((column[name][record] * COARSE_LEVELS) / FINE_LEVELS);
  return {
    x: metres('x'),
    y: metres('y'),
    z: metres('z'),
    vx: metres('vx'),
    vy: metres('vy'),
    vz: metres('vz'),
    largest: column.largest[record],
    a: turn('a'),
    b: turn('b'),
    c: turn('c'),
    sleeping: column.sleeping[record] === 1,
  };
}

/** Throws where an update did not arrive as it was, rounded. */
function judge(received: Received, match: Match, { id, record }: { id: number; record: number }) {
  const table = received.tables[0];
  const row = received.rowOf(0, id);
  for (const [name, truth] of Object.entries(bodyOf(match, record))) {
    const { column, spec } = table.plan.byName.get(name)!;
    const steps = (Number(truth) - spec.min) / spec.step;
    const off = Math.abs(table.wire[column][row] - steps);
    if (off > 0.5) throw new Error(`record ${record}: ${name} is ${off} steps off`);
  }
}
