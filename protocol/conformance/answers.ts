// How many answers a packed body may have (K6). Kept by BodyReader (bytes.ts), which counts each
// bit and each part. The trap: candidates come before the questions that they are granted for.
import { Refused } from './refused.ts';

const FREE = 1024;
const FOR_EACH_BYTE = 16;

export class Answers {
  #left: number;

  constructor(bytes: number) {
    this.#left = FREE + FOR_EACH_BYTE * bytes;
  }

  /** So many candidates that the reader holds: each is one answer more. */
  hold(candidates: number): void {
    this.#left += candidates;
  }

  count(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new Refused('bad-state', 'too many answers');
  }

  /** With one byte less there would have been too many. */
  get needAllBytes(): boolean {
    return this.#left < FOR_EACH_BYTE;
  }
}
