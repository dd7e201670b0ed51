// A line to one peer as everything above it sees it: whole binary messages, in order, then one
// close. The client's WebSocket, the memory transport, the network simulator and `linkPair` for
// tests have this shape. Trap: received bytes are valid inside the handler only, and closing an end
// does not call its own `onClose`.
import { assert } from './errors.ts';

/** One end of a line. */
export interface Link {
  /** Copies the bytes or sends them before it returns. Does nothing once either end is closed. */
  send(bytes: Uint8Array): void;
  /**
   * Ends the line after what was sent before. The peer's `onClose` is called, ours is not; later
   * calls do nothing.
   */
  close(code: number, reason: string): void;
  /** Called with each message of the peer; the bytes are valid inside the call. */
  onMessage: ((bytes: Uint8Array) => void) | null;
  /** Called once when the peer or the network ended the line; `code` as in close-codes.ts. */
  onClose: ((code: number, reason: string) => void) | null;
  /** Bytes sent that have not left this machine yet. */
  readonly bufferedBytes: number;
}

/** Two ends in memory and the hand that moves messages between them. */
export interface LinkPair {
  readonly a: Link;
  readonly b: Link;
  /**
   * Delivers everything sent in either direction, also what is sent meanwhile, in the order sent.
   * Answers how many.
   */
  pump(): number;
}

/** Deliveries in one pump: more is two ends that answer each other for ever. */
const MAX_DELIVERIES = 100_000;

/**
 * Two ends in memory. Messages wait for `pump`; with `schedule` each delivery is handed to it
 * instead, to be run later and in the order given.
 */
export function linkPair(schedule?: (deliver: () => void) => void): LinkPair {
  const queue: (() => void)[] = [];
  const later = schedule ?? ((deliver: () => void) => void queue.push(deliver));
  const a = new MemoryLink(later);
  const b = new MemoryLink(later);
  a.peer = b;
  b.peer = a;
  const pump = () => {
    let delivered = 0;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      assert(++delivered <= MAX_DELIVERIES, 'two ends answer each other for ever');
      next();
    }
    return delivered;
  };
  return { a, b, pump };
}

class MemoryLink implements Link {
  onMessage: Link['onMessage'] = null;
  onClose: Link['onClose'] = null;
  bufferedBytes = 0;
  peer: MemoryLink = this;
  #closed = false;
  readonly #later: (deliver: () => void) => void;

  constructor(later: (deliver: () => void) => void) {
    this.#later = later;
  }

  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    const copy = bytes.slice();
    this.bufferedBytes += copy.length;
    this.#later(() => {
      this.bufferedBytes -= copy.length;
      if (!this.peer.#closed) this.peer.onMessage?.(copy);
    });
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#later(() => {
      if (this.peer.#closed) return;
      this.peer.#closed = true;
      this.peer.onClose?.(code, reason);
    });
  }
}
