// Pages that are hidden, as a browser hides them, and how they play on once they are seen again.
// The functions run in the page: they know nothing of what is around them here.
declare global {
  interface Window {
    /** Put there by installHiding. */
    hidePage(hidden: boolean): void;
  }
}

/** Playback goes at most a tenth faster than time (MAX_SLEW of shown-time.ts); and rounding. */
export const MOST_PACE = 1.1 + 1e-6;

interface Asleep {
  /** Hops before it was hidden. */
  readonly jumpsAwake: number;
  readonly tickRate: number;
}

/**
 * Runs in the page after waking. Ms of shown time that were played over 60 drawn frames, hops left
 * out, and ms of the page's clock that they were played in, at the most: from before the first one
 * was drawn. How many frames a busy machine draws in a second makes no difference.
 */
export async function measurePace({ jumpsAwake, tickRate }: Asleep) {
  const game = window.arena.game!;
  const frameDrawn = () => new Promise((done) => requestAnimationFrame(done));
  await frameDrawn();
  const startMs = performance.now();
  await frameDrawn();
  let { tick } = game.view();
  let { jumps } = game.stats;
  const jumpsSince = jumps - jumpsAwake;
  const behindTicks = game.newest().tick - tick;
  let playedTicks = 0;
  for (let left = 60; left > 0; left--) {
    await frameDrawn();
    const shown = game.view().tick;
    if (game.stats.jumps === jumps) playedTicks += shown - tick;
    tick = shown;
    jumps = game.stats.jumps;
  }
  return {
    jumpsSince,
    behindTicks,
    playedMs: (playedTicks * 1000) / tickRate,
    drawnMs: performance.now() - startMs,
    seat: game.seat,
    states: window.arena.states,
  };
}

/**
 * Runs in the page before its scripts: gives it `hidePage`. Playwright keeps every page visible, so
 * this does what a browser does with a hidden one: the page is told, no frame is drawn, timers run
 * at most once a second. Sockets go on.
 */
export function installHiding(): void {
  const real = {
    frame: window.requestAnimationFrame.bind(window),
    timeout: window.setTimeout.bind(window),
  };
  let hidden = false;
  let waiting: FrameRequestCallback[] = [];
  Object.defineProperty(document, 'hidden', { get: () => hidden });
  Object.defineProperty(document, 'visibilityState', {
    get: () => (hidden ? 'hidden' : 'visible'),
  });
  window.requestAnimationFrame = (draw) => {
    if (!hidden) return real.frame(draw);
    waiting.push(draw);
    return 0;
  };
  window.setTimeout = ((run: TimerHandler, ms = 0, ...rest: unknown[]) =>
    real.timeout(run, hidden ? Math.max(1000, ms) : ms, ...rest)) as typeof window.setTimeout;
  window.hidePage = (now) => {
    hidden = now;
    document.dispatchEvent(new Event('visibilitychange'));
    if (hidden) return;
    for (const draw of waiting) real.frame(draw);
    waiting = [];
  };
}
