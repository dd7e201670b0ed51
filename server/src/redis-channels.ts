// What a shard listens to on Redis, on a connection of its own that is opened by the first who
// listens. Used by redis-directory.ts. Trap: while the connection is lost, what is said is missed;
// it is subscribed again when it comes back, and nobody is told what was said meanwhile.
import { DirectoryError } from './directory.ts';
import type { Ear } from './redis-line.ts';

interface Channel {
  readonly hearers: Set<(message: Uint8Array) => void>;
  readonly pass: (message: Buffer) => void;
  subscribed: Promise<void>;
}

export class RedisChannels {
  readonly #open: () => Ear;
  readonly #channels = new Map<string, Channel>();
  #ear: Ear | undefined;
  #closed = false;

  constructor(open: () => Ear) {
    this.#open = open;
  }

  async subscribe(name: string, hear: (message: Uint8Array) => void): Promise<() => Promise<void>> {
    if (this.#closed) throw new DirectoryError('unreachable', 'Redis: closed');
    const channel = this.#channels.get(name) ?? this.#subscribe(name);
    // One who listens twice hears twice.
    const own = (message: Uint8Array) => hear(message);
    channel.hearers.add(own);
    try {
      await channel.subscribed;
    } catch (error) {
      await this.#leave(name, channel, own);
      throw error;
    }
    return () => this.#leave(name, channel, own);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#channels.clear();
    await this.#ear?.close();
  }

  #subscribe(name: string): Channel {
    this.#ear ??= this.#open();
    const hearers: Channel['hearers'] = new Set();
    const pass = (message: Buffer) => {
      const copy = new Uint8Array(message);
      // In a turn of its own: what a hearer throws must not reach the reader of the connection.
      for (const hear of hearers) queueMicrotask(() => hear(copy));
    };
    const channel = { hearers, pass, subscribed: this.#ear.subscribe(name, pass) };
    this.#channels.set(name, channel);
    return channel;
  }

  /** Never fails: who has left hears nothing, whether Redis knows it or not. */
  async #leave(name: string, channel: Channel, own: (message: Uint8Array) => void): Promise<void> {
    if (!channel.hearers.delete(own) || channel.hearers.size > 0) return;
    if (this.#channels.get(name) === channel) this.#channels.delete(name);
    await this.#ear?.unsubscribe(name, channel.pass).catch(() => {});
  }
}
