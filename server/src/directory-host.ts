// The parent's half of parent-directory.ts: answers what its shards ask from a directory in its own
// memory, hands on what is published, and takes from a shard whose process ended all that it owned.
// Made by shards.ts. Trap: the children are our own code, but a game may talk over the same
// channel, so what is said is checked like a stranger's.
import { type Directory, DirectoryError } from './directory.ts';
import type { MemoryDirectory } from './memory-directory.ts';
import { type Asked, type Channel, ours, type Serial, type ToChild } from './parent-messages.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const number: Check = (value) => typeof value === 'number' && !Number.isNaN(value);
const bytes: Check = (value) => value instanceof Uint8Array;

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function shape(fields: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(fields);
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    checks.every(([name, check]) => check((value as Record<string, unknown>)[name]));
}

const lease = shape({ id: text, epoch: number });
const owner = shape({ shard: text, url: text });
const facts = { id: text, kind: text, build: text, seats: number, match: text, hidden: flag };
const board = shape({ name: text, keep: text, order: text, places: number });
const load = { load: number, rooms: number, seats: number, draining: flag };

/** Everything a child may ask, and what it must bring. */
const ASKED: Readonly<Record<Asked, readonly Check[]>> = {
  leaseMs: [],
  announce: [shape({ id: text, url: text, build: text, ...load })],
  withdraw: [text],
  shards: [],
  someShards: [number],
  claim: [shape(facts), owner, optional(number)],
  renew: [listOf(lease)],
  handOver: [lease, owner],
  lock: [lease, flag],
  release: [lease],
  room: [text],
  rooms: [optional(text)],
  candidates: [text, text, text, number],
  orphans: [],
  reserve: [text, listOf(shape({ seat: text, identity: bytes })), number],
  redeem: [lease, text, optional(flag)],
  take: [lease, text],
  leave: [lease, listOf(text)],
  occupy: [lease, listOf(text)],
  save: [listOf(shape({ lease, tick: number, bytes }))],
  load: [text],
  arrive: [lease, listOf(text)],
  depart: [lease, listOf(text)],
  whereabouts: [listOf(text)],
  post: [lease, board, shape({ user: text, score: number, once: optional(text) })],
  top: [board, number, number],
  standing: [board, text],
  publish: [text, bytes],
  subscribe: [number, text],
  unsubscribe: [number],
  secret: [],
};

/** Published messages that wait for a child: a second of a busy lobby. */
const MOST_UNWRITTEN = 1_000;

export class DirectoryHost {
  readonly #directory: MemoryDirectory;

  constructor(directory: MemoryDirectory) {
    this.#directory = directory;
  }

  /** Answers a child until its channel ends, which it does with its process, however that ends. */
  attend(child: Channel): void {
    const visit = new Visit(this.#directory, child);
    const onMessage = (message: unknown) => void visit.answer(message);
    child.on('message', onMessage);
    // All that was said before is heard before: a last checkpoint counts.
    child.on('disconnect', () => {
      child.off('message', onMessage);
      visit.end();
    });
  }
}

/** One child, from its start to its end. */
class Visit {
  readonly #directory: MemoryDirectory;
  readonly #child: Channel;
  /** Shards it said it is. */
  readonly #shards = new Set<string>();
  readonly #listeners = new Map<Serial, () => Promise<void>>();
  /** Messages that the channel has not taken yet. */
  #unwritten = 0;
  #ended = false;

  constructor(directory: MemoryDirectory, child: Channel) {
    this.#directory = directory;
    this.#child = child;
  }

  async answer(message: unknown): Promise<void> {
    const { tickwire, id, method, args } = ours(message) ?? {};
    if (tickwire !== 'ask' || !number(id)) return;
    try {
      const value = await this.#asked(method, args);
      this.#send({ tickwire: 'answer', id: id as Serial, value });
    } catch (error) {
      const code = error instanceof DirectoryError ? error.code : 'failed';
      const reason = error instanceof Error ? error.message : String(error);
      this.#send({ tickwire: 'refusal', id: id as Serial, code, reason });
    }
  }

  /** Its rooms are nobody's at once: nobody has to wait for their leases. */
  end(): void {
    this.#ended = true;
    for (const end of this.#listeners.values()) void end();
    this.#listeners.clear();
    for (const shard of this.#shards) this.#directory.lose(shard);
  }

  async #asked(method: unknown, args: unknown): Promise<unknown> {
    if (typeof method !== 'string' || !Object.hasOwn(ASKED, method))
      throw new DirectoryError('failed', `${String(method)}: no such question`);
    const checks = ASKED[method as Asked];
    if (!Array.isArray(args) || !checks.every((check, index) => check(args[index])))
      throw new DirectoryError('failed', `${method}: not what it wants`);
    switch (method as Asked) {
      case 'leaseMs':
        return this.#directory.leaseMs;
      case 'subscribe':
        return this.#subscribe(args[0], args[1]);
      case 'unsubscribe':
        return this.#unsubscribe(args[0]);
      case 'announce':
        this.#shards.add(args[0].id);
        break;
      case 'claim':
        this.#shards.add(args[1].shard);
        break;
    }
    const name = method as Exclude<keyof Directory, 'isParted'>;
    const ask = this.#directory[name] as (...given: unknown[]) => unknown;
    return ask.apply(this.#directory, args.slice(0, checks.length));
  }

  async #subscribe(listener: Serial, channel: string): Promise<void> {
    await this.#unsubscribe(listener);
    const end = await this.#directory.subscribe(channel, (message) => {
      // At most once: a child that stands still does not fill the parent's memory.
      if (this.#unwritten < MOST_UNWRITTEN) this.#send({ tickwire: 'heard', listener, message });
    });
    if (this.#ended) await end();
    else this.#listeners.set(listener, end);
  }

  async #unsubscribe(listener: Serial): Promise<void> {
    const end = this.#listeners.get(listener);
    this.#listeners.delete(listener);
    await end?.();
  }

  #send(message: ToChild): void {
    if (!this.#child.connected) return;
    this.#unwritten++;
    this.#child.send(message, undefined, undefined, () => {
      this.#unwritten--;
    });
  }
}
