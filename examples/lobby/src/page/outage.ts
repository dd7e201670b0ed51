// Follows one session through the death of its shard: how long nothing came, and what is as it was.
// Asked in each drawn frame; what it reports is what the visitor saw, from the broken line to the
// first state of another process.
import type { Status } from '@tickwire/client';

export interface Outage {
  /** `lobby-0`, as the visitor knows it. */
  readonly room: string;
  readonly gapMs: number;
  readonly from: Place;
  readonly to: Place;
}

/** Where a room runs, and what of one's own must not change by that. */
export interface Place {
  readonly port: number;
  readonly pid: number;
  readonly seat: number;
  /** Points; undefined where there are none. */
  readonly score?: number | undefined;
}

interface Session {
  readonly room: string;
  readonly seat: number;
  readonly status: Status;
  onStatus(watch: (status: Status) => void): () => void;
}

export class OutageWatch {
  readonly #session: Session;
  readonly #report: (outage: Outage) => void;
  #last: Place | undefined;
  /** When the line broke, and what was there then. */
  #broken: { readonly atMs: number; readonly from: Place } | undefined;

  constructor(session: Session, report: (outage: Outage) => void) {
    this.#session = session;
    this.#report = report;
    session.onStatus(({ state }) => {
      if (state !== 'resuming' || this.#broken || !this.#last) return;
      this.#broken = { atMs: performance.now(), from: this.#last };
    });
  }

  /** As drawn now. */
  look({ port, pid }: { port: number; pid: number }, score?: number): void {
    const { seat, room, status } = this.#session;
    if (pid === 0 || status.state !== 'live') return;
    this.#last = { port, pid, seat, score };
    if (!this.#broken) return;
    const { atMs, from } = this.#broken;
    // What is drawn is from before, until the new process has said something.
    if (pid === from.pid) return;
    this.#broken = undefined;
    this.#report({ room, gapMs: performance.now() - atMs, from, to: this.#last });
  }
}

/** A sentence for the visitor. */
export function outageText({ room, gapMs, from, to }: Outage): string {
  const seat = from.seat === to.seat ? `same seat (${to.seat})` : `another seat (${to.seat})`;
  const score = to.score === undefined ? '' : `, score ${from.score} → ${to.score}`;
  const moved = `:${from.port} (process ${from.pid}) → :${to.port} (process ${to.pid})`;
  return `${room} was back after ${Math.round(gapMs)} ms: ${moved}, ${seat}${score}`;
}
