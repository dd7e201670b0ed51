// A page without a browser: a clock that stands still until it is moved, timers that go by it, and
// as much of a WebSocket as a client looks at. Used by programs that play real clients against a
// real room in virtual time. Trap: whoever moves the clock pumps the transport and runs the room.
import type { MemoryPeer } from '@tickwire/server';

/** Where virtual time starts, ms. Not 0, which a clock may take for "never". */
export const START_MS = 1000;

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

export class VirtualTime {
  nowMs = START_MS;
  /** By due time; of equal ones the first set comes first. */
  readonly #timers: Timer[] = [];

  readonly now = (): number => this.nowMs;

  readonly later = (ms: number, run: () => void): (() => void) => {
    const timer = { dueMs: this.nowMs + Math.max(ms, 0), run };
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1].dueMs > timer.dueMs) at--;
    this.#timers.splice(at, 0, timer);
    return () => {
      const found = this.#timers.indexOf(timer);
      if (found >= 0) this.#timers.splice(found, 1);
    };
  };

  /** When the next timer is due, ms; Infinity if there is none. */
  get dueMs(): number {
    return this.#timers[0]?.dueMs ?? Infinity;
  }

  /** Moves the clock and runs what is due by then; answers how many timers that were. */
  moveTo(nowMs: number): number {
    this.nowMs = nowMs;
    let runs = 0;
    for (; this.dueMs <= nowMs; runs++) this.#timers.shift()!.run();
    return runs;
  }
}

/** As much of a browser's WebSocket as a client looks at, over a line in memory. */
export class MemorySocket {
  binaryType = 'blob';
  readyState = 0;
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  readonly #peer: MemoryPeer;

  constructor(peer: MemoryPeer, time: VirtualTime) {
    this.#peer = peer;
    peer.onMessage = (bytes) => this.onmessage?.({ data: bytes.slice().buffer as ArrayBuffer });
    peer.onClose = (code, reason) => this.onclose?.({ code, reason });
    time.later(0, () => {
      this.readyState = 1;
      this.onopen?.({});
    });
  }
  get bufferedAmount(): number {
    return this.#peer.bufferedBytes;
  }
  send(bytes: Uint8Array): void {
    this.#peer.send(bytes);
  }
  close(code = 1000, reason = ''): void {
    this.#peer.close(code, reason);
  }
}
