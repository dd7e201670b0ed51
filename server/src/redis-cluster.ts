// A Redis Cluster as the directory asks it: each question goes to the node that has its key's slot,
// on a connection of its own (redis-line.ts), and follows a slot that moves or a replica that is
// promoted, within the same second. Used by redis-directory.ts. Trap: a node that is away refuses
// what is about its slots and nothing else, so what is asked of many rooms may be answered in part.
import { setTimeout as wait } from 'node:timers/promises';
import { ErrorReply } from '@redis/client';
import { chance as anyChance } from './chance.ts';
import { DirectoryError } from './directory.ts';
import { RedisEar } from './redis-ear.ts';
import {
  DEADLINE_MS,
  type Line,
  type NodeLine,
  type OpenLine,
  openLine,
  RETRY_CAP_MS,
  type Redirected,
} from './redis-line.ts';
import type { Script } from './redis-scripts.ts';
import {
  type Redirection,
  rangesOf,
  redirectionOf,
  SLOTS,
  type SlotRange,
  type SlotsAnswer,
  slotOf,
} from './redis-slots.ts';

/** Until a question is sent on again: the keys of a slot that moves take a few of these. */
const AGAIN_MS = 20;
/** Who are asked at once which node has what: one of them may be away and look alive. */
const ASKED_FOR_SLOTS = 2;
const NEVER_MS = Number.NEGATIVE_INFINITY;

interface Node {
  /** `host:port`. */
  readonly address: string;
  readonly host: string;
  readonly line: NodeLine;
  /** Its newest answer was none. */
  isAway: boolean;
  /** When it last refused to answer at all, or answered again after that. */
  doubtedMs: number;
}

type Go<Answer> = (line: NodeLine, redirected: Redirected) => Promise<Answer>;

export class ClusterLine implements Line {
  readonly #seeds: readonly URL[];
  readonly #open: OpenLine;
  readonly #chance: () => number;
  /** By their addresses. */
  readonly #nodes = new Map<string, Node>();
  /** By slot. */
  readonly #owners = new Array<Node | undefined>(SLOTS).fill(undefined);
  /** By slot: when a question was late, or the slot left a node that was in doubt. */
  readonly #doubtedMs = new Float64Array(SLOTS).fill(NEVER_MS);
  /** Resolves when the first attempt to find the nodes has come to something. */
  #found: Promise<void> | undefined;
  #finding = false;
  #foundMs = NEVER_MS;
  #findTimer: NodeJS.Timeout | undefined;
  /** Why they were not found. */
  #trouble: unknown = new Error('Redis: no node has this slot');
  /** Who published last: what one process says stays in order. */
  #voice: Node | undefined;
  #closed = false;

