// Bytes and microseconds of other people's codecs on arena-N, for `bench wire`:
// `node --import tsx wire.mjs --seed 1 --ns 50,200,1000 --modes coast,steer,stop`. Progress on
// stderr; the last line of stdout is one JSON. Everything a peer decoded is compared with the truth
// after every tick: a peer that brought one field wrong gets an error in place of its figures.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { colyseusSchema } from './colyseus-schema.mjs';
import { jsonDeflate } from './json-deflate.mjs';
import { msgpackrRecords } from './msgpackr-records.mjs';
import { DEFAULT_ID_BITS, nengi1, tightIdBits } from './nengi-1.mjs';
import { nengi2 } from './nengi-2.mjs';
import { PRECISION, Truth } from './truth.mjs';

/** @typedef {import('./truth.mjs').Ship} Ship */
/** @typedef {import('../src/workload.ts').Mode} Mode */
/** @template T @typedef {T | Promise<T>} Awaitable */
/**
 * Both ends of one connection.
 * @typedef {object} Peer
 * @property {(truth: Truth) => Awaitable<Uint8Array[]>} encode The WebSocket messages of this tick;
 *   in tick 0 of the whole state.
 * @property {(messages: Uint8Array[]) => Awaitable<void>} decode
 * @property {() => Map<number, Ship>} seen What the receiving end holds, by id. Not timed.
 */

/** Ticks that are not counted: joining, tables, code being optimised. */
const WARM_TICKS = 60;
const LAST_TICK = 359;

const versions = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
/** @param {string} name */
const versionOf = (name) => versions.dependencies[name].replace(/^npm:.*@/, '');

/** @type {Record<string, (n: number) => Peer>} */
const peers = {
  [`json-deflate@node-${process.versions.node}`]: jsonDeflate,
  [`msgpackr@${versionOf('msgpackr')}`]: msgpackrRecords,
  [`@colyseus/schema@${versionOf('@colyseus/schema')}`]: colyseusSchema,
  [`nengi@${versionOf('nengi-1')}`]: () => nengi1(DEFAULT_ID_BITS),
  [`nengi@${versionOf('nengi-1')} ids in fewest bits`]: (n) => nengi1(tightIdBits(n)),
  [`nengi@${versionOf('nengi')}`]: nengi2,
};

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    ns: { type: 'string', default: '50,200,1000' },
    modes: { type: 'string', default: 'coast,steer,stop' },
    peers: { type: 'string', default: '' },
  },
});

/** @type {Record<string, Record<string, Record<string, object>>>} */
const figures = {};
for (const [name, create] of Object.entries(peers)) {
  if (!name.startsWith(values.peers)) continue;
  figures[name] = {};
  for (const mode of /** @type {Mode[]} */ (values.modes.split(','))) {
    figures[name][mode] = {};
    for (const n of values.ns.split(',').map(Number)) {
      const row = await measured(create, { mode, n, seed: Number(values.seed) });
      figures[name][mode][n] = row;
      const said = 'error' in row ? row.error : `${row.bytesPerEntityTick} B per entity and tick`;
      console.error(`peers: ${name}, ${mode}, ${n}: ${said}`);
    }
  }
}
console.log(JSON.stringify({ peers: figures }));
process.exit(0);

/**
 * @param {(n: number) => Peer} create
 * @param {{ mode: Mode, n: number, seed: number }} options
 */
async function measured(create, options) {
  try {
    return await measure(create(options.n), new Truth(options));
  } catch (error) {
    return { error: String(error) };
  }
}

/**
 * @param {Peer} peer
 * @param {Truth} truth
 */
async function measure(peer, truth) {
  const encodeUs = [];
  const decodeUs = [];
  const sums = { messages: 0, payload: 0, framed: 0 };
  for (let tick = 0; tick <= LAST_TICK; tick++) {
    if (tick > 0) truth.step();
    const began = performance.now();
    const messages = await peer.encode(truth);
    const encoded = performance.now();
    await peer.decode(messages);
    const decoded = performance.now();
    truth.judge(peer.seen());
    if (tick < WARM_TICKS) continue;
    encodeUs.push((encoded - began) * 1000);
    decodeUs.push((decoded - encoded) * 1000);
    for (const { length } of messages) {
      sums.messages += 1;
      sums.payload += length;
      sums.framed += length + headerBytes(length);
    }
  }
  const ticks = LAST_TICK - WARM_TICKS + 1;
  return {
    bytesPerTick: round(sums.payload / ticks, 1),
    bytesPerEntityTick: round(sums.payload / ticks / truth.ships.length, 3),
    messagesPerTick: round(sums.messages / ticks, 3),
    framedBytesPerTick: round(sums.framed / ticks, 1),
    encodeUs: median(encodeUs),
    decodeUs: median(decodeUs),
    precision: PRECISION,
  };
}

/**
 * Of a WebSocket frame from a server (RFC 6455, 5.2).
 * @param {number} length
 */
function headerBytes(length) {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}

/** @param {number[]} samples */
function median(samples) {
  return round(samples.sort((a, b) => a - b)[samples.length >> 1], 1);
}

/**
 * @param {number} value
 * @param {number} digits
 */
function round(value, digits) {
  return Number(value.toFixed(digits));
}
