// Questions from one shard to another, over the directory's messages: to open a room, to take one
// over. Made by make-shard.ts. A question that is not answered in time is asked of nobody else
// here: who asks knows what to do instead.
import { type Directory, DirectoryError } from './directory.ts';
import type { Log } from './log.ts';

/** Ms for an answer: a room is opened in a few; a shard that is stopped is not waited for. */
const DEADLINE_MS = 1_000;

/** What a shard does for others, by name. What it throws is told as a refusal. */
export type Services = Readonly<Record<string, (...given: never) => Promise<unknown>>>;

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

type Message =
  | readonly ['ask', serial: number, from: string, service: string, given: readonly unknown[]]
  | readonly ['answer', serial: number, ok: boolean, value: unknown];

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Peers {
  readonly #directory: Directory;
  readonly #shard: string;
  readonly #log: Log;
  readonly #waiting = new Map<number, Waiting>();
  #services: Services = {};
  #serials = 0;
  #end: (() => Promise<void>) | undefined;

  constructor(directory: Directory, shard: string, log: Log) {
    this.#directory = directory;
    this.#shard = shard;
    this.#log = log;
  }

  /** Rejects with DirectoryError. */
  async listen(services: Services): Promise<void> {
    this.#services = services;
    const hear = (bytes: Uint8Array) => this.#heard(bytes);
    this.#end = await this.#directory.subscribe(channelOf(this.#shard), hear);
  }

  /**
   * Rejects with DirectoryError: the shard does not answer, or it refuses; `unreachable` where the
   * directory did not take the question.
   */
  async ask(shard: string, service: string, ...given: readonly unknown[]): Promise<unknown> {
    const serial = ++this.#serials;
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(serial, { resolve, reject });
      const late = () => reject(new DirectoryError('late', `shard ${shard} does not answer`));
      timer = setTimeout(late, DEADLINE_MS);
    });
    // It may be late while the question is still on its way, and nobody waits for it yet.
    answer.catch(() => {});
    try {
      await this.#say(shard, ['ask', serial, this.#shard, service, given]).catch(unsaid);
      return await answer;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(serial);
    }
  }

  async close(): Promise<void> {
    await this.#end?.();
  }

  /** Whoever may write to the directory may say anything here: what is no message is let go. */
  #heard(bytes: Uint8Array): void {
    const message = messageOf(bytes);
    if (!message) return this.#log.warn({ bytes: bytes.length }, 'not a message of a shard');
    if (message[0] === 'ask') {
      const [, serial, from, service, given] = message;
      this.#serve(service, given)
        .then((value): Message => ['answer', serial, true, value])
        .catch((error): Message => ['answer', serial, false, String(error?.message ?? error)])
        .then((answer) => this.#say(from, answer))
        .catch((error) => this.#log.warn({ err: error, service }, 'a shard was not answered'));
      return;
    }
    const [, serial, ok, value] = message;
    const waiting = this.#waiting.get(serial);
    if (ok) waiting?.resolve(value);
    else waiting?.reject(new DirectoryError('failed', String(value)));
  }

  async #serve(service: string, given: readonly unknown[]): Promise<unknown> {
    if (!Object.hasOwn(this.#services, service)) throw new Error(`no service ${service}`);
    return this.#services[service](...(given as never));
  }

  #say(shard: string, message: Message): Promise<void> {
    return this.#directory.publish(channelOf(shard), encoder.encode(JSON.stringify(message)));
  }
}

/** What the directory did not take, whatever became of it there. */
function unsaid(error: unknown): never {
  if (!(error instanceof DirectoryError)) throw error;
  throw new DirectoryError('unreachable', error.message, { cause: error });
}

/** Undefined for what no shard of ours says. */
function messageOf(bytes: Uint8Array): Message | undefined {
  let read: unknown;
  try {
    read = JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
  if (!Array.isArray(read) || !Number.isSafeInteger(read[1])) return undefined;
  const [type, , third, service, given] = read;
  const isAnswer = type === 'answer' && typeof third === 'boolean';
  const isAsk = type === 'ask' && typeof third === 'string' && typeof service === 'string';
  return isAnswer || (isAsk && Array.isArray(given)) ? (read as unknown as Message) : undefined;
}

function channelOf(shard: string): string {
  return `shard:${shard}`;
}
