// What a session is given, by connect() from its options and the page, and by tests in their place.
// Time and chance are among it: the session has none of its own.
import type { Game, Link, Waiting } from '@tickwire/protocol';
import type { CredentialsOptions } from './credentials.ts';
import type { PlaybackOptions } from './playback.ts';
import type { Inspect } from './wire.ts';

/** What a game may choose between: when own actions are shown, and what is sent for it. */
export type Feel = Omit<PlaybackOptions, 'sample' | 'happened'>;

export interface SessionOptions extends CredentialsOptions {
  game: Game;
  /** Where the first line leads, and the next where nobody is at home. */
  url: string;
  room: string;
  /** The handshake proves who comes. */
  offers?: boolean;
  spectate: boolean;
  sample: (() => Readonly<Record<string, unknown>>) | undefined;
  feel?: Feel;
  onWaiting?: ((waiting: Waiting) => void) | undefined;
  /**
   * Opens a line to `url`; `opened` is called when it may be written to. `offer`: the subprotocols
   * to open it with.
   */
  open: (url: string, opened: () => void, offer?: () => Promise<string[]>) => Link;
  now: () => number;
  /** Runs later; returns what cancels it. */
  later: (ms: number, run: () => void) => () => void;
  seed: number;
  retryCapMs: number;
  giveUpMs: number;
  inspect?: Inspect | undefined;
}
