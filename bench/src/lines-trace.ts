// What was seen of one bot's play: by drawn frame, by tick, and by shot. Filled by lines-bot.ts
// with what view() returned and by lines-world.ts with what the server did; read by
// lines-measure.ts. Keeps everything, because a figure that fails wants its seconds named.
import type { Sight } from './lines-game.ts';

/** A ship as predicted or as stepped by the server. */
export type Pose = readonly [x: number, y: number, vx: number, vy: number, angle: number];

/** One drawn frame. */
export interface Frame {
  readonly atMs: number;
  /** The server's fractional tick: the truth, and the client's word for it. */
  readonly serverTick: number;
  readonly saidServerTick: number;
  readonly shownTick: number;
  /** Newest STATE received. */
  readonly newestTick: number;
  /** Ships of others in this frame and the one before: the fastest, world units a second. */
  readonly fastest: number;
  /** Others whose shown speed is a mover's, and those of them that moved since the frame before. */
  readonly moving: number;
  readonly moved: number;
  readonly saidCorrections: number;
}

/** One shot at a mover: who decided what, and when. */
export interface Shot {
  readonly target: number;
  readonly firedMs: number;
  saw?: Sight;
  gave?: Sight;
  /** The server took the press, with this number as its input's. */
  taken: boolean;
  /** Its tick had its input in time. */
  inTime: boolean;
}

export class Trace {
  readonly frames: Frame[] = [];
  /** By tick: as the client last predicted it before it was told. */
  readonly predicted: Pose[] = [];
  /** By tick: as the server stepped it. */
  readonly stepped: Pose[] = [];
  /** By tick: the server had its input in time. */
  readonly inTime: boolean[] = [];
  /** By tick: the client's lead as it made the input, ticks before the server's present. */
  readonly leads: number[] = [];
  /** By tick: how early the input came, ticks; negative: too late. */
  readonly slacks: number[] = [];
  /** When the finger went down, and when the server took a press, ms: ascending. */
  readonly pressesMs: number[] = [];
  readonly firesMs: number[] = [];
  /** By number. */
  readonly shots: Shot[] = [];
  /** Drawn frames after the one with the press until one's own row moved; 0 is that very frame. */
  readonly inputFrames: number[] = [];
  connectedMs = 0;
  /** When the first input of one's own was made, ms. */
  firstInputMs = Number.NaN;
}
