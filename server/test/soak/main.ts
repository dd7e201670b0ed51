// `npm run soak -- --minutes N [--seed S] [--transport uws|ws] [--json]`: progress on stderr every
// 10 s, what was seen on stdout, as JSON on the last line with --json. Ends by itself, with 1 if
// anything broke: the seed and what it was stand in `problems`.
import { parseArgs } from 'node:util';
import { Soak } from './soak.ts';

const USAGE = 'usage: npm run soak -- --minutes N [--seed S] [--transport uws|ws] [--json]';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    transport: { type: 'string', default: 'uws' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
const { transport } = values;
const isTransport = transport === 'uws' || transport === 'ws';
if (!(minutes > 0 && Number.isSafeInteger(seed) && isTransport)) {
  say(USAGE);
  process.exit(2);
}
const figures = await Soak.run({ minutes, seed, transport, say });
for (const problem of figures.problems) say(`BROKEN (seed ${seed}): ${problem}`);
if (values.json) console.log(JSON.stringify(figures));
else console.log(figures);
// Whatever still hangs in a socket has no say in when this ends.
process.exit(figures.problems.length > 0 ? 1 : 0);
