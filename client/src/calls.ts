// Commands that wait for their answer: each gets an id, and its promise settles when the answer
// comes or the line breaks. Sends nothing itself; session.ts does.
import { CommandError } from './status.ts';

interface Call {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export class Calls {
  readonly #waiting = new Map<number, Call>();
  #nextId = 1;

  /** Sends by `send` under a new id; rejects with what it throws. */
  start(send: (id: number) => void): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      send(id);
      this.#waiting.set(id, { resolve, reject });
    });
  }

  replied(id: number, ok: boolean, value: unknown): void {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (ok) call?.resolve(value);
    else call?.reject(new CommandError(value as string));
  }

  /** No answer will come any more. */
  fail(message: string): void {
    for (const call of this.#waiting.values()) call.reject(new CommandError(message));
    this.#waiting.clear();
  }
}
