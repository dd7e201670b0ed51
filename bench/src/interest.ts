// What interest costs: CPU per tick of a room whose seats each see their surroundings, split by
// what it is spent on, with its bytes; and one seat's view is decoded and compared with the truth.
// In process, on a virtual clock: the framework's own work and nothing else.
// Trap: the split is timed around each part and slows it; the total comes from ticks without that.
import { PackedSink } from '@tickwire/protocol';
import { machine, round, type Spread, say, spread } from './figures.ts';
import type { ShipsSize } from './interest-room.ts';
import { ShipsRun } from './interest-run.ts';

/** Ticks before anything is counted: code is optimised, tables are learnt and have grown. */
const WARM_TICKS = 200;
const MEASURED_TICKS = 300;
const SPLIT_TICKS = 100;

/** Wall ms per tick, by what it is spent on. */
interface Split {
  /** The game's own step. */
  workload: number;
  /** Comparing, stamping and rounding what was written, following tracks. */
  round: number;
  /** Once a tick for all seats: grid, tables, review of odds. */
  begin: number;
  /** Finding what each seat sees, and all else of a send. */
  visibility: number;
  /** Collecting the questions and answers of each body. */
  walk: number;
  /** Turning them into bytes. */
  code: number;
  /** Reading acknowledgements and inputs. */
  input: number;
  /** History and what is left of the room's tick. */
  rest: number;
}

export interface InterestFigures extends ShipsSize {
  /** CPU of the whole process for a tick: room, acknowledgements and inputs. */
  readonly cpuMsPerTick: number;
  /** Without what the workload itself takes, which every peer pays alike. */
  readonly cpuMsWithoutWorkload: number;
  readonly wallMs: Spread;
  readonly splitMs: Split;
  readonly bytesPerSeatTick: number;
  readonly inView: number;
  readonly views: { readonly compared: number; readonly wrong: number };
}

const SIZES: Readonly<Record<string, Omit<ShipsSize, 'seed'>>> = {
  '5000x200': { entities: 5000, seats: 200, radius: 400, mode: 'steer' },
  '1000x100': { entities: 1000, seats: 100, radius: 400, mode: 'steer' },
  everyone: { entities: 200, seats: 200, mode: 'steer' },
};

export async function measureInterest(seed: number): Promise<object> {
  const figures: Record<string, InterestFigures> = {};
  for (const [name, size] of Object.entries(SIZES)) {
    say(`interest: ${name}`);
    figures[name] = await measureShips({ ...size, seed });
    const { cpuMsPerTick, bytesPerSeatTick, inView, views } = figures[name];
    const right = `${views.compared - views.wrong} of ${views.compared} views right`;
    say(`  ${cpuMsPerTick} ms CPU a tick, ${bytesPerSeatTick} B a seat, ${inView} seen, ${right}`);
    if (views.wrong > 0) process.exitCode = 1;
  }
  return { machine: machine(), interest: figures };
}

async function measureShips(size: ShipsSize): Promise<InterestFigures> {
  const run = await ShipsRun.start(size);
  for (let i = 0; i < WARM_TICKS; i++) run.checkedTick();
  const { replication } = run.room;
  const before = replication.bytes;
  const wall: number[] = [];
  run.inView = 0;
  let cpuMs = 0;
  for (let i = 0; i < MEASURED_TICKS; i++) {
    const cpu = process.cpuUsage();
    const began = performance.now();
    run.tick();
    wall.push(performance.now() - began);
    const { user, system } = process.cpuUsage(cpu);
    cpuMs += (user + system) / 1000 / MEASURED_TICKS;
    run.check();
  }
  const bytes = replication.bytes - before;
  const inView = run.inView / MEASURED_TICKS;
  const splitMs = splitOf(run);
  await run.close();
  return {
    ...size,
    cpuMsPerTick: round(cpuMs, 2),
    cpuMsWithoutWorkload: round(cpuMs - splitMs.workload, 2),
    wallMs: spread(wall),
    splitMs,
    bytesPerSeatTick: round(bytes / MEASURED_TICKS / size.seats, 2),
    inView: round(inView, 1),
    views: run.views,
  };
}

/** Some more ticks, with a clock around each part. */
function splitOf(run: ShipsRun): Split {
  const spent = { workload: 0, round: 0, begin: 0, send: 0, walk: 0, code: 0, input: 0, tick: 0 };
  const { room } = run;
  const clock = (part: keyof typeof spent) => (ms: number) => {
    spent[part] += ms / SPLIT_TICKS;
  };
  const undo = [
    timed(room.definition, 'tick', clock('workload')),
    timed(room.world, 'round', clock('round')),
    timed(room.replication, 'begin', clock('begin')),
    timed(room.replication, 'send', clock('send')),
    timed(room, 'run', clock('tick')),
    timed(run, 'answer', clock('input')),
    timed(PackedSink.prototype, 'finish', clock('code')),
  ];
  // A body is walked from `reset` to `finish`.
  const { reset, finish } = PackedSink.prototype;
  let resetMs = 0;
  PackedSink.prototype.reset = function () {
    resetMs = performance.now();
    reset.call(this);
  };
  PackedSink.prototype.finish = function () {
    clock('walk')(performance.now() - resetMs);
    finish.call(this);
  };
  for (let i = 0; i < SPLIT_TICKS; i++) run.checkedTick();
  PackedSink.prototype.reset = reset;
  PackedSink.prototype.finish = finish;
  for (const back of undo) back();
  const { workload, round: rounding, begin, send, walk, code, input, tick } = spent;
  const split = { workload, round: rounding, begin, visibility: send - walk - code, walk, code };
  const rest = tick - workload - rounding - begin - send;
  const all = Object.entries({ ...split, input, rest });
  return Object.fromEntries(all.map(([part, ms]) => [part, round(ms, 3)])) as unknown as Split;
}

/** Tells how long each call takes; what it answers takes the clock off again. */
function timed<K extends string>(
  owner: { [method in K]?: unknown },
  method: K,
  tell: (ms: number) => void,
): () => void {
  const untimed = owner[method] as (...given: unknown[]) => unknown;
  const own = Object.hasOwn(owner, method);
  owner[method] = function (this: unknown, ...given: unknown[]): unknown {
    const began = performance.now();
    const answer = untimed.apply(this, given);
    tell(performance.now() - began);
    return answer;
  };
  return () => {
    if (own) owner[method] = untimed;
    else delete owner[method];
  };
}
