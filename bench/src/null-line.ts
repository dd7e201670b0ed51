// A transport without a network, a queue or a client: what the server sends is counted and dropped,
// what players say is handed over at once. Leaves exactly the framework's own work to be measured.
// Trap: it takes WELCOME and STATE for granted and judges nothing.
import { FrameType } from '@tickwire/protocol';
import type { Socket, SocketHandler, Transport, TransportHandler } from '@tickwire/server';

/** One player's end. */
export class NullPlayer implements Socket {
  readonly remoteAddress = '127.0.0.1';
  readonly context = undefined;
  /** STATE frames and their bytes, and the bytes of everything, since the start. */
  states = 0;
  stateBytes = 0;
  bytes = 0;
  /** Bytes of the shortest STATE. */
  leastState = Number.POSITIVE_INFINITY;
  welcomed = false;
  closed = '';
  #handler: SocketHandler | undefined;

  say(frame: Uint8Array): void {
    this.#handler!.message(frame);
  }

  opened(handler: SocketHandler): this {
    this.#handler = handler;
    return this;
  }

  send(frame: Uint8Array): void {
    this.bytes += frame.length;
    // Every frame of ours is an array of fewer than 16 elements: the type is the second byte.
    const type = frame[1];
    if (type === FrameType.Welcome) this.welcomed = true;
    if (type !== FrameType.State) return;
    this.states++;
    this.stateBytes += frame.length;
    if (frame.length < this.leastState) this.leastState = frame.length;
  }

  bufferedBytes(): number {
    return 0;
  }

  cork(run: () => void): void {
    run();
  }

  close(code: number, reason: string): void {
    this.closed = `${code} ${reason}`;
  }

  terminate(): void {
    this.closed = 'terminated';
  }
}

export class NullTransport implements Transport {
  readonly name = 'null';
  #handler: TransportHandler | undefined;

  async listen(_options: object, handler: TransportHandler): Promise<{ port: number }> {
    this.#handler = handler;
    return { port: 1 };
  }

  stopListening(): void {}

  async close(): Promise<void> {}

  player(): NullPlayer {
    const player = new NullPlayer();
    return player.opened(this.#handler!.open(player));
  }
}
