// One who waits for a match, or a party: whose lines they are, and what these are told. Kept by
// waiting.ts. Trap: a party whose members are not all here waits for them first, and for no match.
import type { Waiting as Told } from '@tickwire/protocol';
import type { Identity } from './identity.ts';
import type { Entrant } from './queues.ts';
import type { Joiner } from './seat.ts';

export type { Told };

export interface Member {
  readonly identity: Identity;
  /** For another shard, in base64; '' where there is none. */
  readonly packed: string;
  /** What tells a user from others; '' for nobody in particular. */
  readonly user: string;
  readonly line: Joiner;
  /** What the directory is to call the place of the match. */
  readonly seat: string;
  resolve(matched: { room: string; url: string; seat: string }): void;
  reject(why: Error): void;
}

type WaiterFacts = Pick<Waiter, 'id' | 'kind' | 'match' | 'size' | 'rating' | 'wanted'>;

/** Least ms from one word to a line to the next, where something has changed. */
const CHANGE_MS = 1_000;
/** Ms after which it is said again: a client gives a server up that says nothing for 8 s. */
const AGAIN_MS = 2_000;

export class Waiter {
  readonly id: number;
  readonly kind: string;
  readonly match: string;
  /** Players, once all are here. */
  readonly size: number;
  readonly rating: number;
  /** Players of a match. */
  readonly wanted: number;
  readonly members: Member[] = [];
  /** Monotonic ms: since all were here first; undefined before. */
  sinceMs: number | undefined;
  /** Of those who came by tickets: when all must be here. */
  gatherUntilMs: number | undefined;
  /** Who is yet to come, by the nonces of their tickets; undefined: tickets.ts knows. */
  readonly expected = new Map<string, Identity | undefined>();
  /** The match that it is kept for, and until when. */
  hold: string | undefined;
  heldUntilMs = 0;
  /** Waits no more. */
  over = false;
  #told: Told | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;
  #changed = false;

  constructor({ id, kind, match, size, rating, wanted }: WaiterFacts) {
    this.id = id;
    this.kind = kind;
    this.match = match;
    this.size = size;
    this.rating = rating;
    this.wanted = wanted;
  }

  get isWhole(): boolean {
    return this.members.length === this.size;
  }

  /** May be kept for a match: is in none, and all lines are there. */
  isFree(nowMs: number): boolean {
    const isHeld = this.hold !== undefined && this.heldUntilMs >= nowMs;
    return !isHeld && !this.over && this.members.every(({ line }) => line.open);
  }

  /** As a shard is told of it that is not this one; `more`: places of those who are yet to come. */
  entrant(nowMs: number, more: Entrant['places'] = []): Entrant {
    const { id, rating, members, sinceMs = nowMs } = this;
    const places = members.map(({ seat, packed, user }) => [seat, packed, user] as const);
    return { id, ageMs: nowMs - sinceMs, rating, places: [...places, ...more] };
  }

  /** How it stands now. */
  stands(told: Omit<Told, 'wanted'>, nowMs: number): void {
    const { waiting, found, etaS } = this.#told ?? {};
    this.#changed ||= told.waiting !== waiting || told.found !== found || told.etaS !== etaS;
    this.#told = { ...told, wanted: this.wanted };
    this.tell(nowMs);
  }

  /** Says how it stands, where that is due. */
  tell(nowMs: number): void {
    const { length: here } = this.members;
    // Nobody has said yet how it stands.
    const told = this.#told ?? { waiting: here, found: here, wanted: this.wanted };
    const sinceMs = nowMs - this.#toldMs;
    if (sinceMs < CHANGE_MS || (sinceMs < AGAIN_MS && !this.#changed)) return;
    this.#toldMs = nowMs;
    this.#changed = false;
    for (const { line } of this.members) line.tellWaiting(told);
  }
}
