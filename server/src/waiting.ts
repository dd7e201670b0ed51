// Players of this shard who wait for a match: their lines, alone or as a party, what they are told
// meanwhile, and what becomes of them. What is here is right: a queue on another shard (queues.ts)
// knows of them what is told it again and again. Asked by seating.ts, swept by it a few times a
// second. Trap: whoever is held for a match (`hold`) may be gone when there is a room for it.
import { CloseCode } from '@tickwire/protocol';
import { expired } from './authenticator.ts';
import { ByUser } from './by-user.ts';
import { type Directory, DirectoryError } from './directory.ts';
import type { GameAnswers } from './game-answers.ts';
import { Gathering, handOver } from './gathering.ts';
import { Heirs } from './heirs.ts';
import { type Clocks, type Identity, packText, userKey } from './identity.ts';
import { Elsewhere, JoinRefused, restarts, ticketSpent, underDirectory } from './joining.ts';
import type { MakeSecret } from './keys.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import type { Peers, Services } from './peers.ts';
import type { Placement } from './placement.ts';
import type { QueueRule } from './queue.ts';
import { FRESH, QueueLine, type Telling } from './queue-line.ts';
import { type Ask, askerOf, homesBy, servicesOf } from './queue-messages.ts';
import { QueueOwners } from './queue-owners.ts';
import { type Entrant, type Opened, type Progress, Queues, type Wanted } from './queues.ts';
import type { Joiner } from './seat.ts';
import type { Shard } from './shard.ts';
import type { Tally } from './tally.ts';
import type { Ticket, Tickets } from './tickets.ts';
import { Waiter } from './waiter.ts';

export interface WaitingOptions {
  shard: Shard;
  directory: Directory;
  peers: Peers | undefined;
  placement: Placement;
  tickets: Tickets;
  answers: GameAnswers;
  limits: Limits;
  clocks: Clocks;
  makeSecret: MakeSecret;
  log: Log;
  tally: Tally;
}

/** A player's place in the room of a match: promised, and good for as long as a ticket. */
export interface Matched extends Opened {
  /** What the directory calls it. */
  readonly seat: string;
}

/** Who comes with a ticket for a queue. */
export interface Gathered {
  readonly kind: string;
  /** Undefined: tickets.ts knows. */
  readonly identity: Identity | undefined;
}

/** Ms that somebody is kept for one match: for a room to open, on another shard than the first. */
const HOLD_MS = 5_000;

export class Waiting {
  /** What other shards ask. */
  readonly services: Services;
  readonly #options: WaitingOptions;
  readonly #queues: Queues;
  readonly #owners: QueueOwners;
  readonly #ask: Ask;
  readonly #telling: Telling;
  readonly #lines = new Map<string, QueueLine>();
  readonly #gathering: Gathering;
  readonly #heirs: Heirs;
  readonly #held = new Map<string, readonly Waiter[]>();
  readonly #waiters = new Set<Waiter>();
  readonly #users = new ByUser<Waiter>();
  /** Everybody is sent away. */
  #sent: Promise<void> | undefined;
  #ids = 0;
  /** Players who wait here. */
  size = 0;

