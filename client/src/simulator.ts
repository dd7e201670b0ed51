// A bad line in the browser, for tests and for a demo's sliders: wraps the line of connect() in
// protocol's simulator. A subpath export of its own; the core does not know it.
import type { Link } from '@tickwire/protocol';
import { CLEAR_LINE, type LineSettings, simulateLink } from '@tickwire/protocol/simulator';

export type { LineSettings };

export interface Simulation {
  /** Pass as connect's `link`. */
  readonly link: (link: Link) => Link;
  /** From the page to the server, and back: change the numbers while it runs. */
  readonly up: LineSettings;
  readonly down: LineSettings;
  /** Sets both directions: half of a round trip each. */
  set(settings: Partial<LineSettings>): void;
}

/** `settings` are of each direction: `latencyMs` is one way. */
export function simulate(settings: Partial<LineSettings> = {}, seed = 1): Simulation {
  const up = { ...CLEAR_LINE, ...settings };
  const down = { ...CLEAR_LINE, ...settings };
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
