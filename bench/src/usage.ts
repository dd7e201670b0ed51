// What the bench's words are, what flags each takes, and what to answer who asks or types something
// else. Used by main.ts; measures nothing. Trap: a flag is known to the words that use it alone, so
// that none is passed over in silence.
import { type ParseArgsConfig, parseArgs } from 'node:util';

interface Flag {
  /** What stands for its value in the usage; none: it is there or not. */
  readonly value?: string;
  readonly multiple?: boolean;
  readonly says: string;
}

const FLAGS = {
  json: { says: 'the figures as one object, the last line of stdout' },
  seed: { value: 'N', says: 'another game of the same kind; 1 where it is left out' },
  cubes: { value: 'FILE', multiple: true, says: 'a networked-physics trace; may be given again' },
  'no-peers': { says: 'ours alone, without the frameworks beside it' },
  bits: { says: 'which question of a packed body costs how many bits' },
  profile: { value: 'NAME', says: 'one line alone: lan, cable, wifi, 4g, satellite, train, far' },
  plot: { says: 'pictures of it in bench/plots' },
  seats: { value: 'N', says: 'so many seats; load finds how many there may be, without it' },
  quick: { says: 'fewer and shorter steps' },
  only: { value: 'NAME', says: 'one attacker: flood, slowloris, bombs, churn, upgrades' },
  seconds: { value: 'N', says: 'how long to count; 60 where it is left out' },
  shards: { value: 'N', says: 'so many processes; 200 where it is left out' },
  minutes: { value: 'N', says: 'of virtual time; 2 where it is left out' },
  lease: { value: 'MS', says: 'of rooms; 2,000 where it is left out' },
  nodes: { value: 'N', says: 'of a Redis Cluster; one Redis where it is left out' },
  slowness: { value: 'N', says: 'times that the simulated Redis is slower than a real one' },
  measure: { says: "what a real Redis takes for each question, beside the simulator's costs" },
  directory: { value: 'NAME', says: 'redis, or parent: the processes of one machine' },
  write: { says: 'takes what is measured as what later runs are judged by' },
} as const satisfies Record<string, Flag>;

type FlagName = keyof typeof FLAGS;

interface Word {
  readonly says: string;
  readonly flags: readonly FlagName[];
}

const WORDS = {
  wire: {
    says: 'bytes of STATEs and INPUTs, ours and other codecs',
    flags: ['seed', 'cubes', 'no-peers', 'bits'],
  },
  size: { says: 'bytes that a page pays for the client', flags: [] },
  tick: { says: 'time that a tick of a room takes', flags: ['seed'] },
  interest: { says: 'time and bytes where each seat sees what is near', flags: ['seed'] },
  lines: {
    says: 'what play is like on bad lines',
    flags: ['seed', 'profile', 'plot'],
  },
  load: {
    says: 'seats that one core serves, ours and other frameworks',
    flags: ['seed', 'seats', 'no-peers', 'quick'],
  },
  attack: {
    says: 'how late ticks are while five attackers do what they can',
    flags: ['seed', 'only', 'seconds'],
  },
  rate: { says: 'ticks a second of a real room', flags: ['seconds'] },
  reserve: { says: 'what the directory does in a second on one Redis', flags: [] },
  failover: {
    says: 'what players see of servers that are killed, stopped, moved and restarted',
    flags: ['seed', 'directory'],
  },
  cluster: {
    says: 'a thousand shards and a million seats over one Redis, in virtual time',
    flags: ['seed', 'shards', 'seats', 'minutes', 'lease', 'nodes', 'slowness', 'measure'],
  },
  shards: { says: 'seats of two shards on two cores against one', flags: ['seed', 'seats'] },
  smoke: { says: 'the figures that may not get worse, judged', flags: ['write'] },
} as const satisfies Record<string, Word>;

export type WordName = keyof typeof WORDS;

/** What was asked for. A flag that its word does not take is as if it were not given. */
export interface Asked {
  readonly word: WordName;
  readonly json: boolean;
  readonly seed: number;
  readonly cubes: string[];
  readonly peers: boolean;
  readonly bits: boolean;
  readonly profile: string | undefined;
  readonly plot: boolean;
  readonly seats: number | undefined;
  readonly quick: boolean;
  readonly only: string | undefined;
  readonly seconds: number;
  readonly directory: string | undefined;
  readonly shards: number | undefined;
  readonly minutes: number | undefined;
  readonly lease: number | undefined;
  readonly nodes: number | undefined;
  readonly slowness: number | undefined;
  readonly measure: boolean;
  readonly write: boolean;
}

/** Throws an Error that says in a line what is wrong with `given`; `help`: that is asked for. */
export function asked(given: readonly string[]): Asked | 'help' {
  if (given.includes('--help') || given.includes('-h')) return 'help';
  const [name = ''] = given.filter((word) => !word.startsWith('-'));
  if (!Object.hasOwn(WORDS, name)) throw new Error(name ? `there is no ${name}` : 'no word given');
  const word = name as WordName;
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const flag of flagsOf(word)) {
    const { value, multiple = false }: Flag = FLAGS[flag];
    options[flag] = { type: value ? 'string' : 'boolean', multiple };
  }
  const { values, positionals } = parseArgs({ args: [...given], options, allowPositionals: true });
  if (positionals.length > 1) throw new Error(`one word at a time: ${positionals.join(' ')}`);
  const number = (flag: FlagName): number | undefined => {
    if (values[flag] === undefined) return undefined;
    const value = Number(values[flag]);
    if (Number.isFinite(value) && value > 0) return value;
    throw new Error(`--${flag} ${values[flag]}: wants a number above 0`);
  };
  return {
    word,
    json: values.json === true,
    seed: number('seed') ?? 1,
    cubes: (values.cubes as string[] | undefined) ?? [],
    peers: values['no-peers'] !== true,
    bits: values.bits === true,
    profile: values.profile as string | undefined,
    plot: values.plot === true,
    seats: number('seats'),
    quick: values.quick === true,
    only: values.only as string | undefined,
    // At 20 Hz a tick more or less in a minute is 0.017 Hz.
    seconds: number('seconds') ?? 60,
    shards: number('shards'),
    minutes: number('minutes'),
    lease: number('lease'),
    nodes: number('nodes'),
    slowness: number('slowness'),
    measure: values.measure === true,
    directory: values.directory as string | undefined,
    write: values.write === true,
  };
}

function flagsOf(word: WordName): FlagName[] {
  return ['json', ...WORDS[word].flags];
}

/** A line for each word, and for each flag. */
export function usage(): string {
  const words = Object.entries(WORDS).map(([word, { says, flags }]) => {
    const taken = flags.map((flag) => ` --${flag}`).join('');
    return `  ${word.padEnd(10)}${says}${taken && ` (${taken.trim()})`}`;
  });
  const flags = Object.entries(FLAGS).map(([name, { value, says }]: [string, Flag]) => {
    const flag = value ? `--${name} ${value}` : `--${name}`;
    return `  ${flag.padEnd(18)}${says}`;
  });
  return ['usage: npm run bench -- WORD [FLAG...]', '', ...words, '', ...flags].join('\n');
}