  constructor(options: WaitingOptions) {
    this.#options = options;
    const { shard, directory, peers, placement, clocks, log, tally } = options;
    const { now } = clocks;
    const name = shard.owner.shard;
    this.services = servicesOf({
      tell: (...told) => this.#told(...told),
      hold: (hold, ids) => this.#hold(hold, ids),
      letGo: (hold) => this.#letGo(hold),
      expect: (wanted, waiters, home) => this.#expect(wanted, waiters, home),
      heirOf: (home) => this.#heirs.isHere(home),
      matched: (hold, opened) => this.#matched(hold, opened),
    });
    const { limits, tickets } = options;
    this.#gathering = new Gathering({ clocks, tickets, lifeMs: limits.ticketMs });
    this.#ask = askerOf(name, this.services, peers);
    const rule = (kind: string) => this.queueOf(kind)!;
    const open = placement.openFor.bind(placement);
    const homes = homesBy(this.#ask);
    this.#queues = new Queues({ shard: name, homes, rule, open, now, log, tally });
    this.#owners = new QueueOwners({ directory, shard: name, build: shard.build, now });
    const lifeMs = limits.ticketMs;
    this.#heirs = new Heirs({ ask: this.#ask, owners: this.#owners, lifeMs, now });
    const isAlone = peers === undefined;
    this.#telling = { ask: this.#ask, owners: this.#owners, shard: name, isAlone, now, log };
  }

  /** Whether a kind's players wait, and for what. */
  queueOf(kind: string): QueueRule<unknown> | undefined {
    return this.#options.shard.kind(kind)?.definition.match?.queue;
  }

  /** Those of a user, oldest first. */
  of(user: string | undefined): Waiter[] {
    return this.#users.of(user);
  }

  /** Waits for a match. Rejects with JoinRefused, or with Elsewhere. */
  async join(wanted: Wanted, identity: Identity, line: Joiner): Promise<Matched> {
    await this.#checkOpen();
    const waiter = this.#waiterOf(wanted, 1, [identity]);
    const matched = this.#comes(waiter, identity, line);
    this.#enter(waiter);
    return matched;
  }

  /** Those who come with these tickets wait together, once all are here. Throws JoinRefused. */
  gather(wanted: Wanted, party: readonly Identity[], nonces: readonly string[]): void {
    // Another server takes them: whoever balances sends nobody here by now.
    if (this.#options.shard.draining) throw restarts();
    const { players } = this.queueOf(wanted.kind)!;
    if (party.length > players) throw new JoinRefused(CloseCode.Full, `a match has ${players}`);
    const users = party.flatMap(({ user }) => user ?? []);
    if (new Set(users).size < users.length)
      throw new JoinRefused(CloseCode.Full, 'a player is in your party twice', 'party-twice');
    const waiter = this.#waiterOf(wanted, party.length, party);
    this.#gathering.add(waiter, nonces);
  }

  /**
   * What who comes with a ticket waits for, and who it is; `home`: the shard that the ticket names.
   * Rejects with JoinRefused, or with Elsewhere where he is expected there.
   */
  async gathered({ nonce, shard: home }: Ticket): Promise<Gathered> {
    await this.#sent;
    const waiter = this.#gathering.of(nonce);
    // There is nobody to send them to.
    if (waiter && this.#sent) throw restarts();
    if (waiter) {
      // Before the ticket is used.
      this.#checkRoom();
      return { kind: waiter.kind, identity: waiter.expected.get(nonce) };
    }
    const isHere = home === undefined || home === this.#telling.shard || this.#heirs.isHere(home);
    const url = isHere ? undefined : await underDirectory(this.#whereIs(home));
    if (url) throw new Elsewhere(url);
    throw ticketSpent();
  }

  /** A shard's parties, where the shard is or another goes on for it. */
  async #whereIs(home: string): Promise<string | undefined> {
    return (await this.#owners.urlOf(home)) ?? (await this.#heirs.of(home));
  }

  /** One of a party is here. Rejects as join does. */
  async arrive(nonce: string, identity: Identity, line: Joiner): Promise<Matched> {
    this.#checkRoom();
    const waiter = this.#gathering.of(nonce);
    if (!waiter) throw restarts();
    this.#gathering.came(nonce);
    const matched = this.#comes(waiter, identity, line);
    if (waiter.isWhole) this.#enter(waiter);
    else waiter.tell(this.#options.clocks.now());
    return matched;
  }

  /**
   * Nobody waits here any more: all go to another shard, with tickets for their places there. Where
   * there is none they are told that the server restarts, as everybody is.
   */
  sendAway(): Promise<void> {
    this.#sent ??= this.#sendAll();
    return this.#sent;
  }

  async #sendAll(): Promise<void> {
    const other = await this.#owners.another().catch(() => undefined);
    if (!other) return;
    const { tickets, log, clocks } = this.#options;
    const gathering = this.#gathering;
    const { shard: from } = this.#telling;
    const now = () => clocks.now();
    const by = { from, ask: this.#ask, asks: true, gathering, tickets, log, now };
    for (const [{ kind, match }, waiters] of this.#leaving()) {
      const all = waiters.filter((waiter) => waiter.isFree(clocks.now()));
      for (let from = 0; from < all.length; from += FRESH)
        by.asks = await handOver(by, other, { kind, match }, all.slice(from, from + FRESH));
    }
    // Those who are held have a match in a moment.
    for (const waiter of [...this.#waiters, ...gathering.waiters]) {
      if (!waiter.isFree(clocks.now())) continue;
      this.#end(waiter, partyOver());
      // Of a party nobody may have come yet.
      waiter.over = true;
    }
  }

  /** Who waits, by what for: in lines first, then those who are not all here. */
  #leaving(): Iterable<[Wanted, Waiter[]]> {
    const all = new Map<string, [Wanted, Waiter[]]>();
    const inLines = [...this.#lines.values()].flatMap(({ waiters }) => [...waiters.values()]);
    for (const waiter of [...inLines, ...this.#gathering.waiters]) {
      const name = `${waiter.kind} ${waiter.match}`;
      const known = all.get(name) ?? [waiter, []];
      known[1].push(waiter);
      all.set(name, known);
    }
    return all.values();
  }

  #expect({ kind, match }: Wanted, entrants: readonly Entrant[], home: string): void {
    const { shard } = this.#options;
    const rule = shard.kinds.includes(kind) ? this.queueOf(kind) : undefined;
    if (!rule || shard.draining) throw new DirectoryError('failed', 'nobody may wait here');
    this.#heirs.note(home);
    for (const one of entrants) {
      const of = { kind, match, size: one.places.length, rating: one.rating };
      const waiter = new Waiter({ id: ++this.#ids, ...of, wanted: rule.players });
      this.#gathering.expect(waiter, one);
    }
  }

  /** Who is over, who is told how it stands, and what queues are told: a few times a second. */
  sweep(): void {
    const nowMs = this.#options.clocks.now();
    for (const waiter of [...this.#waiters]) this.#look(waiter, nowMs);
    this.#gathering.sweep(nowMs);
    this.#heirs.sweep(nowMs);
    for (const [hold, held] of this.#held)
      if (held.every((one) => one.hold !== hold || one.heldUntilMs < nowMs))
        this.#held.delete(hold);
    this.#queues.sweep();
    for (const [name, line] of this.#lines)
      if (line.isOver) this.#lines.delete(name);
      else line.sweep(nowMs);
  }

  #checkRoom(): void {
    if (this.size >= this.#options.limits.waiting)
      throw new JoinRefused(CloseCode.Overloaded, 'too many wait for a match here', 'waiting');
  }

  async #checkOpen(): Promise<void> {
    this.#checkRoom();
    if (!this.#options.shard.draining) return;
    const other = await this.#owners.another().catch(() => undefined);
    if (other) throw new Elsewhere(other.url);
    throw restarts();
  }

  #waiterOf({ kind, match }: Wanted, size: number, party: readonly Identity[]): Waiter {
    const { rating = () => 0, players: wanted } = this.queueOf(kind)!;
    const { answers } = this.#options;
    const name = 'match.queue.rating';
    const ratings = party.map(({ auth }) => answers.numberOf(kind, name, () => rating(auth)));
    // Each a share of the mean: their sum may be no number.
    const mean = ratings.reduce((all, one) => all + one / ratings.length, 0);
    return new Waiter({ id: ++this.#ids, kind, match, size, rating: mean, wanted });
  }

  #comes(waiter: Waiter, identity: Identity, line: Joiner): Promise<Matched> {
    if (!line.open) throw new JoinRefused(CloseCode.Lost, 'the line went before it could wait');
    const { makeSecret, peers, clocks } = this.#options;
    const packed = peers ? packText(identity, clocks) : '';
    const about = { identity, packed, user: userKey(identity), line, seat: makeSecret() };
    this.#waiters.add(waiter);
    this.#users.add(identity.user, waiter);
    this.#count(waiter.kind, 1);
    return new Promise((resolve, reject) => {
      waiter.members.push({ ...about, resolve, reject });
      // Who goes has a party that cannot be whole again: its ticket was used.
      line.queued(() => this.#end(waiter, partyOver()));
    });
  }

  #enter(waiter: Waiter): void {
    waiter.sinceMs ??= this.#options.clocks.now();
    this.#lineOf(waiter).enter(waiter);
  }

  #lineOf({ kind, match }: Wanted): QueueLine {
    const name = `${kind} ${match}`;
    const line = this.#lines.get(name) ?? new QueueLine({ kind, match }, this.#telling);
    this.#lines.set(name, line);
    return line;
  }

  /** All of it hear why; what is over already, nobody. */
  #end(waiter: Waiter, why: Error): void {
    if (!this.#remove(waiter)) return;
    for (const { reject } of waiter.members) reject(why);
    const line = this.#lines.get(`${waiter.kind} ${waiter.match}`);
    line?.left(waiter);
  }

  #remove(waiter: Waiter): boolean {
    if (!this.#waiters.delete(waiter)) return false;
    waiter.over = true;
    for (const { identity } of waiter.members) this.#users.delete(identity.user, waiter);
    this.#count(waiter.kind, -waiter.members.length);
    return true;
  }

  #count(kind: string, change: number): void {
    const { waiting } = this.#options.tally;
    this.size += change;
    waiting.set(kind, (waiting.get(kind) ?? 0) + change);
  }

  #look(waiter: Waiter, nowMs: number): void {
    const { members, gatherUntilMs = Number.POSITIVE_INFINITY, isWhole } = waiter;
    const late = members.find(({ identity }) => identity.untilMs <= nowMs);
    if (late) {
      // It is told why; those with it that it is gone.
      late.reject(expired());
      this.#end(waiter, partyOver());
    } else if (members.some(({ line }) => !line.open)) this.#end(waiter, partyOver());
    else if (!isWhole && gatherUntilMs < nowMs) {
      const message = 'not all of your party came in time: gather it again';
      this.#end(waiter, new JoinRefused(CloseCode.TicketSpent, message, 'party'));
    } else waiter.tell(nowMs);
  }

  /** A user has one tab more than may be: the one that waits longest goes. */
  supersede(waiter: Waiter): void {
    const message = 'another tab of yours took over';
    this.#end(waiter, new JoinRefused(CloseCode.Superseded, message, 'superseded'));
  }

  // What shards are asked: this one as the queue's, then as one with lines.

  #told(...[home, wanted, ids, fresh]: Parameters<Queues['tell']>): Progress {
    const { shard } = this.#options;
    const isQueue = shard.kinds.includes(wanted.kind) && this.queueOf(wanted.kind);
    if (!isQueue || (shard.draining && home !== shard.owner.shard))
      throw new DirectoryError('failed', `this shard has no queue for ${wanted.kind}`);
    return this.#queues.tell(home, wanted, ids, fresh);
  }

  #hold(hold: string, ids: readonly number[]): readonly number[] {
    if (this.#options.shard.draining) return [];
    const nowMs = this.#options.clocks.now();
    const held: Waiter[] = [];
    for (const line of this.#lines.values())
      for (const id of ids) {
        const waiter = line.waiters.get(id);
        if (!waiter?.isFree(nowMs)) continue;
        waiter.hold = hold;
        waiter.heldUntilMs = nowMs + HOLD_MS;
        held.push(waiter);
      }
    this.#held.set(hold, held);
    return held.map(({ id }) => id);
  }

  #letGo(hold: string): void {
    for (const waiter of this.#held.get(hold) ?? [])
      if (waiter.hold === hold) waiter.hold = undefined;
    this.#held.delete(hold);
  }

  #matched(hold: string, opened: Opened): void {
    const { clocks, tally } = this.#options;
    const held = this.#held.get(hold) ?? [];
    this.#held.delete(hold);
    for (const waiter of held) {
      if (waiter.hold !== hold || !this.#remove(waiter)) continue;
      this.#lines.get(`${waiter.kind} ${waiter.match}`)?.waiters.delete(waiter.id);
      for (const { resolve, seat } of waiter.members) resolve({ ...opened, seat });
      tally.waitedSeconds.observe((clocks.now() - waiter.sinceMs!) / 1000);
    }
  }
}

function partyOver(): JoinRefused {
  return new JoinRefused(
    CloseCode.TicketSpent,
    'one of your party is gone: gather it again',
    'party',
  );
}
