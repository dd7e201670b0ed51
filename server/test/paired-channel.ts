// Two ends of a channel between processes, within one: what is sent is copied as Node copies it and
// arrives a turn later, in order. Used by parent-directory.test.ts, which cuts it and stops
// reading.
import { EventEmitter } from 'node:events';
import { deserialize, serialize } from 'node:v8';
import type { Channel } from '../src/parent-messages.ts';

type Done = (error: Error | null) => void;

export class PairedChannel extends EventEmitter {
  connected = true;
  /** While false the other end's messages wait unwritten, as on a full pipe. */
  reads = true;
  readonly #unread: [message: unknown, done: Done | undefined][] = [];
  #peer!: PairedChannel;

  /** The two ends, as both halves of the directory take them. */
  static pair(): { child: PairedChannel & Channel; parent: PairedChannel & Channel } {
    const [child, parent] = [new PairedChannel(), new PairedChannel()];
    child.#peer = parent;
    parent.#peer = child;
    return { child: child as never, parent: parent as never };
  }

  send(message: unknown, _handle?: undefined, _options?: undefined, done?: Done): boolean {
    // Throws for what no channel carries, as Node does.
    this.#peer.#unread.push([deserialize(serialize(message)), done]);
    queueMicrotask(() => this.#peer.read());
    return this.#peer.reads;
  }

  /** Takes what came, if it reads. */
  read(): void {
    while (this.reads && this.#unread.length > 0) {
      const [message, done] = this.#unread.shift()!;
      done?.(null);
      this.emit('message', message);
    }
  }

  /** Messages that were sent to this end and not read. */
  get unread(): number {
    return this.#unread.length;
  }

  /** The other process is gone, after all that it said was read. */
  cut(): void {
    for (const end of [this, this.#peer]) end.connected = false;
    for (const end of [this, this.#peer]) end.emit('disconnect');
  }
}
