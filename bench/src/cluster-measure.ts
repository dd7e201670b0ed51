// What each question of the directory costs a real Redis, beside what cluster-costs.ts says: the
// CPU time of a redis-server of its own over the calls, for `bench -- cluster --measure`. Trap:
// callers enough that commands come in pipelines, as from a busy shard; Redis's own time is small
// on an idle machine and a third more on a busy one.
import { connect } from 'node:net';
import type { Board, Directory, Lease, ShardEntry } from '@tickwire/server';
import { redis } from '@tickwire/server/redis';
import { costOf, DEMANDS, type Demand, marks } from './cluster-costs.ts';
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
const OWNER = { shard: 'shard-0', url: 'wss://shard-0.example/' };
const FACTS = { kind: 'field', build: 'build', seats: 16, match: '', hidden: false };

interface Question {
  readonly name: string;
  readonly calls: number;
  readonly demand: Demand;
  readonly ask: (call: number) => Promise<unknown>;
}

export async function measureCosts(): Promise<CommandCost[]> {
  const server = await startRedis();
  const directory = redis({ url: server.url, leaseMs: 600_000 });
  try {
    const costs: CommandCost[] = [];
    for (const { name, calls, demand, ask } of questions(directory)) {
      const before = await cpuUsOf(server.url);
      let call = 0;
      const caller = async () => {
        while (call < calls) await ask(call++);
      };
      await Promise.all(Array.from({ length: CALLERS }, caller));
      const us = round(((await cpuUsOf(server.url)) - before) / calls, 1);
      const modelUs = round(costOf(demand).us, 1);
      say(`cluster: ${name}: ${us} us, the model says ${modelUs}`);
      costs.push({ question: name, us, modelUs });
    }
    return costs;
  } finally {
    await directory.close();
    server.stop();
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

function question(name: string, demand: Demand, ask: Question['ask'], calls = CALLS): Question {
  return { name, calls, demand, ask };
}

function usersQuestions(directory: Directory, one: (call: number) => Lease): Question[] {
  const looked = [...DEMANDS.rowsOf(1, 1), ...DEMANDS.looks(1)];
  return [
    question('arrive', DEMANDS.arrive(1), (call) => directory.arrive(one(call), [`u${call}`])),
    question('whereabouts', looked, (call) => directory.whereabouts([`u${call}`])),
    question('depart', DEMANDS.depart(1), (call) => directory.depart(one(call), [`u${call}`])),
  ];
}

function boardQuestions(directory: Directory, one: (call: number) => Lease): Question[] {
  const board: Board = { name: 'wins', keep: 'sum', order: 'most', places: 10_000 };
  const user = (call: number) => `u${(call * 7_919) % CALLS}`;
  return [
    question('post', DEMANDS.post(), (call) =>
      directory.post(one(call), board, { user: user(call), score: call % 99, once: 'over' }),
    ),
    question('top 10', DEMANDS.top(10), (call) => directory.top(board, call % 1_000, 10)),
    question('standing', DEMANDS.standing(), (call) => directory.standing(board, user(call))),
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
    question('claim', [...DEMANDS.claim(), ...marks(1), ...marks(4)], claim, ROOMS),
    question('reserve', [...DEMANDS.reserve(), ...marks(1)], (call) =>
      directory.reserve(one(call).id, [{ seat: `n${call}`, identity }], 10_000),
    ),
    question('redeem', DEMANDS.redeem(), (call) => directory.redeem(one(call), `n${call}`)),
    question('leave', [...DEMANDS.leave(1), ...marks(1)], (call) =>
      directory.leave(one(call), [`n${call}`]),
    ),
    question('room', DEMANDS.room(), (call) => directory.room(one(call).id)),
    question(
      `renew of ${RENEWED}`,
      [...DEMANDS.renew(RENEWED), ...marks(17, 2 * RENEWED)],
      (call) => directory.renew(some(call)),
      400,
    ),
    ...usersQuestions(directory, one),
    ...boardQuestions(directory, one),
    question('save', DEMANDS.save(CHECKPOINT_BYTES), (call) =>
      directory.save([{ lease: one(call), tick: call, bytes }]),
    ),
    question('load', DEMANDS.load(CHECKPOINT_BYTES), (call) => directory.load(one(call).id)),
    question('announce', DEMANDS.announce(), (call) => directory.announce(entry(call % SHARDS))),
    question('shards', DEMANDS.shards(SHARDS), () => directory.shards(), 500),
    question('4 of them', DEMANDS.someShards(4), () => directory.someShards(4)),
    question('orphans, none, of 1,000 shards', DEMANDS.due(1), () => directory.orphans(), 1_000),
    question(
      'candidates, 8',
      [...DEMANDS.list(8), ...DEMANDS.looks(8)],
      () => directory.candidates('field', 'build', '', 8),
      2_000,
    ),
    question('publish, 0 listen', DEMANDS.publish(0), () => directory.publish('a', identity)),
  ];
}
