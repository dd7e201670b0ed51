// A shard's connection to a simulated Redis, in the place of RedisLine: what is asked in one turn
// goes out together, and is served by the twins of the scripts (cluster-scripts.ts) when Redis
// comes to it (cluster-redis.ts). Made by cluster-nodes.ts for the real RedisDirectory.
import type { Hear, NodeLine, redisScripts } from '@tickwire/server/parts';
import type { SimulatedNodes } from './cluster-nodes.ts';
import type { Caller, Question, SimulatedRedis } from './cluster-redis.ts';
import { type Command, commandOf, PLAIN } from './cluster-scripts.ts';
import type { Call, Word } from './cluster-store.ts';

/** A process: what it asks when it is dead is refused. */
export interface Life {
  dead: boolean;
  /** It stands outside of time: what it asks is done at once, and costs Redis nothing. */
  readonly isOutside?: boolean;
}

export class SimulatedLine implements NodeLine, Caller {
  readonly life: Life;
  readonly troubled: () => void;
  answeredMs = 0;
  heardMs = 0;
  readyMs = 0;
  returns = 0;
  readonly #nodes: SimulatedNodes;
  readonly #redis: SimulatedRedis;
  /** Of this turn. */
  #asked: Question[] = [];

  constructor(nodes: SimulatedNodes, redis: SimulatedRedis, life: Life, troubled = () => {}) {
    this.#nodes = nodes;
    this.#redis = redis;
    this.life = life;
    this.troubled = troubled;
    redis.callers.add(this);
  }

  get isReady(): boolean {
    return this.#redis.reaches(this);
  }

  ask<Answer>([name, key, ...args]: readonly Word[]): Promise<Answer> {
    if (name === 'CLUSTER') return this.#send('CLUSTER', 0, () => this.#nodes.slots());
    return this.#does(PLAIN[String(name)], [String(key)], args);
  }

  run<Answer>(
    script: redisScripts.Script,
    keys: readonly string[],
    args: readonly Word[],
  ): Promise<Answer> {
    return this.#does(commandOf(script), keys, args);
  }

  async publish(channel: string, message: Buffer): Promise<void> {
    const hearers = this.#redis.channels.get(channel)?.size ?? 0;
    await this.#send('PUBLISH', hearers, () => this.#nodes.publish(this.#redis, channel, message));
  }

  async hear(isAsked: boolean): Promise<void> {
    if (!isAsked) await this.ask(['PING']);
  }

  isSteady(): boolean {
    return true;
  }

  subscribe(channel: string, hear: Hear): Promise<void> {
    const { channels } = this.#redis;
    return this.#send('SUBSCRIBE', 0, () => {
      const hearers = channels.get(channel) ?? new Map();
      channels.set(channel, hearers.set(this, hear));
    });
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#send('SUBSCRIBE', 0, () => this.#redis.channels.get(channel)?.delete(this));
  }

  async close(): Promise<void> {
    const { callers, channels } = this.#redis;
    callers.delete(this);
    for (const hearers of channels.values()) hearers.delete(this);
  }

  #does<Answer>(
    { name, twin, members }: Command,
    keys: readonly string[],
    args: readonly Word[],
  ): Promise<Answer> {
    const redis = this.#redis;
    const call = (): Call => ({ store: redis.store, keys, args, nowMs: redis.nowMs });
    return this.#send(name, members?.(call()) ?? 0, () => twin(call()));
  }

  #send<Answer>(name: Question['name'], members: number, serve: () => unknown): Promise<Answer> {
    if (this.life.isOutside) return Promise.resolve(serve() as Answer);
    return new Promise((resolve, reject) => {
      if (this.#asked.length === 0) queueMicrotask(() => this.#flush());
      this.#asked.push({ name, members, serve, resolve, reject });
    });
  }

  #flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    this.#redis.ask(this, asked);
  }
}
