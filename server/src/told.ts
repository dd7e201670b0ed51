// Which STATEs a seat got, and who left its sight with them: what its browser blends between, told
// by the exceptions. Kept by the seat, filled by room and replication, asked by rewind. A seat in
// step costs nothing here; lines that stall or break leave gaps. Trap: ticks are those of STATEs,
// `every` ticks apart.
import type { KnownSet } from '@tickwire/protocol';

/** Gaps remembered. Rewind goes back a second: a line with more of them in it shows nothing. */
const MAX_GAPS = 16;

/** Departures remembered: a crowd that passes the edge of sight in a second. */
const MAX_LEFT = 1024;

/** Numbers of one: id, tick it was told first, tick of the STATE that took it away. */
const DEPARTURE = 3;
const ENTERED = 1;
const LEFT = 2;

interface Gap {
  readonly first: number;
  last: number;
}

export class Told {
  /** Ascending, apart from each other. */
  readonly #gaps: Gap[] = [];
  /** Of departures, made when first wanted. */
  #ring: Uint32Array | undefined;
  #departures = 0;

  /** STATEs of the ticks `first` to `last` were not sent, or did not arrive. */
  missed(first: number, last: number): void {
    if (last < first) return;
    const newest = this.#gaps.at(-1);
    if (newest && first <= newest.last + 1) {
      newest.last = Math.max(newest.last, last);
      return;
    }
    if (this.#gaps.length === MAX_GAPS) this.#gaps.shift();
    this.#gaps.push({ first, last });
  }

  /** Tick of the newest STATE got at or before a fractional tick; 0 or less for none. */
  before(tick: number, every: number): number {
    let found = Math.floor(tick / every) * every;
    for (let i = this.#gaps.length - 1; i >= 0; i--) {
      const { first, last } = this.#gaps[i];
      if (found >= first && found <= last) found = Math.floor((first - 1) / every) * every;
    }
    return found;
  }

  /** Tick of the first STATE got, or yet to come, after that of `tick`. */
  after(tick: number, every: number): number {
    let found = tick + every;
    for (const { first, last } of this.#gaps)
      if (found >= first && found <= last) found = (Math.floor(last / every) + 1) * every;
    return found;
  }

  /** The STATE of `tick` takes away what leaves the known set with it. */
  left(known: KnownSet, tick: number): void {
    const { leaving } = known;
    if (leaving.count === 0) return;
    const ring = (this.#ring ??= new Uint32Array(MAX_LEFT * DEPARTURE));
    for (let i = 0; i < leaving.count; i++) {
      const slot = leaving.slots[i];
      const at = (this.#departures++ % MAX_LEFT) * DEPARTURE;
      ring[at] = known.idAt(slot);
      ring[at + ENTERED] = known.enteredAt(slot);
      ring[at + LEFT] = tick;
    }
  }

  /** True if the seat held the entity after the STATE of `tick`. */
  held(known: KnownSet, id: number, tick: number): boolean {
    const slot = known.slotOf(id);
    if (slot >= 0 && known.enteredAt(slot) <= tick) return known.sentAt(slot) > 0;
    const ring = this.#ring;
    if (!ring) return false;
    const oldest = Math.max(this.#departures - MAX_LEFT, 0);
    for (let i = this.#departures - 1; i >= oldest; i--) {
      const at = (i % MAX_LEFT) * DEPARTURE;
      if (ring[at + LEFT] <= tick) return false;
      if (ring[at] === id && ring[at + ENTERED] <= tick) return true;
    }
    return false;
  }
}
