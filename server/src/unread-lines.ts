// Notices that connections end one after the other and no request could be read of any: what a
// proxy looks like that speaks HTTP/1.0. uWebSockets.js answers it 505 by itself and tells nobody,
// so uws-transport.ts counts here. Trap: the end of a line does not say which line it was.

/** A browser opens two lines ahead at most and may close them unused; these are more. */
const IN_A_ROW = 4;

export class UnreadLines {
  readonly #tell: () => void;
  /** Lines that stood when a request was last read, and may be read ones therefore. */
  #standing = 0;
  #ended = 0;
  #told = false;

  /** `tell` is called once, for the process's life: who scans ports fills no log. */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  /** A request was read while `lines` stand. */
  read(lines: number): void {
    this.#standing = lines;
    this.#ended = 0;
  }

  /** A line ended that we did not cut. Beyond those that stood, they came and went unread. */
  ended(): void {
    this.#ended++;
    if (this.#told || this.#ended - this.#standing < IN_A_ROW) return;
    this.#told = true;
    this.#tell();
  }
}
