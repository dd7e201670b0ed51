// One WebSocket of uWebSockets.js behind our Socket interface. Made by uws-transport for each
// handshake it takes. Trap: the native socket throws when it is touched after its end, so it is let
// go of before it is closed.

import type * as uws from 'uWebSockets.js';
import { CloseCode } from '@tickwire/protocol';
import { SocketGuard } from './socket-guard.ts';
import { closeFrame, type Socket, type TransportLimits, type TransportWatch } from './transport.ts';

/** A native socket as ours are made. */
export type Native = uws.WebSocket<UserData>;
/** Fields of the native socket itself, which copies them from what the handshake was given. */
export interface UserData {
  readonly context: unknown;
  socket: UwsSocket | undefined;
  guard: SocketGuard | undefined;
}

/** What uWebSockets.js answers to `send` for a frame that is with the kernel; 0: it waits. */
const SENT = 1;

/** What runs in a cork, and what it threw: one function serves all, where each would be garbage. */
const corked = {
  run: () => {},
  fault: undefined as { readonly error: unknown } | undefined,
};

function runCorked(): void {
  try {
    corked.run();
  } catch (error) {
    corked.fault = { error };
  }
}

export class UwsSocket implements Socket {
  readonly remoteAddress: string;
  readonly context: unknown;
  readonly guard: SocketGuard;
  readonly #maxUnsentBytes: number;
  /** The newest frame did not go out at once. */
  #waits = false;
  #native: Native | undefined;
  #over: { code: number; reason: string } | undefined;

  constructor(
    native: Native,
    remoteAddress: string,
    context: unknown,
    limits: TransportLimits,
    watch: TransportWatch,
  ) {
    this.#native = native;
    this.remoteAddress = remoteAddress;
    this.context = context;
    this.#maxUnsentBytes = limits.maxBackpressureBytes;
    this.guard = new SocketGuard(this, watch);
  }

  send(frame: Uint8Array): void {
    if (!this.#native) return;
    // Asked only where the last send said that something waits: the question is a native call.
    if (this.#waits && this.#native.getBufferedAmount() > this.#maxUnsentBytes)
      this.close(CloseCode.SlowSeat, 'too much unsent');
    else this.#waits = this.#native.send(frame, true, false) !== SENT;
  }

  bufferedBytes(): number {
    return this.#native?.getBufferedAmount() ?? 0;
  }

  cork(run: () => void): void {
    if (!this.#native) return run();
    corked.run = run;
    this.#native.cork(runCorked);
    const { fault } = corked;
    corked.fault = undefined;
    if (fault) throw fault.error;
  }

  close(code: number, reason: string): void {
    const native = this.#native;
    if (!native) return;
    const frame = closeFrame(code, reason);
    this.#over = frame;
    this.#native = undefined;
    // Runs the native close handler, and so gone(), before it returns.
    native.end(frame.code, frame.reason);
  }

  terminate(): void {
    const native = this.#native;
    if (!native) return;
    this.#over = { code: CloseCode.Lost, reason: '' };
    this.#native = undefined;
    native.close();
  }

  gone(code: number, reason: string): void {
    this.#native = undefined;
    const over = this.#over ?? { code, reason };
    this.guard.closed(over.code, over.reason);
  }
}