  /**
   * Begins to connect. Throws TypeError where a URL is none of Redis's, or names a database. The
   * nodes that are found are asked with user, password and TLS of the first. `chance`: 0 <= n < 1.
   */
  constructor(seeds: readonly string[], open = openLine, chance = anyChance) {
    this.#open = open;
    this.#chance = chance;
    this.#seeds = seeds.map((seed) => new URL(seed));
    for (const { protocol, pathname } of this.#seeds)
      if (!/^rediss?:$/.test(protocol) || !/^\/?0?$/.test(pathname)) throw new TypeError(protocol);
    this.#found = this.#find().then(() => {
      this.#found = undefined;
    });
  }

  ask<Answer>(args: readonly (string | Buffer)[], bytes?: boolean): Promise<Answer> {
    return this.#follow(String(args[1]), (line, redirected) => line.ask(args, bytes, redirected));
  }

  run<Answer>(
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    bytes?: boolean,
  ): Promise<Answer> {
    return this.#follow(keys[0], (line, redirected) =>
      line.run(script, keys, args, bytes, redirected),
    );
  }

  /** By any node: they tell all others. */
  async publish(channel: string, message: Buffer): Promise<void> {
    await this.#found;
    if (!this.#voice?.line.isReady) this.#voice = this.#anyNodes()[0];
    if (!this.#voice) throw this.#nobody();
    await this.#voice.line.publish(channel, message);
  }

  /** Asks every node, so that it is known which of them were away. */
  async hear(): Promise<void> {
    await this.#found;
    if (this.#nodes.size === 0) throw this.#nobody();
    const asked = Array.from(this.#nodes.values(), async (node) => {
      try {
        await node.line.hear(false);
        this.#heard(node);
      } catch (error) {
        this.#doubt(node);
        throw error;
      }
    });
    await Promise.any(asked).catch(({ errors }: AggregateError) => {
      throw errors[0];
    });
  }

  isSteady(key: string, ms: number): boolean {
    const slot = slotOf(key);
    const node = this.#owners[slot];
    const doubtedMs = Math.max(this.#doubtedMs[slot], node?.doubtedMs ?? NEVER_MS);
    return !node?.isAway && performance.now() - doubtedMs > ms;
  }

  ear(): RedisEar {
    return new RedisEar(this.#open, async () => {
      await this.#found;
      return this.#anyNodes().map(({ address }) => this.#urlOf(address));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#findTimer);
    await Promise.all(Array.from(this.#nodes.values(), ({ line }) => line.close()));
  }

  async #follow<Answer>(key: string, go: Go<Answer>): Promise<Answer> {
    const slot = slotOf(key);
    const untilMs = performance.now() + DEADLINE_MS;
    if (this.#found) await this.#found;
    let node = this.#owners[slot];
    for (let asking = false, isFirst = true; ; isFirst = false) {
      if (!node) throw this.#nobody();
      try {
        const answer = await go(node.line, { asking, withinMs: untilMs - performance.now() });
        this.#heard(node);
        return answer;
      } catch (error) {
        const { cause } = error as DirectoryError;
        const redirection =
          cause instanceof ErrorReply ? redirectionOf(cause.message, node.host) : undefined;
        if (!redirection) throw this.#refused(slot, node, error as DirectoryError);
        asking = redirection.kind === 'ask';
        // Where two nodes send it to each other, one has not heard yet what came of it.
        if (!isFirst || redirection.kind === 'again') await wait(AGAIN_MS);
        if (performance.now() >= untilMs) {
          const { message } = error as DirectoryError;
          throw new DirectoryError('late', `still moving: ${message}`, { cause });
        }
        node = this.#next(slot, redirection);
      }
    }
  }

  #next(slot: number, redirection: Redirection): Node | undefined {
    if (redirection.kind === 'again') return this.#owners[slot];
    const node = this.#nodeAt(redirection.address);
    if (redirection.kind === 'moved') {
      this.#give(slot, node);
      // Others may have moved with it.
      this.#findSoon();
    }
    return node;
  }

  #refused(slot: number, node: Node, error: DirectoryError): DirectoryError {
    if (error.code === 'unreachable' || error.isSilent) this.#doubt(node);
    if (error.code === 'late') {
      this.#doubtedMs[slot] = performance.now();
      this.#findSoon();
    }
    return error;
  }

  #heard(node: Node): void {
    // Owners hear of it as late as this.
    if (node.isAway) node.doubtedMs = performance.now();
    node.isAway = false;
  }

  #doubt(node: Node): void {
    node.isAway = true;
    node.doubtedMs = performance.now();
    this.#findSoon();
  }

  #nobody(): DirectoryError {
    this.#findSoon();
    const { message } = this.#trouble as Error;
    return new DirectoryError('unreachable', message, { cause: this.#trouble });
  }

  /** Asks which node has what: at once, but not all the time. */
  #findSoon(): void {
    if (this.#findTimer || this.#finding || this.#closed) return;
    const waitMs = Math.max(this.#foundMs + RETRY_CAP_MS - performance.now(), 0);
    this.#findTimer = setTimeout(() => void this.#find(), waitMs).unref();
  }

  /** Never rejects. */
  async #find(): Promise<void> {
    this.#finding = true;
    this.#findTimer = undefined;
    let isFound = false;
    try {
      this.#learn(await this.#askWho());
      isFound = true;
    } catch (error) {
      this.#trouble = error;
    }
    this.#finding = false;
    this.#foundMs = performance.now();
    if (!isFound) this.#findSoon();
  }

  async #askWho(): Promise<SlotRange[]> {
    const ready = this.#anyNodes().filter(({ line }) => line.isReady);
    const isKnown = ready.length > 0;
    const asked = isKnown
      ? ready.slice(0, ASKED_FOR_SLOTS)
      : this.#seeds.map(({ href, hostname }) => ({ line: this.#open(href), host: hostname }));
    try {
      const answers = asked.map(async ({ line, host }) =>
        rangesOf(await line.ask<SlotsAnswer>(['CLUSTER', 'SLOTS']), host),
      );
      return await Promise.any(answers);
    } catch (error) {
      throw (error as AggregateError).errors[0];
    } finally {
      if (!isKnown) for (const { line } of asked) void line.close();
    }
  }

  #learn(ranges: readonly SlotRange[]): void {
    if (this.#closed) return;
    const owners = new Array<Node | undefined>(SLOTS).fill(undefined);
    for (const { first, last, address } of ranges)
      owners.fill(this.#nodeAt(address), first, last + 1);
    for (const [slot, node] of owners.entries()) this.#give(slot, node);
    const there = new Set(owners);
    for (const node of this.#nodes.values()) {
      if (there.has(node)) continue;
      this.#nodes.delete(node.address);
      void node.line.close();
    }
  }

  /** Rooms of a node that was away have not been renewed, whoever has their slot now. */
  #give(slot: number, node: Node | undefined): void {
    const old = this.#owners[slot];
    if (old === node) return;
    const doubtedMs = old?.isAway ? performance.now() : (old?.doubtedMs ?? NEVER_MS);
    this.#doubtedMs[slot] = Math.max(this.#doubtedMs[slot], doubtedMs);
    this.#owners[slot] = node;
  }

  #nodeAt(address: string): Node {
    const known = this.#nodes.get(address);
    if (known) return known;
    const host = address.slice(0, address.lastIndexOf(':'));
    const line = this.#open(this.#urlOf(address), () => this.#findSoon());
    const node: Node = { address, host, line, isAway: false, doubtedMs: NEVER_MS };
    this.#nodes.set(address, node);
    return node;
  }

  /** Connected ones first, in any order. */
  #anyNodes(): Node[] {
    const nodes = [...this.#nodes.values()];
    const from = Math.floor(this.#chance() * nodes.length);
    const turned = [...nodes.slice(from), ...nodes.slice(0, from)];
    return turned.sort((a, b) => Number(b.line.isReady) - Number(a.line.isReady));
  }

  #urlOf(address: string): string {
    const url = new URL(this.#seeds[0]);
    url.host = address;
    return url.href;
  }
}
