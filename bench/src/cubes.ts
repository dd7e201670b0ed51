// The networked-physics trace of 901 cubes, lossless, through the public declaration and a real
// room: each frame of the file is a tick at 60 Hz. The file's README has its format and the rules:
// every frame before may be used (D = 1), frames 6 and later count, payload bytes only.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { bool, defineGame, int, type Received } from '@tickwire/protocol';
import { defineRoom } from '@tickwire/server';
import { round, say } from './figures.ts';
import { median } from './wire-costs.ts';
import { WireRun } from './wire-run.ts';

/** Frames before this one are the way in: they are sent, and do not count. */
const FIRST_COUNTED = 6;
const HZ = 60;

export const cubesGame = defineGame({
  tickRate: HZ,
  entities: {
    cube: {
      largest: int(0, 3),
      a: int(0, 511).smooth(),
      b: int(0, 511).smooth(),
      c: int(0, 511).smooth(),
      x: int(-16_384, 16_383).smooth(),
      y: int(-16_384, 16_383).smooth(),
      z: int(0, 8191).smooth(),
      interacting: bool(),
    },
  },
});

/** In the order in which the file has them. */
const FIELDS = ['largest', 'a', 'b', 'c', 'x', 'y', 'z', 'interacting'] as const;

export interface Trace {
  readonly cubes: number;
  readonly frames: number;
  /** By frame, then field, then cube. */
  readonly values: Int16Array;
}

export function readTrace(path: string): Trace {
  const bytes = gunzipSync(readFileSync(path));
  const end = bytes.indexOf('\n');
  const head = JSON.parse(bytes.toString('utf8', 0, end));
  const { cubes, frames, fields } = head as { cubes: number; frames: number; fields: unknown[] };
  if (fields.length !== FIELDS.length) throw new Error(`${path}: ${fields.length} fields`);
  const perFrame = cubes * FIELDS.length;
  const values = new Int16Array(frames * perFrame);
  for (let i = 0; i < values.length; i++) {
    const step = bytes.readInt16LE(end + 1 + i * 2);
    values[i] = i < perFrame ? step : values[i - perFrame] + step;
  }
  return { cubes, frames, values };
}

export interface CubesFigures {
  /** STATE and TABLES whole, as payload of WebSocket messages. */
  readonly kbitPerS: number;
  /** STATE's packed bodies alone: what a codec without frames would be asked for. */
  readonly bodyKbitPerS: number;
  readonly tablesKbitPerS: number;
  readonly encodeUs: number;
  readonly decodeUs: number;
  readonly lossless: boolean;
  readonly frames: number;
}

/** `look` is called after each frame. */
export async function measureCubes(
  name: string,
  { cubes, frames, values }: Trace,
  look?: (received: Received, frame: number) => void,
): Promise<CubesFigures> {
  let frame = -1;
  const valuesOf = (field: number) => {
    const from = (frame * FIELDS.length + field) * cubes;
    return values.subarray(from, from + cubes);
  };
  const kind = defineRoom(cubesGame, {
    seats: 1,
    spectators: 1,
    seed: 1,
    keep: true,
    open: (room) => ({ rows: Array.from({ length: cubes }, () => room.spawn('cube', {})) }),
    tick(room) {
      frame++;
      FIELDS.forEach((field, f) => {
        const column = valuesOf(f);
        const { rows } = room.data;
        if (field === 'interacting')
          for (let cube = 0; cube < cubes; cube++) rows[cube][field] = column[cube] === 1;
        else for (let cube = 0; cube < cubes; cube++) rows[cube][field] = column[cube];
      });
    },
  });
  const run = await WireRun.start(kind);
  const sums = { payload: 0, body: 0, tables: 0 };
  const encodeUs: number[] = [];
  const decodeUs: number[] = [];
  for (let i = 0; i < frames; i++) {
    if (i % 500 === 499) say(`cubes: ${name}, frame ${i + 1} of ${frames}`);
    const cost = run.tick();
    for (const [f, field] of FIELDS.entries()) judge(run.received, field, valuesOf(f), i);
    look?.(run.received, i);
    if (i < FIRST_COUNTED) continue;
    for (const length of cost.messages) sums.payload += length;
    sums.body += cost.bodyBytes;
    sums.tables += cost.tablesBytes;
    encodeUs.push(cost.encodeUs);
    decodeUs.push(cost.decodeUs);
  }
  await run.close();
  const counted = frames - FIRST_COUNTED;
  const kbit = (bytes: number) => round(((bytes / counted) * 8 * HZ) / 1000, 2);
  return {
    kbitPerS: kbit(sums.payload),
    bodyKbitPerS: kbit(sums.body),
    tablesKbitPerS: kbit(sums.tables),
    encodeUs: median(encodeUs),
    decodeUs: median(decodeUs),
    // A value that differs has ended the run.
    lossless: true,
    frames: counted,
  };
}

/** Throws where a cube is not as it was in the file. */
function judge(received: Received, field: string, truth: Int16Array, frame: number): void {
  const { column, spec } = cubesGame.kinds[0].byName.get(field)!;
  const wire = received.tables[0].wire[column];
  for (let cube = 0; cube < truth.length; cube++) {
    const value = wire[received.rowOf(0, cube + 1)] + spec.min;
    if (value !== truth[cube])
      throw new Error(`frame ${frame}, cube ${cube}: ${field} ${value}, not ${truth[cube]}`);
  }
}
