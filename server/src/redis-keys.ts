// What everything is called in Redis. Used by redis-directory.ts. Braces are hash tags of Redis
// Cluster: all keys of a room are in one slot, and those of the shards in another. Trap: ids and
// names come from games and clients, so none stands in a key as it is.
import { createHash } from 'node:crypto';
import { type Board, DirectoryError } from './directory.ts';

/** Of an id, a kind or a channel. A room's id is its kind, which has 64 at most, and a few more. */
const MAX_NAME_CHARS = 256;
/** Leases are listed in so many keys, so that a cluster has them on several machines. */
const LEASE_LISTS = 16;

export class RedisKeys {
  readonly secret: string;
  /** When each shard is forgotten, and what it said. */
  readonly shards: readonly string[];
  /** By when they end. */
  readonly leases: readonly string[];
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.secret = `${prefix}secret`;
    this.shards = [`${prefix}{shards}:until`, `${prefix}{shards}:said`];
    this.leases = Array.from({ length: LEASE_LISTS }, (_, index) => `${prefix}lease:${index}`);
  }

  /** Of one room, in the order of redis-scripts.ts. */
  room(id: string): string[] {
    const room = `${this.#prefix}{r:${escaped(id)}}:`;
    return [
      `${room}room`,
      `${room}promises`,
      `${room}identities`,
      `${room}taken`,
      `${room}checkpoint`,
    ];
  }

  checkpoint(id: string): string {
    return this.room(id)[4];
  }

  /** All rooms that are not hidden, or those of a kind, by when they were opened. */
  rooms(kind?: string): string {
    return `${this.#prefix}rooms${kind === undefined ? '' : `:${escaped(kind)}`}`;
  }

  /** Rooms of a kind, build and match by their free seats; `name` is from `openName`. */
  open(name: string): string {
    return `${this.#prefix}open:${name}`;
  }

  /** The list of leases that a room is on. */
  lease(id: string): string {
    return this.leases[hash(id) % LEASE_LISTS];
  }

  /** Rooms that a user is in. */
  user(name: string): string {
    return `${this.#prefix}u:${escaped(name)}`;
  }

  board({ name, order }: Board): string {
    return `${this.#prefix}{b:${name}}:${order}`;
  }

  /** What a room posted on a board, in its slot: the newest epoch, and what counts once. */
  guards({ name }: Board, room: string): string[] {
    const guard = `${this.#prefix}{b:${name}}:posted:${escaped(room)}:`;
    return [`${guard}epoch`, `${guard}once`];
  }

  channel(name: string): string {
    return `${this.#prefix}channel:${escaped(name)}`;
  }
}

/** Matches are any text that a game makes of what a client asks for. */
export function openName(kind: string, build: string, match: string): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, build, match]))
    .digest('base64url');
}

/** A part of a key that no name can leave: braces and colons are spelt as %7B, %7D and %3A. */
function escaped(name: string): string {
  const fits = name.length <= MAX_NAME_CHARS;
  if (fits && !/\p{Surrogate}/u.test(name)) return encodeURIComponent(name);
  const why = fits ? 'is not Unicode' : `has more than ${MAX_NAME_CHARS} characters`;
  throw new DirectoryError('failed', `a name of ${name.length} characters ${why}`);
}

/** FNV-1a over UTF-16. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
