// What a shard listens to on a Redis Cluster: the nodes tell each other all that is published, so
// one connection to any of them hears everything, and is opened at another one when it is lost.
// Made by redis-cluster.ts for redis-channels.ts. Trap: what is said while it moves is missed.
import { DirectoryError } from './directory.ts';
import { type Ear, type Hear, type NodeLine, type OpenLine, RETRY_CAP_MS } from './redis-line.ts';

export class RedisEar implements Ear {
  readonly #openLine: OpenLine;
  readonly #nodes: () => Promise<readonly string[]>;
  /** What is to be heard. */
  readonly #channels = new Map<string, Hear>();
  #line: NodeLine | undefined;
  /** Where it leads. */
  #url: string | undefined;
  #isMoving = false;
  #closed = false;

  /** `nodes` answers URLs, those first that are more likely to answer. */
  constructor(openLine: OpenLine, nodes: () => Promise<readonly string[]>) {
    this.#openLine = openLine;
    this.#nodes = nodes;
  }

  async subscribe(channel: string, hear: Hear): Promise<void> {
    this.#channels.set(channel, hear);
    try {
      const [url] = this.#line ? [] : await this.#nodes();
      if (url !== undefined && !this.#line) this.#open(url);
      if (!this.#line) throw new DirectoryError('unreachable', 'Redis: no node is known');
      await this.#line.subscribe(channel, hear);
    } catch (error) {
      this.#channels.delete(channel);
      throw error;
    }
  }

  async unsubscribe(channel: string, hear: Hear): Promise<void> {
    this.#channels.delete(channel);
    await this.#line?.unsubscribe(channel, hear);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#line?.close();
  }

  #open(url: string): NodeLine {
    this.#url = url;
    this.#line = this.#openLine(url, () => void this.#move());
    return this.#line;
  }

  /** Until all that is to be heard is heard at one node. */
  async #move(): Promise<void> {
    if (this.#isMoving) return;
    this.#isMoving = true;
    while (!this.#closed && !(await this.#isHeardElsewhere()))
      await new Promise<void>((resolve) => setTimeout(resolve, RETRY_CAP_MS).unref());
    this.#isMoving = false;
  }

  async #isHeardElsewhere(): Promise<boolean> {
    const urls = await this.#nodes();
    const url = urls.find((one) => one !== this.#url) ?? urls[0];
    if (url === undefined || this.#closed) return this.#closed;
    void this.#line?.close();
    const line = this.#open(url);
    const asked = Array.from(this.#channels, ([channel, hear]) => line.subscribe(channel, hear));
    const heard = await Promise.allSettled(asked);
    return heard.every(({ status }) => status === 'fulfilled');
  }
}
