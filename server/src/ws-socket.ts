// One WebSocket of ws behind our Socket interface, with the idle timeout that ws has not. Made by
// ws-transport for each handshake it takes. Trap: ws keeps a reference to what it is given until
// the kernel took all of it, so every frame is copied before it is sent.

import type { Socket as TcpSocket } from 'node:net';
import { CloseCode } from '@tickwire/protocol';
import type { WebSocket } from 'ws';
import { SocketGuard } from './socket-guard.ts';
import { closeFrame, type Socket, type TransportLimits, type TransportWatch } from './transport.ts';

/** Silence is measured on this grid, as uWebSockets.js does: a peer is cut up to 4 s early. */
export const SWEEP_S = 4;

export class WsSocket implements Socket {
  readonly remoteAddress: string;
  readonly context: unknown;
  readonly guard: SocketGuard;
  readonly #native: WebSocket;
  readonly #tcp: TcpSocket;
  readonly #maxUnsentBytes: number;
  #open = true;
  #silentS = 0;

  constructor(
    native: WebSocket,
    tcp: TcpSocket,
    remoteAddress: string,
    context: unknown,
    limits: TransportLimits,
    watch: TransportWatch,
  ) {
    this.#native = native;
    this.#tcp = tcp;
    this.remoteAddress = remoteAddress;
    this.context = context;
    this.#maxUnsentBytes = limits.maxBackpressureBytes;
    this.guard = new SocketGuard(this, watch);
  }

  send(frame: Uint8Array): void {
    if (!this.#open) return;
    if (this.#native.bufferedAmount > this.#maxUnsentBytes)
      this.close(CloseCode.SlowSeat, 'too much unsent');
    else this.#native.send(Buffer.from(frame), { binary: true });
  }

  bufferedBytes(): number {
    return this.#open ? this.#native.bufferedAmount : 0;
  }

  cork(run: () => void): void {
    if (!this.#open) return run();
    this.#tcp.cork();
    try {
      run();
    } finally {
      this.#tcp.uncork();
    }
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    const frame = closeFrame(code, reason);
    this.#open = false;
    this.#native.close(frame.code, frame.reason);
    this.guard.closed(frame.code, frame.reason);
  }

  terminate(): void {
    if (!this.#open) return;
    this.cut();
  }

  /** Also cuts a socket that is closed to the handler and waits for its peer's close frame. */
  cut(): void {
    this.#native.terminate();
    this.gone(CloseCode.Lost, '');
  }

  gone(code: number, reason: string): void {
    this.#open = false;
    this.guard.closed(code, reason);
  }

  heard(): void {
    this.#silentS = 0;
  }

  /** A ping one margin before the end, as uWebSockets.js sends it; then the end. */
  sweep(idleTimeoutS: number): void {
    if (!this.#open) return;
    this.#silentS += SWEEP_S;
    if (this.#silentS >= idleTimeoutS) {
      this.#native.terminate();
      this.gone(CloseCode.Lost, 'idle');
    } else if (this.#silentS === idleTimeoutS - pingMarginS(idleTimeoutS)) {
      this.#native.ping();
    }
  }
}

/** 4, 8 or 16 s for the pong: the steps of uWebSockets.js. */
function pingMarginS(idleTimeoutS: number): number {
  let marginS = 4;
  while (marginS < 16 && idleTimeoutS - marginS * 2 >= marginS * 2) marginS *= 2;
  return marginS;
}
