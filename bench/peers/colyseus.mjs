// A Colyseus server and its players, each in a process of its own, for `bench load`:
// `node --import tsx colyseus.mjs --entities 1000 --seats 300 --radius 400`. Progress on stderr;
// the last line of stdout is one JSON. Ends by itself, and its children with it.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Longest start, join and end beside what is measured. */
const SPARE_MS = 90_000;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '27960' },
    entities: { type: 'string', default: '200' },
    seats: { type: 'string', default: '200' },
    radius: { type: 'string', default: 'none' },
    hz: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    warm: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
  },
});
const { port, entities, seats, radius, hz, seed, warm, seconds } = values;
const times = { warm, seconds, hz, port, seats };

const server = program('colyseus-server.mjs', { ...times, entities, radius, seed });
const late = setTimeout(() => fail('took too long'), SPARE_MS + (+warm + +seconds) * 1000);
await server.first;
const players = program('colyseus-load.mjs', times);
const [served, played] = await Promise.all([server.last, players.last]);
clearTimeout(late);
if ('error' in served) fail(served.error);
const { seats: _, core: serverCore, ...ticks } = served;
const { core: generatorCore, ...received } = played;
const size = { entities: +entities, radius: radius === 'none' ? null : +radius, hz: +hz };
const figures = { ...size, ...received, ...ticks, serverCore, generatorCore };
const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const name = `@colyseus/core@${manifest.dependencies['@colyseus/core']}`;
console.log(JSON.stringify({ peers: { [name]: figures } }));

/**
 * A program beside this one, its first and its last line of JSON.
 * @param {string} file
 * @param {Record<string, string>} options
 */
function program(file, options) {
  const flags = Object.entries(options).flatMap(([flag, value]) => [`--${flag}`, value]);
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, path, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill());
  /** @type {(line: object) => void} */
  let started;
  const first = new Promise((resolve) => {
    started = resolve;
  });
  const last = new Promise((resolve) => {
    /** @type {object} */
    let line;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (text) => {
      line = JSON.parse(text);
      console.error(`${file}: ${text}`);
      started(line);
    });
    lines.once('close', () => (line ? resolve(line) : fail(`${file} said nothing`)));
  });
  return { first, last };
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`colyseus: ${message}`);
  process.exit(1);
}
