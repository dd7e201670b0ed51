// A page without a browser: as much of a WebSocket as a client looks at, over a line in memory.
// Used by programs that play real clients against a real room in virtual time. Trap: whoever moves
// the clock pumps the transport and runs the room.
import type { VirtualTime } from '@tickwire/protocol/simulator';
import type { MemoryPeer } from '@tickwire/server';

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
