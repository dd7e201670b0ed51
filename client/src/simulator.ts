// A bad line in the browser, for tests and for a demo's sliders: wraps the line of connect() in
// protocol's simulator. A subpath export of its own; the core does not know it.
import type { Link } from '@tickwire/protocol';
import {
  CLEAR_LINE,
  type LineProfile,
  type LineSettings,
  profileLines,
  simulateLink,
} from '@tickwire/protocol/simulator';

export type { LineSettings };

/** Between two messages, for what a loss costs on a line by name: of a game of 20 Hz. */
const INTERVAL_MS = 50;

export interface Simulation {
  /** Pass as connect's `link`. */
  readonly link: (link: Link) => Link;
  /** From the page to the server, and back: change the numbers while it runs. */
  readonly up: LineSettings;
  readonly down: LineSettings;
  /** Sets both directions: half of a round trip each. */
  set(settings: Partial<LineSettings>): void;
}

/**
 * `line`: one of protocol's LINE_PROFILES, or settings of each direction, where `latencyMs` is one
 * way.
 */
export function simulate(line: LineProfile | Partial<LineSettings> = {}, seed = 1): Simulation {
  const ways =
    'rttMs' in line ? profileLines(line, INTERVAL_MS, INTERVAL_MS) : { up: line, down: line };
  const up = { ...CLEAR_LINE, ...ways.up };
  const down = { ...CLEAR_LINE, ...ways.down };
  return {
    up,
    down,
    set(changes) {
      Object.assign(up, changes);
      Object.assign(down, changes);
    },
    link: (link) =>
      simulateLink(link, {
        up,
        down,
        seed,
        now: () => performance.now(),
        schedule: (ms, run) => void setTimeout(run, ms),
      }),
  };
}
