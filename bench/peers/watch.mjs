// What a server notes of its ticks: how long after their time they began and ended, and how busy
// its core was. Starts once the room is full and warm, and is over after its seconds.

/** @typedef {{ lateMs: number, endMs: number, full: boolean, inputs: number }} Tick */

export class Watch {
  /** @type {'joining' | 'warming' | 'measuring' | 'over'} */
  #stage = 'joining';
  #stageMs = 0;
  #secondMs = 0;
  #lostMs = 0;
  #inputs = 0;
  #firstInputs = 0;
  /** @type {number[]} */
  #late = [];
  /** @type {number[]} */
  #end = [];
  /** First sample of the running second. */
  #from = 0;
  #cpu = process.cpuUsage();

  /** @param {{ warm: number, seconds: number, say: (line: object) => void }} options */
  constructor({ warm, seconds, say }) {
    this.warmMs = warm * 1000;
    this.measuredMs = seconds * 1000;
    this.say = say;
  }

  get running() {
    return this.#stage === 'warming' || this.#stage === 'measuring';
  }

  get over() {
    return this.#stage === 'over';
  }

  /** @param {Tick} tick */
  tick({ lateMs, endMs, full, inputs }) {
    const now = performance.now();
    if (this.#stage === 'joining' && full) this.#enter('warming', now);
    else if (this.#stage === 'warming' && now - this.#stageMs >= this.warmMs) {
      this.#enter('measuring', now);
      this.#cpu = process.cpuUsage();
      this.#lostMs = 0;
      this.#firstInputs = inputs;
    } else if (this.#stage === 'measuring') {
      this.#late.push(lateMs);
      this.#end.push(endMs);
      this.#inputs = inputs;
      if (now - this.#secondMs >= 1000) this.#sum(now);
      if (now - this.#stageMs >= this.measuredMs) this.#enter('over', now);
    }
  }

  /**
   * The schedule gave up time it could not make good.
   * @param {number} ms
   */
  lose(ms) {
    this.#lostMs += ms;
  }

  summary() {
    const seconds = this.measuredMs / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      ticks: this.#late.length,
      hz: round(this.#late.length / seconds),
      beganLateMs: spread(this.#late),
      endedLateMs: spread(this.#end),
      lostMs: round(this.#lostMs),
      inputsPerSecond: round((this.#inputs - this.#firstInputs) / seconds),
      core: round((user + system) / 1000 / this.measuredMs),
    };
  }

  /**
   * @param {'warming' | 'measuring' | 'over'} stage
   * @param {number} now
   */
  #enter(stage, now) {
    this.#stage = stage;
    this.#stageMs = now;
    this.#secondMs = now;
  }

  /** @param {number} now */
  #sum(now) {
    const [late, end] = [this.#late.slice(this.#from), this.#end.slice(this.#from)];
    this.say({ ticks: late.length, beganLateMs: spread(late), endedLateMs: spread(end) });
    this.#from = this.#late.length;
    this.#secondMs = now;
  }
}

/**
 * Percentiles by nearest rank.
 * @param {readonly number[]} samples
 */
export function spread(samples) {
  const sorted = Float64Array.from(samples).sort();
  const at = (/** @type {number} */ share) =>
    round(sorted[Math.min(Math.ceil(share * sorted.length), sorted.length) - 1]);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** @param {number} value */
export function round(value) {
  return Number(value.toFixed(2));
}
