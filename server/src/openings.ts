// Opens rooms, here or where there is less to do: one for all who want one of a kind and match at
// once, or one for who asks for his own. Used by placement.ts. Trap: how busy others are is old
// news, so a shard that was asked may refuse; then the room is opened here.
import { type Directory, DirectoryError, type RoomEntry } from './directory.ts';
import { underDirectory } from './joining.ts';
import type { Others } from './others.ts';
import type { Peers } from './peers.ts';
import type { Wanted } from './queues.ts';
import type { GameRoom } from './room.ts';
import type { Shard } from './shard.ts';

export interface OpeningsOptions {
  shard: Shard;
  directory: Directory;
  /** Other shards; undefined where there are none. */
  peers: Peers | undefined;
  others: Others | undefined;
}

export class Openings {
  readonly #options: OpeningsOptions;
  /** Rooms that are being opened, by what for: who comes meanwhile waits for them. */
  readonly #opening = new Map<string, Promise<GameRoom | RoomEntry>>();

  constructor(options: OpeningsOptions) {
    this.#options = options;
  }

  /** One for all is being opened. */
  has(wanted: Wanted): boolean {
    return this.#opening.has(keyOf(wanted));
  }

  /** One new room for all who want one at once. */
  openForAll(wanted: Wanted): Promise<GameRoom | RoomEntry> {
    const key = keyOf(wanted);
    const opening = this.#opening.get(key);
    if (opening) return opening;
    const opened = this.open(wanted, false).finally(() => this.#opening.delete(key));
    this.#opening.set(key, opened);
    return opened;
  }

  /** Here, or where there is less to do. */
  async open({ kind, match }: Wanted, hidden: boolean): Promise<GameRoom | RoomEntry> {
    const { shard, directory, peers, others } = this.#options;
    const other = others && (await underDirectory(others.lessLoaded()));
    if (!peers || !other) return shard.open(kind, { match, hidden });
    others.send(other);
    try {
      const id = String(await peers.ask(other.id, 'open', kind, match, hidden));
      const entry = await underDirectory(directory.room(id));
      if (entry) return entry;
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      // It died, or is full since it last said how it is.
    }
    return shard.open(kind, { match, hidden });
  }
}

function keyOf({ kind, match }: Wanted): string {
  return `${kind} ${match}`;
}
