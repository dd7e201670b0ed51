// Bounds of a session, each with unit and reason. Those of a seat and its room are the server's, in
// its limits.ts; session.ts is the only reader of these.

/**
 * Attempts of the very first join before it counts as unreachable: a split handshake may fail once
 * (HOSTILE 5.2).
 */
export const FIRST_ATTEMPTS = 3;
/** An attempt that has not been welcomed by then is given up. */
export const ATTEMPT_MS = 8_000;
/** Silence after which an ACK goes out (DESIGN 13.6). */
export const ACK_MS = 250;
/**
 * Silence of the server after which the line counts as down: it sends STATEs every tick and pings
 * every second.
 */
export const DEAF_MS = 6_000;
/**
 * The same where another server may have the room by now: an owner that stands still has lost it
 * after its lease, and only its silence says so.
 */
export const MOVABLE_DEAF_MS = 2_000;
/** A page that did not run for this long asks for everything. */
export const SLEPT_MS = 2_000;
/** And has its answer by then, or the line did not outlive the sleep: the longest round trip. */
export const AWAKE_MS = 2_000;
/** Silence after which a line is not believed in once the browser says it was offline. */
export const QUIET_MS = 1_000;
/**
 * Ms after which a ping should have its answer: the longest round trip, and the gap between pings.
 * Input behind it would queue where nothing says so: browsers count as sent what they handed on.
 */
export const UNHEARD_MS = 2_000;
/** A healthy line for this long resets the backoff. */
export const HEALTHY_MS = 10_000;
/**
 * What a page that is thrown away waits before it closes its line, in which the browser takes the
 * last input: a frame of a slow screen. Chromium lost 8 closes of 120 without it, 0 of 120 with it.
 */
export const LEAVE_MS = 20;
