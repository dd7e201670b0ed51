// What vectors.json is made of: cases, each a game, a script of what happened in its room, and the
// frames of one seat's connection with what they say. README.md says it for readers elsewhere.
import type { GameData } from './declaration.ts';

/** A value as a vector tells it: numbers as wire values, vectors and maps as arrays. */
export type Told =
  | null
  | boolean
  | number
  | string
  | readonly Told[]
  | { readonly [name: string]: Told };
export type ToldFields = { readonly [name: string]: Told };

/** What the game did before a STATE. Entities are named by id: 1, 2, 3 ... as they come. */
export type Act =
  | { readonly spawn: string; readonly with?: object; readonly owner?: number }
  /** Id 0 is the room's state. */
  | { readonly set: number; readonly to: object }
  | {
      readonly call: number;
      readonly path: readonly (string | number)[];
      readonly method: string;
      readonly args: readonly unknown[];
    }
  | { readonly own: number; readonly seat: number }
  | { readonly teleport: number }
  | { readonly despawn: number }
  /** From here on the seat does not see these, or is told of them later. Rooms of `sight` alone. */
  | { readonly hide: readonly number[] }
  | { readonly defer: readonly number[] }
  /** From here on these are far from the seat: told by tracks of their own. */
  | { readonly far: readonly number[] };

/** A frame beside STATE. */
export type Talk =
  /** Odds by chance from a seed, for so many of all contexts: a reader takes them as they are. */
  | { readonly tables: number; readonly share: number; readonly onto: 'first' | 'newest' }
  /** The declaration's odds, but for contexts of which a bit is as good as known. */
  | { readonly sure: readonly (readonly [context: number, bit: 0 | 1])[] }
  | { readonly event: string; readonly tick: number; readonly payload: object }
  | { readonly input: readonly object[]; readonly first: number; readonly shown: number }
  | { readonly ack: true }
  | { readonly command: string; readonly id: number; readonly payload: object }
  | { readonly reply: number; readonly ok: boolean; readonly value: unknown }
  | { readonly ping: number; readonly timeMs: number; readonly by: 'client' | 'server' }
  | {
      readonly pong: number;
      readonly timeMs: number;
      readonly tick: number;
      readonly by: 'client' | 'server';
    }
  | { readonly bye: number; readonly reason: string }
  | { readonly renew: string }
  /** Ms from then on. */
  | { readonly expiry: number }
  | { readonly continuity: readonly [lostEvents: number, inputTick: number, commands: number] }
  | { readonly moved: string; readonly ticket: string }
  | {
      readonly waiting: number;
      readonly found: number;
      readonly wanted: number;
      readonly etaS?: number;
    }
  | { readonly resync: true }
  /** What the seat holds, hashed; what a client says of a part; the part as it is held. */
  | { readonly digest: true }
  | { readonly report: number; readonly finding: string | null }
  | { readonly listing: number; readonly cut: boolean };

/** One STATE of the room: what happened, what is said ahead of it and after it. */
export interface Step {
  readonly acts?: readonly Act[];
  readonly ahead?: readonly Talk[];
  /** The seat gets no STATE. */
  readonly skip?: true;
  /** Of the STATE's header: ticks, or null where no input arrived; parts of a tick. */
  readonly inTime?: number;
  readonly margin?: number | null;
  readonly sentAt?: number;
  readonly talk?: readonly Talk[];
}

/** What our writer makes the frames of. */
export interface Script {
  readonly hello?: object;
  readonly welcome?: object;
  readonly packed: boolean;
  readonly sendEvery?: number;
  /** The seat has a known set of its own. */
  readonly sight?: true;
  /** Steps of the room before the seat joins, and ticks from its WELCOME to its first STATE. */
  readonly stepsBefore?: number;
  readonly ticksBefore?: number;
  /** Said after HELLO, ahead of what answers it. */
  readonly waits?: readonly Talk[];
  /** Said in place of WELCOME: nothing follows. */
  readonly moved?: { readonly url: string; readonly ticket: string };
  readonly steps: readonly Step[];
}

export interface Case {
  readonly name: string;
  readonly game: GameData;
  readonly seat: number;
  readonly script: Script;
}

export type Side = 'client' | 'server';

export interface Frame {
  /** Name of the frame in PROTOCOL.md 3. */
  readonly frame: string;
  readonly from: Side;
  readonly hex: string;
  readonly says: ToldFields;
}

export interface Vector extends Case {
  /** The game's hash, which HELLO carries. */
  readonly hash: string;
  readonly frames: readonly Frame[];
}

export interface Vectors {
  readonly protocol: number;
  readonly cases: readonly Vector[];
}
