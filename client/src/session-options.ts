// What a session is given, by connect() from its options and the page, and by tests in their place.
// Time and chance are among it: the session has none of its own.
import type { Game, Link } from '@tickwire/protocol';
import type { PlaybackOptions } from './playback.ts';
import type { Inspect } from './wire.ts';

/** What a game may choose between: when own actions are shown, and what is sent for it. */
export type Feel = Omit<PlaybackOptions, 'sample' | 'happened'>;

export interface SessionOptions {
  game: Game;
  room: string;
  token: (() => string | Promise<string>) | undefined;
  ticket: string | undefined;
  spectate: boolean;
  sample: (() => Readonly<Record<string, unknown>>) | undefined;
  feel?: Feel;
  /** Opens a line; `opened` is called when it may be written to. */
  open: (opened: () => void) => Link;
  now: () => number;
  /** Runs later; returns what cancels it. */
  later: (ms: number, run: () => void) => () => void;
  seed: number;
  retryCapMs: number;
  giveUpMs: number;
  inspect?: Inspect | undefined;
}
