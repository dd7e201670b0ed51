// A browser's WebSocket made of an object, as strict as one, over the stepper's memory transport:
// what its players connect with. It may be cut, stalled and written past, as no browser allows.
import type { MemoryPeer } from '../src/index.ts';
import type { Player } from './stepper.ts';

const OPEN = 1;
const CLOSED = 3;

export class VirtualSocket {
  binaryType = 'blob';
  readyState = 0;
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  /** Neither end hears the other from now on, and nobody is told. */
  dead = false;
  readonly url: string;
  readonly #player: Player<unknown>;
  readonly #unread: (() => void)[] = [];
  #peer: MemoryPeer | undefined;

  constructor(player: Player<unknown>, url = 'ws://stepper') {
    this.url = url;
    this.#player = player;
    player.sockets.push(this);
    player.stepper.later(0, () => this.#open());
  }

  get bufferedAmount(): number {
    return this.#peer?.bufferedBytes ?? 0;
  }

  send(bytes: Uint8Array): void {
    if (this.readyState === 0) throw new Error('InvalidStateError: still connecting');
    if (this.readyState === OPEN && !this.dead) this.#peer!.send(bytes);
  }

  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999))
      throw new Error(`InvalidAccessError: a page may not close with ${code}`);
    if (new TextEncoder().encode(reason).length > 123)
      throw new Error('SyntaxError: the reason is longer than 123 bytes');
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    if (!this.dead) this.#peer?.close(code, reason);
  }

  flow(): void {
    for (const read of this.#unread.splice(0)) read();
  }

  cut(): void {
    this.#unread.length = 0;
    this.#player.stalled = false;
    this.#peer?.cut();
  }

  /** Raw bytes of a hostile client, past everything a client checks. */
  raw(bytes: Uint8Array): void {
    this.#peer!.send(bytes);
  }

  #open(): void {
    if (this.readyState !== 0) return;
    const { stepper, options, offline } = this.#player;
    const { headers, remoteAddress } = options;
    try {
      if (offline) throw new Error('no network');
      this.#peer = stepper.transportAt(this.url).connect({ headers, remoteAddress });
    } catch {
      this.onerror?.({});
      this.#closed(1006, '');
      return;
    }
    this.#peer.onMessage = (bytes) => {
      const { buffer } = bytes.slice();
      if (this.#player.deaf) return;
      if (options.record) this.#player.frames.push(new Uint8Array(buffer));
      this.#arrive(() => {
        if (this.readyState === OPEN) this.onmessage?.({ data: buffer });
      });
    };
    this.#peer.onClose = (code, reason) => this.#arrive(() => this.#closed(code, reason));
    this.readyState = OPEN;
    this.onopen?.({});
  }

  #arrive(read: () => void): void {
    if (this.dead) return;
    if (this.#player.stalled || this.#unread.length > 0) this.#unread.push(read);
    else read();
  }

  #closed(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#player.closes.push([code, reason]);
    this.onclose?.({ code, reason });
  }
}
