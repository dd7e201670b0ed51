// How long the server has been silent, and how long it has not answered: what a line says of itself
// where no socket does. Made by session.ts, which tells it of every frame that counts and acts on
// what it answers. Knows no line; time is passed in. Trap: a page that did not run hears nothing,
// which says nothing of the line until `woke`.
import { PingSchedule } from '@tickwire/protocol';

/** Silence after which the line is down: a server sends STATEs every tick, pings every second. */
const DEAF_MS = 6_000;
/** Silence that is left to a line after a sleep: the longest round trip. */
const AWAKE_MS = 2_000;
/** Silence after which a line is not believed in once the browser says that it was offline. */
const QUIET_MS = 1_000;
/**
 * Ms after which a ping should have its answer: the longest round trip, and the gap between pings.
 * What is said behind it would queue where nothing says so: browsers count as sent what they handed
 * on.
 */
const UNHEARD_MS = 2_000;

export class Hearing {
  readonly #pings = new PingSchedule();
  #heardMs = 0;
  /** When the newest ping that was answered was sent. */
  #answeredMs = 0;

  /** A new line, on which the server has just spoken. */
  restart(nowMs: number): void {
    this.#pings.restart();
    this.#heardMs = this.#answeredMs = nowMs;
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  /** The page ran again after a while. What came meanwhile is still to be read. */
  woke(nowMs: number): void {
    this.#heardMs = nowMs - DEAF_MS + AWAKE_MS;
  }

  /** The id of a ping that is due, which counts as sent; undefined: none is. */
  ping(nowMs: number): number | undefined {
    return this.#pings.due(nowMs) ? this.#pings.sent(nowMs) : undefined;
  }

  /** When the ping was sent that this is the answer to; undefined for one that is out of date. */
  ponged(id: number, nowMs: number): number | undefined {
    this.#heardMs = nowMs;
    const sentMs = this.#pings.pong(id);
    if (sentMs !== undefined) this.#answeredMs = sentMs;
    return sentMs;
  }

  /** The line is down, though nobody said so. */
  isDeaf(nowMs: number): boolean {
    return nowMs - this.#heardMs > DEAF_MS;
  }

  isQuiet(nowMs: number): boolean {
    return nowMs - this.#heardMs > QUIET_MS;
  }

  /** What was said last seems to be on its way still. */
  isUnheard(nowMs: number): boolean {
    return nowMs - this.#answeredMs > UNHEARD_MS;
  }
}
