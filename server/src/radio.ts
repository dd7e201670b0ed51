// Messages between rooms, of this process and of others: what a room publishes on a channel is
// heard by all other rooms whose kind has a handler of that name. Called by shard.ts. At most once,
// in order from one room, and never while a room is in a tick; what a shard says while the
// directory is away is lost.
import { MsgpackReader, MsgpackWriter, ProtocolError, UsageError } from '@tickwire/protocol';
import { readKept, writeKept } from './cold.ts';
import type { Directory } from './directory.ts';
import type { Log } from './log.ts';
import type { GameRoom } from './room.ts';

/** A line of chat, a score, a door that opened: what is larger is a file. */
const MAX_MESSAGE_BYTES = 16 * 1024;
const MAX_ID_BYTES = 256;
/** Messages of this process that the directory has not taken yet; more are let go. */
const MOST_PENDING = 1_000;

/** What a channel may be called. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

interface Station {
  readonly rooms: Set<GameRoom>;
  readonly ends: Promise<() => Promise<void>>;
}

export class Radio {
  readonly #directory: Directory;
  readonly #log: Log;
  readonly #stations = new Map<string, Station>();
  readonly #out = new MsgpackWriter(256);
  #pending = 0;

  constructor(directory: Directory, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** The room hears from now on what its kind has handlers for. */
  add(room: GameRoom): void {
    for (const channel of Object.keys(room.definition.hears ?? {})) {
      const station = this.#stations.get(channel) ?? this.#open(channel);
      station.rooms.add(room);
    }
  }

  remove(room: GameRoom): void {
    for (const channel of Object.keys(room.definition.hears ?? {})) {
      const station = this.#stations.get(channel);
      if (!station?.rooms.delete(room) || station.rooms.size > 0) continue;
      this.#stations.delete(channel);
      station.ends.then((end) => end()).catch(() => {});
    }
  }

  /** Throws UsageError for a name or data that cannot travel. */
  publish(room: GameRoom, channel: string, data: unknown): void {
    if (!NAME.test(channel))
      throw new UsageError(`publish('${channel}'): wants 1..64 letters, digits, _ or -`);
    const out = this.#out;
    out.reset();
    out.str(room.id);
    writeKept(out, `publish('${channel}')`, data);
    const bytes = out.bytes().slice();
    if (bytes.length > MAX_MESSAGE_BYTES)
      throw new UsageError(`publish('${channel}'): ${bytes.length} bytes of ${MAX_MESSAGE_BYTES}`);
    if (this.#pending >= MOST_PENDING) return this.#lost(channel, 'too many are on their way');
    this.#pending++;
    this.#directory
      .publish(addressOf(channel), bytes)
      .catch((error) => this.#lost(channel, String(error)))
      .finally(() => {
        this.#pending--;
      });
  }

  #open(channel: string): Station {
    const rooms = new Set<GameRoom>();
    // In memory a message is heard while its sender's tick still runs.
    const hear = (bytes: Uint8Array) => queueMicrotask(() => this.#heard(channel, rooms, bytes));
    const ends = this.#directory.subscribe(addressOf(channel), hear);
    ends.catch((error) => {
      this.#log.error({ err: error, channel }, 'a channel is not heard');
      // The next room tries again.
      this.#stations.delete(channel);
    });
    const station = { rooms, ends };
    this.#stations.set(channel, station);
    return station;
  }

  #heard(channel: string, rooms: ReadonlySet<GameRoom>, bytes: Uint8Array): void {
    const from = new MsgpackReader();
    from.reset(bytes);
    try {
      const sender = from.str(MAX_ID_BYTES);
      const data = readKept(from);
      from.end();
      for (const room of [...rooms]) {
        const { definition, code } = room;
        const handle = definition.hears?.[channel];
        if (handle && room.id !== sender)
          code.run(`hears ${channel}`, () => handle(room as never, data as never));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#log.warn({ channel, bytes: bytes.length }, 'not a message of a room');
    }
  }

  #lost(channel: string, why: string): void {
    this.#log.warn({ channel, why }, 'a message between rooms is lost');
  }
}

function addressOf(channel: string): string {
  return `room:${channel}`;
}
