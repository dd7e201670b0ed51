// The events of one seat, over all its lines: those that wait for its next STATE, and those that
// were told and may be lost with their line, to be told again on the next. Filled by the room,
// emptied by replication, turned over when the seat is resumed. Bounded in number and in bytes; who
// missed some is told how many. A tick without an event reads `due` and nothing else.
import { badValue, MAX_TICK, type MsgpackReader, type MsgpackWriter } from '@tickwire/protocol';

/** An event that waits for the seat's next STATE. */
export interface PendingEvent {
  readonly tick: number;
  readonly event: number;
  readonly payload: Uint8Array;
  /** Place among the room's events. */
  readonly order: number;
  /** Entity it happened near; 0 for none. */
  readonly nearId: number;
}

/** What was to be told next: a process that is gone may have told it, and more. */
interface RolledBack {
  /** Events let go. */
  readonly missing: number;
  /** Events that waited, and the order of the last of them. */
  readonly count: number;
  readonly order: number;
}

export interface OutboxLimits {
  /** Events that wait, and as many that were told. */
  readonly pendingEvents: number;
  /** Bytes of their payloads. */
  readonly pendingEventBytes: number;
}

export class Outbox {
  /** Something is to be told with the next STATE. */
  due = false;
  /** Events that the seat never got. */
  lost = 0;
  /** In the order in which they happened. */
  readonly waiting: PendingEvent[] = [];
  readonly #limits: OutboxLimits;
  /** Events near what the seat did not know: told if it knows it by the next STATE. */
  readonly #unsure: { readonly event: PendingEvent; readonly isBrief: boolean }[] = [];
  #waitingBytes = 0;
  /**
   * Told, and not known to have come: the newest has the number #number, the others those before.
   */
  readonly #told: PendingEvent[] = [];
  /** Ticks of the STATEs that they followed. */
  readonly #toldTicks: number[] = [];
  #toldBytes = 0;
  /** Events told or lost so far, as the client counts them. */
  #number = 0;
  /** Events let go since the client was last told how many. */
  #missing = 0;
  /** After a restore, up to the first resume. */
  #rolledBack: RolledBack | undefined;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  /** Events that the seat was told of so far, lost ones counted. */
  get number(): number {
    return this.#number;
  }

  /** False where its player cannot have got so many events. */
  mayHave(seen: number): boolean {
    return this.#rolledBack !== undefined || seen <= this.#number;
  }

