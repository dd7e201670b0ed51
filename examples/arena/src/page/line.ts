// The page's line to the server, made worse on purpose: what ?lag= and the panel's sliders set, as
// a player thinks of it (a round trip), turned into what the simulator wants (each direction).

import { type Simulation, simulate } from '@tickwire/client/simulator';

/** How bad the line is. All 0: it is left as it is. */
export interface LineOptions {
  /** Added to a round trip, ms. */
  lagMs: number;
  /** Each message is late or early by up to half of this in each direction, ms. */
  jitterMs: number;
  /** Length of a stall, ms; there is one about every STALL_EVERY_MS / 2, in either direction. */
  stallMs: number;
  /** Kilobits a second in each direction; 0 is unlimited. */
  bandwidthKbps: number;
}

/** Mean time between two stalls of one direction, ms. */
const STALL_EVERY_MS = 8000;

/** Any number: two visits with the same line have the same bad luck. */
const SEED = 1;

export class Line {
  readonly link: Simulation['link'];
  readonly #simulation: Simulation;
  #options: LineOptions;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#simulation = simulate({}, SEED);
    this.link = this.#simulation.link;
    this.set(options);
  }

  get options(): Readonly<LineOptions> {
    return this.#options;
  }

  /** Changes the line from now on; messages under way keep their time. */
  set(changes: Partial<LineOptions>): void {
    this.#options = { ...this.#options, ...changes };
    const { lagMs, jitterMs, stallMs, bandwidthKbps } = this.#options;
    this.#simulation.set({
      latencyMs: lagMs / 2,
      jitterMs: jitterMs / 2,
      stallMs,
      stallEveryMs: stallMs > 0 ? STALL_EVERY_MS : 0,
      bandwidthKbps,
    });
  }
}
