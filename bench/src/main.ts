// The bench's one door: `npm run bench -- WORD [--json]`, with words and their flags in usage.ts.
// Each word is a file beside this one that answers an object; progress and tables go to stderr, and
// with --json the object is the last line of stdout. Only `smoke` judges.
import { UsageError } from '@tickwire/protocol';
import { measureAttack } from './attack.ts';
import { measureCluster } from './cluster.ts';
import { measureFailover } from './failover.ts';
import { printFigures } from './figures.ts';
import { measureInterest } from './interest.ts';
import { measureLines } from './lines.ts';
import { measureLoads } from './load.ts';
import { measureRate } from './rate.ts';
import { measureReserve } from './reserve.ts';
import { measureShards } from './shards.ts';
import { measureSize } from './size.ts';
import { judge } from './smoke.ts';
import { measureTick } from './tick.ts';
import { type Asked, asked, usage, type WordName } from './usage.ts';
import { measureWire } from './wire.ts';

const programs: Readonly<Record<WordName, (asked: Asked) => Promise<object>>> = {
  wire: measureWire,
  size: () => measureSize(),
  tick: ({ seed }) => measureTick(seed),
  interest: ({ seed }) => measureInterest(seed),
  lines: measureLines,
  load: measureLoads,
  attack: measureAttack,
  rate: ({ seconds }) => measureRate(seconds),
  reserve: () => measureReserve(),
  failover: measureFailover,
  cluster: measureCluster,
  shards: measureShards,
  smoke: ({ write }) => judge(write),
};

/** What was asked for; ends the process where that is help, or nothing that there is. */
function read(given: readonly string[]): Asked {
  try {
    const what = asked(given);
    if (what !== 'help') return what;
    console.log(usage());
    process.exit(0);
  } catch (error) {
    // Node's own words go on about how to begin a file name with a dash.
    refuse((error as Error).message.split('. ')[0]);
  }
}

function refuse(why: string): never {
  console.error(`${why}\n\n${usage()}`);
  process.exit(2);
}

const what = read(process.argv.slice(2));
const figures = await programs[what.word](what).catch((error) => {
  // Such as a profile that there is none of.
  if (error instanceof UsageError) refuse(error.message);
  throw error;
});
if (what.json) console.log(JSON.stringify(figures));
else printFigures(figures);
