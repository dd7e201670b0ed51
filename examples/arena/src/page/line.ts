// The page's line to the server, made worse on purpose: what ?line=, ?lag= and the panel set, as a
// player thinks of it (a round trip), turned into what the simulator wants (each direction).

import { type Simulation, simulate } from '@tickwire/client/simulator';
import {
  LINE_PROFILES,
  type LineProfile,
  type ProfileName,
  profileLines,
} from '@tickwire/protocol/simulator';
import { TICK_RATE } from '../rules.ts';

/** How bad the line is. All 0: it is left as it is. */
export interface LineOptions {
  /** Added to a round trip, ms. */
  lagMs: number;
  /** A round trip is longer or shorter by up to this, ms. */
  jitterMs: number;
  /** Messages lost and sent again, percent of each direction. */
  lossPercent: number;
  /** Length of a stall, ms; there are some a minute in either direction. */
  stallMs: number;
  /** Kilobits a second in each direction; 0 is unlimited. */
  bandwidthKbps: number;
}

export const CLEAR_OPTIONS: Readonly<LineOptions> = {
  lagMs: 0,
  jitterMs: 0,
  lossPercent: 0,
  stallMs: 0,
  bandwidthKbps: 0,
};

/** What no slider moves, until a named line brings its own: losses in a row, ms between stalls. */
const UNNAMED = { lossBurst: 3, stallEveryMs: 8000 } as const;

/** A room of this game sends less, kbit/s: above it, bandwidth is not felt. */
const WIDE_KBPS = 1000;

/** Any number: two visits with the same line have the same bad luck. */
const SEED = 1;

export class Line {
  readonly link: Simulation['link'];
  /** The named line this is, until a slider moves. */
  name: ProfileName | undefined;
  readonly #simulation: Simulation;
  #options: LineOptions = { ...CLEAR_OPTIONS };
  #rest: Pick<LineProfile, 'lossBurst' | 'stallEveryMs'> = UNNAMED;

  constructor(start: ProfileName | LineOptions) {
    this.#simulation = simulate({}, SEED);
    this.link = this.#simulation.link;
    if (typeof start === 'string') this.use(start);
    else this.set(start);
  }

  get options(): Readonly<LineOptions> {
    return this.#options;
  }

  /** Changes the line from now on; messages under way keep their time. */
  set(changes: Partial<LineOptions>): void {
    this.name = undefined;
    this.#options = { ...this.#options, ...changes };
    this.#apply();
  }

  /** Becomes the line of that name. */
  use(name: ProfileName): void {
    const profile = LINE_PROFILES[name];
    const { rttMs, rttJitterMs, lossPercent, lossBurst, stallMs, stallEveryMs } = profile;
    const leastKbps = Math.min(profile.upKbps, profile.downKbps);
    this.name = name;
    this.#rest = { lossBurst, stallEveryMs: stallEveryMs || UNNAMED.stallEveryMs };
    this.#options = {
      lagMs: rttMs,
      jitterMs: rttJitterMs,
      lossPercent,
      stallMs,
      bandwidthKbps: leastKbps > WIDE_KBPS ? 0 : leastKbps,
    };
    this.#apply();
  }

  #apply(): void {
    const { lagMs, jitterMs, lossPercent, stallMs, bandwidthKbps } = this.#options;
    const tickMs = 1000 / TICK_RATE;
    const { up, down } = profileLines(
      {
        ...this.#rest,
        rttMs: lagMs,
        rttJitterMs: jitterMs,
        lossPercent,
        stallMs,
        upKbps: bandwidthKbps,
        downKbps: bandwidthKbps,
      },
      tickMs,
      tickMs,
    );
    Object.assign(this.#simulation.up, up);
    Object.assign(this.#simulation.down, down);
  }
}

export function isProfile(name: string | null): name is ProfileName {
  return name !== null && Object.hasOwn(LINE_PROFILES, name);
}
