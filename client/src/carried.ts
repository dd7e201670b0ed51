// What a session carries from one line of its seat to the next: how many events came, the calls
// that wait, the presses that were made. Kept by session.ts; the server's CONTINUITY says how much
// of it came, and what did not is said again. Forgotten with the seat.
import type { Continuity } from '@tickwire/protocol';
import { Calls } from './calls.ts';
import type { InputMaker } from './input-maker.ts';

export class Carried {
  readonly calls = new Calls();
  /** Events of this seat so far, lost ones counted. */
  events = 0;
  readonly #inputs: InputMaker;
  /** Of those, lost ones that the page was not told of. */
  #lost = 0;

  constructor(inputs: InputMaker) {
    this.#inputs = inputs;
  }

  /** The server let events go, now or while the line was down. */
  count({ lostEvents }: Continuity): void {
    this.events += lostEvents;
    this.#lost += lostEvents;
  }

  /** The seat goes on, on a new line, to which `send` gives whole frames of commands. */
  resume({ inputTick, commands }: Continuity, send: (frame: Uint8Array) => void): void {
    this.#inputs.resume(inputTick);
    this.calls.resume(commands, send);
  }

  /** A new seat is asked for: nothing of the old one goes on. */
  forget(): void {
    this.events = this.#lost = 0;
    this.calls.fail('the seat was lost');
    this.#inputs.forget();
  }

  /** Lost events, since last asked. */
  takeLost(): number {
    const count = this.#lost;
    this.#lost = 0;
    return count;
  }
}
