// Stands between a transport's events and one socket's handler, so that all transports call it in
// the same order. Made by each transport for each socket; a throw ends that socket with 1011 and
// nothing else. Trap: a handler may close its socket inside any callback, `open` included, before
// it was returned.

import { CloseCode } from '@tickwire/protocol';
import type { Socket, SocketHandler, TransportHandler, TransportWatch } from './transport.ts';

/**
 * The calls into one socket's handler: each guarded, none before `open` returned, none after
 * `closed`, `closed` once.
 */
export class SocketGuard {
  readonly #socket: Socket;
  readonly #watch: TransportWatch;
  #handler: SocketHandler | undefined;
  #over: { code: number; reason: string } | undefined;

  constructor(socket: Socket, watch: TransportWatch) {
    this.#socket = socket;
    this.#watch = watch;
  }

  open(handler: TransportHandler): void {
    try {
      this.#handler = handler.open(this.#socket);
    } catch (error) {
      this.#failed(error, 'open');
    }
    // A handler may close its socket inside open, before it can be told.
    if (this.#over) this.#tell(this.#over);
  }

  /** As run, for what comes all the time: without a function for each message. */
  message(bytes: Uint8Array): void {
    if (!this.#handler || this.#over) return;
    try {
      this.#handler.message(bytes);
    } catch (error) {
      this.#failed(error, 'message');
    }
  }

  run(where: string, call: (handler: SocketHandler) => void): void {
    if (!this.#handler || this.#over) return;
    try {
      call(this.#handler);
    } catch (error) {
      this.#failed(error, where);
    }
  }

  closed(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = { code, reason };
    this.#tell(this.#over);
  }

  #failed(error: unknown, where: string): void {
    this.#watch.fault(error, where, this.#handler?.about);
    this.#socket.close(CloseCode.RoomError, 'server error');
  }

  #tell(over: { code: number; reason: string }): void {
    const handler = this.#handler;
    this.#handler = undefined;
    try {
      handler?.closed(over.code, over.reason);
    } catch (error) {
      this.#watch.fault(error, 'close', handler?.about);
    }
  }
}
