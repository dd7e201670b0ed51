// A connection to one Redis that answers in time: what is asked is answered, or refused with a
// DirectoryError, within a second, and a lost connection comes back by itself. Used by
// redis-directory.ts, which has one for questions and one for what it listens to, and by
// redis-cluster.ts, which has one for each node. Trap: what was refused as late, or cut off, may
// have been done.
import { ClientOfflineError, createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { DirectoryError } from './directory.ts';
import type { Script } from './redis-scripts.ts';

/** A room that renews each second knows in time that it cannot; Redis answers in 1 ms. */
export const DEADLINE_MS = 1_000;
/** Longest wait before the next attempt to connect: a third of a short lease. */
export const RETRY_CAP_MS = 500;
/** A connection on which nothing was heard for so long is given up: three deadlines. */
const SILENCE_MS = 3_000;
/** Who is slow answers others meanwhile; the last answers of who stops are on their way. */
const SILENT_MS = DEADLINE_MS / 2;
/** One PING to spare in SILENCE_MS. */
const PING_MS = 1_000;
/** Questions on their way: of a stalled Redis, a second's worth at its full rate. */
const MAX_WAITING = 65_536;
/** What Redis says while it cannot serve anybody; other errors are about what was asked. */
const NOT_SERVING = /^(LOADING|MASTERDOWN|CLUSTERDOWN|READONLY)\b/;
/** It is a replica now: the address may lead to another primary. */
const DEMOTED = /^READONLY\b/;

const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

type Client = typeof TEMPLATE;
export type Hear = (message: Buffer) => void;

/** What the directory asks of one Redis, or of a cluster. All reject with DirectoryError. */
export interface Line {
  /** The second of the words is the key. With `bytes`, texts in the answer are Buffers. */
  ask<Answer>(args: readonly (string | Buffer)[], bytes?: boolean): Promise<Answer>;
  /** Runs a script, which is sent in full only where Redis does not know it (any more). */
  run<Answer>(
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    bytes?: boolean,
  ): Promise<Answer>;
  publish(channel: string, message: Buffer): Promise<void>;
  /** Whether anybody answers: asks what is not asked anyway; rejects where nobody does. */
  hear(isAsked: boolean): Promise<void>;
  /** Whether who has the key answered for `ms`, as far as this process knows. */
  isSteady(key: string, ms: number): boolean;
  /** Waits for what was asked, as long as that may take. */
  close(): Promise<void>;
}

/** What hears messages. */
export interface Ear {
  /** Resolves once messages are heard; they are heard again after a reconnection. */
  subscribe(channel: string, hear: Hear): Promise<void>;
  unsubscribe(channel: string, hear: Hear): Promise<void>;
  close(): Promise<void>;
}

/** A connection to one server, of which a cluster has several (redis-cluster.ts). */
export interface NodeLine extends Line, Ear {
  /** Connected, as far as is known. */
  readonly isReady: boolean;
  ask<Answer>(
    args: readonly (string | Buffer)[],
    bytes?: boolean,
    redirected?: Redirected,
  ): Promise<Answer>;
  run<Answer>(
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    bytes?: boolean,
    redirected?: Redirected,
  ): Promise<Answer>;
}

/**
 * Begins to connect. Throws TypeError where the URL is none of Redis's. `troubled` is called when
 * the connection is lost, and each time that it does not come back.
 */
export type OpenLine = (url: string, troubled?: () => void) => NodeLine;

/** A question that another node sent here. */
export interface Redirected {
  /** The node has the key, but not its slot yet. */
  readonly asking?: boolean;
  /** What is left of the second. */
  readonly withinMs?: number;
}

const HERE: Redirected = {};

/** Of each connection its own, for the client writes into it where the URL leads. */
const socketOf = () => ({
  connectTimeout: SILENCE_MS,
  socketTimeout: SILENCE_MS,
  reconnectStrategy: (attempts: number) => Math.min(50 * 2 ** attempts, RETRY_CAP_MS),
});

/** Never connected: others are made after it, for the first of its kind takes 25 ms. */
const TEMPLATE = createClient({
  disableOfflineQueue: true,
  commandsQueueMaxLength: MAX_WAITING,
  maintNotifications: 'disabled',
  // Its own deadlines cost a third of a question; ours are shorter.
  commandOptions: { timeout: 0 },
  pingInterval: PING_MS,
  socket: socketOf(),
});

/** Throws TypeError where the URL is none of Redis's. */
function clientOf(url: string) {
  return TEMPLATE.duplicate({ url, socket: socketOf() });
}

export const openLine: OpenLine = (url, troubled) => new RedisLine(url, troubled);

class RedisLine implements NodeLine {
  readonly #url: string;
  /** What an error calls it: without user and password. */
  readonly #name: string;
  readonly #troubled: () => void;
  #client: Client;
  /** Resolves when the first attempt to connect has come to something. */
  #tried: Promise<void> | undefined;
  /** Why it is not connected. */
  #trouble: unknown;
  #heardMs = performance.now();
  #openedMs = 0;
  #wasReady = false;
  #closed = false;

  constructor(url: string, troubled: () => void = () => {}) {
    this.#url = url;
    this.#troubled = troubled;
    this.#name = `Redis at ${new URL(url).host || 'localhost'}`;
    this.#client = this.#open();
  }

  get isReady(): boolean {
    return this.#client.isReady;
  }

  async ask<Answer>(
    args: readonly (string | Buffer)[],
    bytes = false,
    { asking = false, withinMs = DEADLINE_MS } = HERE,
  ): Promise<Answer> {
    const send = () => {
      // In one turn, so that nothing comes in between; what is wrong with it is said by the other.
      if (asking) this.#client.sendCommand(['ASKING']).catch(() => {});
      return this.#client.sendCommand<Answer>(args, bytes ? BYTES : undefined);
    };
    try {
      const answer = await this.#inTime(this.#tried ? this.#tried.then(send) : send(), withinMs);
      this.#heardMs = performance.now();
      return answer;
    } catch (error) {
      if (error instanceof ErrorReply) this.#heardMs = performance.now();
      const refusal = this.#refusal(error);
      if (refusal.code === 'late') {
        refusal.isSilent = performance.now() - this.#heardMs >= SILENT_MS;
        this.#doubt();
      }
      if (DEMOTED.test((error as Error).message)) this.#replace();
      throw refusal;
    }
  }

  async run<Answer>(
    { text, sha }: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    bytes = false,
    redirected?: Redirected,
  ): Promise<Answer> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.ask<Answer>(['EVALSHA', sha, ...rest], bytes, redirected);
    } catch (error) {
      const { cause } = error as DirectoryError;
      if (!(cause instanceof ErrorReply && cause.message.startsWith('NOSCRIPT'))) throw error;
      return await this.ask<Answer>(['EVAL', text, ...rest], bytes, redirected);
    }
  }

  async publish(channel: string, message: Buffer): Promise<void> {
    await this.ask(['PUBLISH', channel, message]);
  }

  async hear(isAsked: boolean): Promise<void> {
    if (!isAsked) await this.ask(['PING']);
  }

  /** Its leases know: they rest on all or nothing here. */
  isSteady(): boolean {
    return true;
  }

  subscribe(channel: string, hear: Hear): Promise<void> {
    return this.#listen((client) => client.subscribe(channel, hear, true));
  }

  unsubscribe(channel: string, hear: Hear): Promise<void> {
    return this.#listen((client) => client.unsubscribe(channel, hear, true));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const client = this.#client;
    if (client.isReady) await this.#inTime(client.close()).catch(() => {});
    client.destroy();
  }

  async #listen(change: (client: Client) => Promise<void>): Promise<void> {
    const send = () => {
      // The client would keep it for later.
      if (!this.#client.isReady) throw new ClientOfflineError();
      return change(this.#client);
    };
    try {
      await this.#inTime((this.#tried ?? Promise.resolve()).then(send));
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  #refusal(error: unknown): DirectoryError {
    if (error instanceof DirectoryError) return error;
    // The message says all of it: with the cause, a log would say it twice.
    if (error instanceof ClientOfflineError)
      return new DirectoryError('unreachable', this.#said(this.#trouble ?? error));
    const failed = error instanceof ErrorReply && !NOT_SERVING.test(error.message);
    const code = failed || error instanceof TypeError ? 'failed' : 'unreachable';
    return new DirectoryError(code, this.#said(error), { cause: error });
  }

  #said(error: unknown): string {
    // Where a name has several addresses, Node names none of the errors.
    const { message = '', code = String(error) } = error as NodeJS.ErrnoException;
    return `${this.#name}: ${message || code}`;
  }

  #inTime<Value>(promise: Promise<Value>, ms = DEADLINE_MS): Promise<Value> {
    return inTime(promise, ms, () => {
      // A server without TLS waits for more of what it takes for a command.
      const isShy = this.#url.startsWith('rediss:') && !this.#wasReady;
      const hint = isShy ? ': does it speak TLS there, as rediss:// says?' : '';
      return new DirectoryError('late', `${this.#name}: no answer in ${DEADLINE_MS} ms${hint}`);
    });
  }

  #open(): Client {
    const client = clientOf(this.#url);
    this.#heardMs = this.#openedMs = performance.now();
    this.#tried = new Promise<void>((resolve) => {
      const done = () => {
        if (this.#client === client) this.#tried = undefined;
        resolve();
      };
      client.once('ready', done).once('end', done).once('error', done);
    });
    client.on('error', (error) => {
      if (this.#client !== client || this.#closed) return;
      this.#trouble = error;
      this.#troubled();
    });
    // An attempt that was on its way when the client was given up still connects.
    client.on('connect', () => {
      if (this.#closed || this.#client !== client) client.destroy();
    });
    client.on('ready', () => {
      this.#wasReady = true;
    });
    client.on('ping-interval', () => {
      if (this.#client === client) this.#heardMs = performance.now();
    });
    client.connect().catch(() => {});
    return client;
  }

  /**
   * After a question without an answer. A dead connection that is written to looks alive for
   * minutes, so one that has been silent for long is replaced.
   */
  #doubt(): void {
    const silentMs = performance.now() - this.#heardMs;
    if (silentMs >= SILENCE_MS) this.#replace();
  }

  #replace(): void {
    if (this.#closed || performance.now() - this.#openedMs < RETRY_CAP_MS) return;
    const client = this.#client;
    this.#client = this.#open();
    client.destroy();
  }
}

/** Rejects with what `late` makes after `ms`; what comes of the promise then is passed over. */
function inTime<Value>(promise: Promise<Value>, ms: number, late: () => Error): Promise<Value> {
  return new Promise((resolve, reject) => {
    // After a stall of this process the answer may be there, and is read before an immediate runs.
    const timer = setTimeout(() => setImmediate(() => reject(late())), ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
