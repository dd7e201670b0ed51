// What a shard and the parent that started it say to each other over Node's channel between
// processes. Written and read by parent-directory.ts, directory-host.ts and shards.ts. Trap: a game
// may use the channel too, so each message carries our name, and what does not is left alone.
import type { Directory, DirectoryError } from './directory.ts';

/** Ms between beats of a shard, and between its parent's looks: an eighth of a lease. */
export const BEAT_MS = 250;

/**
 * Ms without a beat for which a shard keeps its rooms, and after which it is ended, where
 * limits.hangMs says no longer. Rooms of a process that ended do not wait for it.
 */
export const STILL_MS = 2_000;

/** One end: `process` in a child, the ChildProcess in its parent. */
export interface Channel {
  readonly connected: boolean;
  /** Throws for what cannot be copied. `done`: the channel took it, or never will. */
  send(
    message: ToParent | ToChild,
    handle: undefined,
    options: undefined,
    done: (error: Error | null) => void,
  ): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'disconnect', listener: () => void): unknown;
}

/** Numbers asks, and listeners of one child. */
export type Serial = number;

/** Methods that are asked as they are; a listener is named by its number. */
export type Asked = Exclude<keyof Directory, 'isParted' | 'close'> | 'unsubscribe';

export interface Question {
  readonly tickwire: 'ask';
  readonly id: Serial;
  readonly method: Asked;
  readonly args: readonly unknown[];
}

export type ToParent =
  | Question
  /** The shard takes players. `hangMs`: how long its loop may stand still. */
  | {
      readonly tickwire: 'listening';
      readonly port: number;
      readonly url: string;
      readonly hangMs: number;
    }
  /** Its loop turns; said every BEAT_MS from then on. */
  | { readonly tickwire: 'beat'; readonly debugged: boolean }
  /** It does not: serve() threw; a UsageError, which it would throw again, or another one. */
  | { readonly tickwire: 'failed'; readonly reason: string; readonly misused: boolean };

export type ToChild =
  | { readonly tickwire: 'answer'; readonly id: Serial; readonly value: unknown }
  | {
      readonly tickwire: 'refusal';
      readonly id: Serial;
      readonly code: DirectoryError['code'];
      readonly reason: string;
    }
  | { readonly tickwire: 'heard'; readonly listener: Serial; readonly message: Uint8Array };

/**
 * Undefined for what is not ours. What is ours is told apart by `tickwire`, and not yet checked.
 */
export function ours(message: unknown): Record<string, unknown> | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return 'tickwire' in message ? (message as Record<string, unknown>) : undefined;
}