  /** Keeps an event for the next STATE; the oldest goes when there are too many. */
  queue(event: PendingEvent): void {
    const { pendingEvents, pendingEventBytes } = this.#limits;
    this.due = true;
    this.waiting.push(event);
    this.#waitingBytes += event.payload.length;
    while (
      this.waiting.length > pendingEvents ||
      // What happens in one tick is the game's own choice of how much to say.
      (this.#waitingBytes > pendingEventBytes && this.waiting[0].tick < event.tick)
    )
      this.#letGo();
  }

  /**
   * As queue, if the seat comes to know what the event is near. Costs none of its own events.
   * `isBrief`: with the room's next STATE or never, for by a later one it may be shown what was
   * hidden when the event happened.
   */
  queueUnsure(event: PendingEvent, isBrief = false): void {
    this.due = true;
    if (this.#unsure.length >= this.#limits.pendingEvents) this.#unsure.shift();
    this.#unsure.push({ event, isBrief });
  }

  /**
   * With a STATE on its way: of what was unsure, what is near something `known` waits as well.
   * `tickBefore`: of the room's STATE before, whether this seat got it or not.
   */
  decide(known: (id: number) => boolean, tickBefore = 0): void {
    if (this.#unsure.length === 0) return;
    for (const { event, isBrief } of this.#unsure) {
      if (!known(event.nearId) || (isBrief && event.tick <= tickBefore)) continue;
      this.waiting.push(event);
      this.#waitingBytes += event.payload.length;
    }
    this.#unsure.length = 0;
    this.waiting.sort((a, b) => a.order - b.order);
  }

  /** How many events were let go and not told of yet: to be told before those that wait. */
  takeMissing(): number {
    const count = this.#missing;
    this.#missing = 0;
    this.#number += count;
    return count;
  }

  /** What waited was told after the STATE of `stateTick`; STATEs up to `ackTick` have come. */
  told(stateTick: number, ackTick: number): void {
    // An ACK of a STATE says nothing of the events after it; that of a later one does.
    let came = 0;
    while (came < this.#told.length && this.#toldTicks[came] < ackTick) came++;
    this.#forget(came);
    for (const event of this.waiting) {
      this.#told.push(event);
      this.#toldTicks.push(stateTick);
    }
    this.#number += this.waiting.length;
    this.#toldBytes += this.#waitingBytes;
    this.waiting.length = 0;
    this.#waitingBytes = 0;
    this.due = false;
    const { pendingEvents, pendingEventBytes } = this.#limits;
    while (this.#told.length > pendingEvents || this.#toldBytes > pendingEventBytes)
      this.#forget(1);
  }

  /**
   * A new line, whose player has got `seen` events, as it may: what was told beyond them waits
   * again. Answers how many are not kept any more.
   */
  resume(seen: number): number {
    const rolledBack = this.#rolledBack;
    this.#rolledBack = undefined;
    if (rolledBack && seen > this.#number) return this.#resumeAhead(seen, rolledBack);
    const kept = this.#number - this.#told.length;
    const again = this.#told.slice(Math.max(seen - kept, 0));
    this.#number = Math.max(seen, kept);
    this.#forget(this.#told.length);
    this.waiting.unshift(...again);
    for (const { payload } of again) this.#waitingBytes += payload.length;
    this.due ||= again.length > 0;
    const unknown = Math.max(kept - seen, 0);
    this.lost += unknown;
    return unknown + this.takeMissing();
  }

  /**
   * The player has got more than was told up to the checkpoint: what waited then came first. Of
   * what came after it, nobody knows how much was lost or will not have happened: one is said to be
   * lost.
   */
  #resumeAhead(seen: number, { missing, count, order }: RolledBack): number {
    this.#forget(this.#told.length);
    const ahead = seen - this.#number;
    const noticed = Math.min(missing, ahead);
    const came = Math.min(count, ahead - noticed);
    // Some of those that came may have been let go since.
    let left = 0;
    while (left < this.waiting.length && this.waiting[left].order <= order) left++;
    const letGo = Math.min(count - left, came);
    this.#missing -= noticed + letGo;
    for (const { payload } of this.waiting.splice(0, came - letGo))
      this.#waitingBytes -= payload.length;
    const unknown = ahead > noticed + came || this.#unsure.length > 0 ? 1 : 0;
    this.#unsure.length = 0;
    this.#number = seen + unknown;
    this.lost += unknown;
    return unknown + this.takeMissing();
  }

  /** Every event that is kept, some of them twice. */
  *kept(): Generator<PendingEvent, void> {
    yield* this.waiting;
    yield* this.#told;
    for (const { event, isBrief } of this.#unsure) if (!isBrief) yield event;
  }

  /**
   * Writes what goes on after a restore. `placeOf`: where each event stands among all that are
   * written. What was for the room's next STATE or never is left out: it will never be.
   */
  write(out: MsgpackWriter, placeOf: (event: PendingEvent) => number): void {
    const lasting = this.#unsure.filter(({ isBrief }) => !isBrief).map(({ event }) => event);
    out.int(this.#number);
    out.int(this.#missing);
    writePlaces(out, this.waiting, placeOf);
    writePlaces(out, this.#told, placeOf);
    for (const tick of this.#toldTicks) out.int(tick);
    writePlaces(out, lasting, placeOf);
  }

  /**
   * Goes on from what was written. `isFinal`: nothing was told after it. Throws ProtocolError.
   */
  read(from: MsgpackReader, events: readonly PendingEvent[], isFinal: boolean): void {
    const each = (take: (event: PendingEvent) => void) => {
      for (let left = from.arrayHeader(MAX_TICK); left > 0; left--)
        take(events[from.int(0, events.length - 1)]);
    };
    this.#number = from.int(0, MAX_TICK);
    this.#missing = from.int(0, MAX_TICK);
    each((event) => this.waiting.push(event));
    each((event) => this.#told.push(event));
    if (this.#told.length > this.#number) badValue('more events told than there were');
    for (let i = 0; i < this.#told.length; i++) this.#toldTicks.push(from.int(0, MAX_TICK));
    each((event) => this.#unsure.push({ event, isBrief: false }));
    for (const { payload } of this.waiting) this.#waitingBytes += payload.length;
    for (const { payload } of this.#told) this.#toldBytes += payload.length;
    this.due = this.waiting.length + this.#unsure.length + this.#missing > 0;
    const { length: count } = this.waiting;
    const order = this.waiting.at(-1)?.order ?? 0;
    if (!isFinal) this.#rolledBack = { missing: this.#missing, count, order };
  }

  /** The oldest event that waits is lost. */
  #letGo(): void {
    this.#waitingBytes -= this.waiting.shift()!.payload.length;
    this.#missing++;
    this.lost++;
    // Those told before it would come after the notice that it is gone.
    this.#forget(this.#told.length);
  }

  #forget(count: number): void {
    for (let i = 0; i < count; i++) this.#toldBytes -= this.#told[i].payload.length;
    this.#told.splice(0, count);
    this.#toldTicks.splice(0, count);
  }
}

function writePlaces(
  out: MsgpackWriter,
  events: readonly PendingEvent[],
  placeOf: (event: PendingEvent) => number,
): void {
  out.arrayHeader(events.length);
  for (const event of events) out.int(placeOf(event));
}
