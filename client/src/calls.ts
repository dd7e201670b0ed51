// Commands that wait for their answer: each gets an id, and its promise settles when the answer
// comes or never will. They outlive their line: where the seat is resumed, what the server never
// got is said again, so that each runs once at most. Sends nothing itself; session.ts does.
import { CommandError, type CommandFailure } from './status.ts';

interface Call {
  /** Whole, as it was sent. */
  readonly frame: Uint8Array;
  /** Place among the commands of this seat. */
  place: number;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export class Calls {
  /** By id, in the order of sending. */
  readonly #waiting = new Map<number, Call>();
  #nextId = 1;
  /** Commands sent on this seat, of which each line's server says how many came. */
  #sent = 0;

  /** Sends by `send`, which answers the frame, under a new id; rejects with what it throws. */
  start(send: (id: number) => Uint8Array): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const frame = send(id);
      this.#waiting.set(id, { frame, place: ++this.#sent, resolve, reject });
    });
  }

  replied(id: number, ok: boolean, value: unknown): void {
    const call = this.#take(id);
    if (ok) call?.resolve(value);
    else call?.reject(new CommandError(value as string, 'refused'));
  }

  /** The seat goes on, on a new line: `came` of its commands came, the others are sent again. */
  resume(came: number, send: (frame: Uint8Array) => void): void {
    this.#sent = came;
    for (const [id, call] of this.#waiting) {
      if (call.place > came) {
        call.place = ++this.#sent;
        send(call.frame);
      } else {
        const what = 'the line broke after the command and before its answer';
        this.#take(id)!.reject(new CommandError(what, 'unanswered'));
      }
    }
  }

  /** No answer will come any more, and nobody knows what came: there is another seat, or none. */
  fail(message: string, reason: CommandFailure = 'unknown'): void {
    for (const id of this.#waiting.keys())
      this.#take(id)!.reject(new CommandError(message, reason));
    this.#sent = 0;
  }

  #take(id: number): Call | undefined {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    return call;
  }
}
