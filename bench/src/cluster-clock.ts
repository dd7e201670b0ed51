// Virtual time of a whole cluster: a list of what happens next, kept by slots of a quarter of a
// millisecond, and timers that stand for Node's while a simulation runs. Used by cluster.ts alone.
// Trap: what happens in one slot happens at one moment, in the order in which it was asked for;
// promises settle before the next slot begins.

/** Finer than an answer from the same data centre; whatever is due in between waits for the end. */
const SLOT_MS = 0.25;

/** Also what stands for a timer of Node's. */
export class Task {
  run: (() => void) | undefined;

  constructor(run: () => void) {
    this.run = run;
  }

  /** As Node's: nothing here keeps a process alive. */
  unref(): this {
    return this;
  }
}

/** Node's own, whatever else is replaced. */
const { setTimeout: nodeSetTimeout, clearTimeout: nodeClearTimeout, setImmediate } = globalThis;

export class ClusterClock {
  readonly #slots = new Map<number, Task[]>();
  #slot = 0;
  /** Things that happened. */
  happened = 0;

  /** Ms since the simulation began. */
  get nowMs(): number {
    return this.#slot * SLOT_MS;
  }

  /** Runs at `ms`, in the next slot at the earliest. */
  at(ms: number, run: () => void): Task {
    const slot = Math.max(Math.ceil(ms / SLOT_MS), this.#slot + 1);
    const task = new Task(run);
    const tasks = this.#slots.get(slot);
    if (tasks) tasks.push(task);
    else this.#slots.set(slot, [task]);
    return task;
  }

  after(ms: number, run: () => void): Task {
    return this.at(this.nowMs + ms, run);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  async runUntil(ms: number): Promise<void> {
    for (const last = Math.ceil(ms / SLOT_MS); this.#slot < last; ) {
      const tasks = this.#slots.get(++this.#slot);
      if (!tasks) continue;
      this.#slots.delete(this.#slot);
      this.happened += tasks.length;
      for (const task of tasks) task.run?.();
      // Whatever that resolved goes on now, to its next question or timer.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Node's timers and performance.now() go by this clock until the answered function is called. */
  takeTimers(): () => void {
    const set = (run: () => void, ms = 0) => this.after(ms, run);
    const clear = (task?: Task) => {
      if (task) task.run = undefined;
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    Object.assign(performance, { now: () => this.nowMs });
    return () => {
      Object.assign(globalThis, { setTimeout: nodeSetTimeout, clearTimeout: nodeClearTimeout });
      // What it inherits is Node's.
      Reflect.deleteProperty(performance, 'now');
    };
  }
}
