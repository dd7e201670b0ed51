// Where a session's room is: which room, who owns it, and where the next line leads: to the server
// that the room was last said to live on, or to the address that the page gave, where any server
// knows the way. Kept by session.ts; knows no line.
import {
  addressFrom,
  CLOSE_LOST,
  CLOSE_OVERLOADED,
  CLOSE_RESTART,
  mayFollow,
  type Welcome,
} from '@tickwire/protocol';
import { DEAF_MS, MOVABLE_DEAF_MS } from './limits.ts';

/** MOVED in a row that are followed at once: to the owner, and while the owner changes. */
const MAX_MOVES = 4;

/** In place of a close code: MOVED ended the line, and is followed at once. */
export const FOLLOWED = 0;

export class Whereabouts {
  roomId = '';
  /** Of the next line. */
  url: string;
  /** The highest of the room that was heard; 0 for none. */
  #epoch = 0;
  readonly #entry: string;
  /** Where the room lives, as far as is known. */
  #home: string;
  #moves = 0;

  /** `entry`: what connect() was given, ws: or http:. */
  constructor(entry: string) {
    this.url = this.#home = this.#entry = forSocket(entry);
  }

  /** Ms of silence after which the line counts as down. */
  get deafMs(): number {
    return this.#epoch === 0 ? DEAF_MS : MOVABLE_DEAF_MS;
  }

  /**
   * A server says that the room lives at `url`, '' for the entry; a port is one of its own. Answers
   * what its line counts as ended with: FOLLOWED where the next line leads there at once.
   */
  follow(url: string): number {
    const next = forSocket(addressFrom(this.url, url)) || this.#entry;
    if (!mayFollow(this.#entry, next)) return CLOSE_LOST;
    this.url = this.#home = next;
    return ++this.#moves > MAX_MOVES ? CLOSE_OVERLOADED : FOLLOWED;
  }

  /**
   * The line led to the room: is it the one before, and of the same owner? Undefined: of an owner
   * that does not know yet that another one took it.
   */
  arrived({ roomId, roomEpoch = 0 }: Welcome): { isRoom: boolean; isOwner: boolean } | undefined {
    const isRoom = roomId === this.roomId;
    if (isRoom && roomEpoch < this.#epoch) return undefined;
    const isOwner = isRoom && roomEpoch === this.#epoch;
    this.roomId = roomId;
    this.#epoch = roomEpoch;
    this.#home = this.url;
    this.#moves = 0;
    return { isRoom, isOwner };
  }

  /**
   * The line broke. The same address is tried again after one that was live (and not silent), and
   * where it was said that nobody has the room now; else the other one. Answers whether the room is
   * between two owners: servers are there, and send to one that is not.
   */
  broke(code: number, wasLive: boolean): boolean {
    const nobodys = code === CLOSE_RESTART;
    // Who has left a live line and does not answer is dead, and the entry knows the next owner.
    const isDead =
      !wasLive && this.#epoch > 0 && this.url === this.#home && this.url !== this.#entry;
    const between = this.#moves > 0 || nobodys || isDead;
    if (code === FOLLOWED) return between;
    if (!wasLive && !nobodys) this.url = this.url === this.#entry ? this.#home : this.#entry;
    this.#moves = 0;
    return between;
  }

  /** The seat is gone: a new one is asked for where the page said. */
  forget(): void {
    this.url = this.#home = this.#entry;
  }
}

function forSocket(url: string): string {
  return url.replace(/^http/i, 'ws');
}
