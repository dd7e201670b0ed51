// What each question of the directory costs a real Redis, beside what the simulated one reckons
// with: the CPU time of a redis-server of its own over the calls, and the time of the simulated
// core over the same ones, for `bench -- cluster --measure`. Trap:
// callers enough that commands come in pipelines, as from a busy shard; Redis's own time is small
// on an idle machine and a third more on a busy one.
import { connect } from 'node:net';
import type { Board, Directory, Lease, ShardEntry } from '@tickwire/server';
import { redis } from '@tickwire/server/redis';
import { ClusterClock } from './cluster-clock.ts';
import { SimulatedNodes } from './cluster-nodes.ts';
import { round, say } from './figures.ts';
import { startRedis } from './redis-program.ts';

export interface CommandCost {
  readonly question: string;
  /** Of Redis's process, per question. */
  readonly us: number;
  /** What the simulator reckons with. */
  readonly modelUs: number;
}

const ROOMS = 4_000;
const CALLERS = 32;
const CALLS = 8_000;
const CHECKPOINT_BYTES = 8_192;
/** A shard's rooms, where 1,000 have a million seats. */
const RENEWED = 62;
const SHARDS = 1_000;
/** Longer than it takes. */
const LEASE_MS = 600_000;
const OWNER = { shard: 'shard-0', url: 'wss://shard-0.example/' };
const FACTS = { kind: 'field', build: 'build', seats: 16, match: '', hidden: false };

interface Question {
  readonly name: string;
  readonly calls: number;
  readonly ask: (call: number) => Promise<unknown>;
}

export async function measureCosts(): Promise<CommandCost[]> {
  const server = await startRedis();
  const directory = redis({ url: server.url, leaseMs: LEASE_MS });
  const model = new Model();
  const modelled = questions(model.directory);
  try {
    const costs: CommandCost[] = [];
    for (const [index, question] of questions(directory).entries()) {
      const { name, calls } = question;
      const before = await cpuUsOf(server.url);
      await askAll(question);
      const us = round(((await cpuUsOf(server.url)) - before) / calls, 1);
      const modelUs = round((await model.usOf(modelled[index])) / calls, 1);
      say(`cluster: ${name}: ${us} us, the model says ${modelUs}`);
      costs.push({ question: name, us, modelUs });
    }
    return costs;
  } finally {
    await directory.close();
    server.stop();
  }
}

async function askAll({ calls, ask }: Question): Promise<void> {
  let call = 0;
  const caller = async () => {
    while (call < calls) await ask(call++);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** A directory on a simulated Redis, in a time of its own. */
class Model {
  readonly #clock = new ClusterClock();
  readonly #nodes: SimulatedNodes;
  readonly directory: Directory;

  constructor() {
    const about = { count: 1, leaseMs: LEASE_MS, chance: () => 0.5 };
    this.#nodes = new SimulatedNodes({ ...about, clock: this.#clock });
    this.directory = this.#nodes.directory({ dead: false });
  }

  /** Of Redis's core. */
  async usOf(question: Question): Promise<number> {
    const [redis] = this.#nodes.all;
    redis.seconds.length = 0;
    let isDone = false;
    const asked = askAll(question).then(() => {
      isDone = true;
    });
    while (!isDone) await this.#clock.runUntil(this.#clock.nowMs + 10);
    await asked;
    return redis.seconds.reduce((sum, { busyMs }) => sum + busyMs * 1_000, 0);
  }
}

/** That the process has used. */
function cpuUsOf(url: string): Promise<number> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(Number(port), hostname, () => socket.write('INFO cpu\r\n'));
    socket.on('error', reject).on('data', (text) => {
      said += text;
      const [user, sys] = ['user', 'sys'].map(
        (name) => new RegExp(`used_cpu_${name}:([\\d.]+)\r\n`).exec(said)?.[1],
      );
      if (!user || !sys) return;
      socket.destroy();
      resolve((Number(user) + Number(sys)) * 1e6);
    });
  });
}

function question(name: string, ask: Question['ask'], calls = CALLS): Question {
  return { name, calls, ask };
}

function usersQuestions(directory: Directory, one: (call: number) => Lease): Question[] {
  return [
    question('arrive', (call) => directory.arrive(one(call), [`u${call}`])),
    question('whereabouts', (call) => directory.whereabouts([`u${call}`])),
    question('depart', (call) => directory.depart(one(call), [`u${call}`])),
  ];
}

function boardQuestions(directory: Directory, one: (call: number) => Lease): Question[] {
  const board: Board = { name: 'wins', keep: 'sum', order: 'most', places: 10_000 };
  const user = (call: number) => `u${(call * 7_919) % CALLS}`;
  return [
    question('post', (call) =>
      directory.post(one(call), board, { user: user(call), score: call % 99, once: 'over' }),
    ),
    question('top 10', (call) => directory.top(board, call % 1_000, 10)),
    question('standing', (call) => directory.standing(board, user(call))),
  ];
}

/** In an order in which each finds what the ones before have left. */
function questions(directory: Directory): Question[] {
  const leases: Lease[] = [];
  const one = (call: number) => leases[(call * 7_919) % leases.length];
  const identity = Buffer.alloc(48);
  const bytes = Buffer.alloc(CHECKPOINT_BYTES, 7);
  const claim = async (call: number) => {
    const id = `field-${call}`;
    const claimed = await directory.claim({ id, ...FACTS }, OWNER);
    if (claimed.won) leases.push({ id, epoch: claimed.epoch });
  };
  const some = (call: number) => {
    const from = (call * RENEWED) % (ROOMS - RENEWED);
    return leases.slice(from, from + RENEWED);
  };
  const entry = (shard: number): ShardEntry => {
    const id = `shard-${shard}`;
    const counts = { load: 500, rooms: RENEWED, seats: 1_000 };
    return { id, url: `wss://${id}.example/`, build: 'b'.repeat(43), ...counts, draining: false };
  };
  return [
    question('claim', claim, ROOMS),
    question('reserve', (call) =>
      directory.reserve(one(call).id, [{ seat: `n${call}`, identity }], 10_000),
    ),
    question('redeem', (call) => directory.redeem(one(call), `n${call}`)),
    question('leave', (call) => directory.leave(one(call), [`n${call}`])),
    question('room', (call) => directory.room(one(call).id)),
    question(`renew of ${RENEWED}`, (call) => directory.renew(some(call)), 400),
    ...usersQuestions(directory, one),
    ...boardQuestions(directory, one),
    question('save', (call) => directory.save([{ lease: one(call), tick: call, bytes }])),
    question('load', (call) => directory.load(one(call).id)),
    question('announce', (call) => directory.announce(entry(call % SHARDS))),
    question('shards', () => directory.shards(), 500),
    question('4 of them', () => directory.someShards(4)),
    question('orphans, none, of 1,000 shards', () => directory.orphans(), 1_000),
    question('candidates, 8', () => directory.candidates('field', 'build', '', 8), 2_000),
    question('publish, 0 listen', () => directory.publish('a', identity)),
  ];
}
