// The player's side of a tick: reads the controls, keeps a press until its tick is made, and makes
// one input for each tick up to the one aimed at. Advanced by playback.ts, which says what tick to
// aim at and has what was made predicted and sent. Knows no clock and no line. Trap: `due` is
// filled anew at each call, its inputs are not.
import {
  carryPresses,
  type Game,
  inputFromWire,
  neutralInput,
  type Plan,
  releasePresses,
  roundInput,
} from '@tickwire/protocol';

/** Input ticks made up for after a hitch of the page; beyond that the player was not there. */
const MAX_INPUT_GAP = 12;
/**
 * The server's window of future ticks: what it says beyond that of a clock gone wrong is passed
 * over.
 */
const WINDOW_TICKS = 16;
/**
 * Ticks with presses that are remembered: ten a second, for as long as a seat waits for its line.
 */
const MAX_PRESSES = 256;
/** Ticks that an input delay changes by in a tick: own motion at 0.95 to 1.05 times its speed. */
const MAX_DELAY_RATE = 0.05;

export interface InputOptions {
  sample?: () => Readonly<Record<string, unknown>>;
  /** Ticks after which own actions are shown. Default 0. */
  inputDelayTicks?: number;
  /**
   * Most ticks shown ahead of the newest STATE; what the line wants beyond is delay. Default: no
   * bound.
   */
  maxPredictTicks?: number;
}

export class InputMaker {
  /** Newest tick an input was made for. */
  tick = 0;
  /** Input is made: between `start` and `stop`. */
  running = false;
  /** What the last `make` made, for the ticks up to `tick`: wire values, one array for each. */
  readonly due: Float64Array[] = [];
  readonly #game: Game;
  readonly #options: InputOptions;
  readonly #held: Float64Array;
  readonly #latched: Float64Array;
  /** Presses that were down at the reading before: held down, they are not pressed again. */
  readonly #down: Float64Array;
  readonly #heldInput: Record<string, unknown> = {};
  /** Presses made and not known to have come, by tick. */
  readonly #made: { readonly tick: number; readonly wire: Float64Array }[] = [];
  /** Presses that a line took with it, or that had none, to be made: each in a tick. */
  readonly #again: Float64Array[] = [];
  #target = 0;
  #delay = 0;

  constructor(game: Game, options: InputOptions) {
    this.#game = game;
    this.#options = options;
    this.#held = neutralInput(game.input);
    this.#latched = new Float64Array(this.#held.length);
    this.#down = new Float64Array(this.#held.length);
  }

  /** What is held now, presses included: a picture between two ticks is stepped with it. */
  get held(): Readonly<Record<string, unknown>> {
    return inputFromWire(this.#game.input, this.#held, this.#heldInput);
  }

  /** Ticks after which own actions are shown now. */
  get delayTicks(): number {
    return this.#delay;
  }

  /** Fractional tick that one's own are shown at. */
  get present(): number {
    return this.#target - this.#delay;
  }

  /** A seat at `tick`: nothing is made for ticks up to it, nor before `start`. */
  reset(tick: number): void {
    this.running = false;
    this.tick = this.#target = tick;
  }

  /** The seat goes on: its inputs up to `inputTick` came, presses after it are made again. */
  resume(inputTick: number): void {
    const lost = this.#made.splice(0).filter(({ tick }) => tick > inputTick);
    this.#again.unshift(...lost.map(({ wire }) => wire));
    // Read, but the line broke before its tick was made: another press may be read before the next.
    this.#setAside();
    if (inputTick - this.tick <= WINDOW_TICKS) this.tick = Math.max(this.tick, inputTick);
  }

  /** No line now: what is pressed meanwhile is made on the next one. */
  keep(): void {
    if (!this.#options.sample) return;
    this.#read(this.#options.sample());
    this.#setAside();
  }

  /** Another seat: what was pressed on the old one is over. */
  forget(): void {
    this.#made.length = this.#again.length = 0;
  }

  /** Input is made for the ticks after `target`. `ahead`: as for `make`. */
  start(target: number, ahead: number): void {
    this.running = true;
    this.#target = target;
    this.#delay = this.#wantedDelay(ahead);
    this.tick = Math.max(Math.floor(target), this.tick);
  }

  stop(): void {
    this.running = false;
  }

  /**
   * Makes inputs up to `target`, a fractional tick that does not go back, into `due`; `made` is
   * told of each as it is made. `ahead`: ticks from a STATE that just came to `target`. Answers the
   * tick of the first input, or undefined where none was due.
   */
  make(
    target: number,
    ahead: number,
    made: (tick: number, wire: Float64Array) => void,
  ): number | undefined {
    if (!this.running || !this.#options.sample) return undefined;
    const most = MAX_DELAY_RATE * Math.max(target - this.#target, 0);
    const error = this.#wantedDelay(ahead) - this.#delay;
    this.#delay += Math.min(Math.max(error, -most), most);
    this.#target = Math.max(target, this.#target);
    this.#read(this.#options.sample());
    const last = Math.floor(this.#target);
    if (last <= this.tick) return undefined;
    // A page that was away does not send what nobody pressed.
    const first = last - this.tick > MAX_INPUT_GAP ? last : this.tick + 1;
    this.due.length = 0;
    for (let tick = first; tick <= last; tick++) {
      const wire = this.#held.slice();
      this.#press(tick, wire);
      this.due.push(wire);
      made(tick, wire);
      releasePresses(this.#game.input, this.#held);
      this.#latched.fill(0);
    }
    this.tick = last;
    return first;
  }

  /** What a broken line took goes first; what is pressed meanwhile waits its turn. */
  #press(tick: number, wire: Float64Array): void {
    const { input } = this.#game;
    if (this.#again.length > 0) {
      if (presses(input, wire)) this.#again.push(wire.slice());
      releasePresses(input, wire);
      carryPresses(input, this.#again.shift()!, wire);
    }
    if (!presses(input, wire)) return;
    if (this.#made.length >= MAX_PRESSES) this.#made.shift();
    // A copy: a full socket moves presses to later ticks.
    this.#made.push({ tick, wire: wire.slice() });
  }

  #setAside(): void {
    const { input } = this.#game;
    if (presses(input, this.#latched)) this.#again.push(this.#latched.slice());
    this.#latched.fill(0);
    releasePresses(input, this.#held);
  }

  /** As chosen, or what is too much to predict; no more than there is to predict. */
  #wantedDelay(ahead: number): number {
    const { inputDelayTicks = 0, maxPredictTicks = Number.POSITIVE_INFINITY } = this.#options;
    return Math.max(Math.min(Math.max(inputDelayTicks, ahead - maxPredictTicks), ahead - 1), 0);
  }

  /** Takes what the controls say; a press stays until its tick is made. */
  #read(sampled: Readonly<Record<string, unknown>> | undefined): void {
    const { input } = this.#game;
    if (sampled) {
      roundInput(input, sampled, this.#held);
      for (const { spec, column } of input.fields) {
        if (!spec.press) continue;
        const down = this.#held[column];
        if (this.#down[column]) this.#held[column] = 0;
        this.#down[column] = down;
      }
    }
    carryPresses(input, this.#held, this.#latched);
    carryPresses(input, this.#latched, this.#held);
  }
}

function presses(input: Plan, wire: Float64Array): boolean {
  return input.fields.some(({ spec, column }) => spec.press && wire[column] !== 0);
}
