// What a loaded server notes of its ticks: how late they began and ended, how long sending took,
// and how busy its core was. Ours and the bare loop answer alike, over the same few messages, so
// that one program can run either. Trap: a process that is told nothing more ends itself.
import { round, type Spread, spread } from './figures.ts';

/** Said by a server once it listens. */
export interface Listening {
  readonly port: number;
  /** Of the game; empty where there is none. */
  readonly hash: string;
  /** Name of the one kind of room. */
  readonly room: string;
}

export interface ServerFigures {
  readonly ticks: number;
  /** After its ideal time a tick began, and its last STATE was handed over. */
  readonly beganLateMs: Spread;
  readonly endedLateMs: Spread;
  /** From the first STATE of a tick to the last. */
  readonly sendMs: Spread;
  /** Given up because the process could not keep up. */
  readonly lostMs: number;
  /** Share of one core, 0..1. */
  readonly core: number;
  /** Most of one tick: seats told everything, and bodies encoded for them. */
  readonly mostJoined: number;
  readonly mostFullBodies: number;
  /** Ideal time of tick 0, ms of the clock that processes share: moves when time is lost. */
  readonly dueMs: number;
}

/** A clock that reads alike in every process of this machine, ms. */
export function sharedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class LoadWatch {
  lostMs = 0;
  /** Ideal time of tick 0, ms of this process' clock. */
  dueMs = (): number => 0;
  readonly #began: number[] = [];
  readonly #ended: number[] = [];
  readonly #sends: number[] = [];
  #mostJoined = 0;
  #mostFullBodies = 0;
  #cpu = process.cpuUsage();
  #sinceMs = performance.now();
  #lostBeforeMs = 0;

  tick(beganLateMs: number, endedLateMs: number, sendMs: number): void {
    this.#began.push(beganLateMs);
    this.#ended.push(endedLateMs);
    this.#sends.push(sendMs);
  }

  /** Seats that a tick told everything, and the bodies it encoded for them. */
  joined(seats: number, fullBodies: number): void {
    this.#mostJoined = Math.max(this.#mostJoined, seats);
    this.#mostFullBodies = Math.max(this.#mostFullBodies, fullBodies);
  }

  /** Starts over. */
  measure(): void {
    for (const samples of [this.#began, this.#ended, this.#sends]) samples.length = 0;
    this.#mostJoined = 0;
    this.#mostFullBodies = 0;
    this.#cpu = process.cpuUsage();
    this.#sinceMs = performance.now();
    this.#lostBeforeMs = this.lostMs;
  }

  /** How late each tick began since the last `measure`, ms. */
  get began(): readonly number[] {
    return this.#began;
  }

  report(): ServerFigures {
    const ms = performance.now() - this.#sinceMs;
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      ticks: this.#began.length,
      beganLateMs: spread(this.#began),
      endedLateMs: spread(this.#ended),
      sendMs: spread(this.#sends),
      lostMs: round(this.lostMs - this.#lostBeforeMs, 1),
      core: round((user + system) / 1000 / ms, 4),
      mostJoined: this.#mostJoined,
      mostFullBodies: this.#mostFullBodies,
      dueMs: this.dueMs() + sharedMs() - performance.now(),
    };
  }
}

/**
 * Serves the process that forked this one: `start` with its task, and then figures whenever it
 * asks.
 */
export function serveTask<Task>(watch: LoadWatch, start: (task: Task) => Promise<Listening>): void {
  process.on('message', async (message) => {
    if (message === 'measure') watch.measure();
    else if (message === 'report') process.send!(watch.report());
    else if (message === 'samples') process.send!(watch.began);
    else process.send!(await start(message as Task));
  });
  process.once('disconnect', () => process.exit(0));
}
