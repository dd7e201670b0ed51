// The directory that a parent keeps, behind two shards in processes of their own: a store for the
// directories' contract. Used by directory.test.ts; parent-door.ts is what runs in the processes.
// Trap: they outlive a store, so each store ends what it attended to as if they had ended.
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Directory, DirectoryError } from '../src/directory.ts';
import { DirectoryHost } from '../src/directory-host.ts';
import { MemoryDirectory } from '../src/memory-directory.ts';
import type { Channel } from '../src/parent-messages.ts';
import type { Store } from './directory-doors.ts';
import { SOURCE_FLAGS } from './program.ts';

/** What a door is asked to do; the answer has its number. */
export interface Call {
  call: number;
  method: string;
  args: readonly unknown[];
}

export interface Reply {
  call: number;
  value?: unknown;
  error?: string;
  code?: DirectoryError['code'] | undefined;
  /** A message that the listener of this call hears. */
  heard?: Uint8Array;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A process with a door, and what is asked of it. */
class Door {
  readonly process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<number, (message: Uint8Array) => void>();
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.process = child;
    child.on('message', (reply: Partial<Reply>) => this.#take(reply));
  }

  static async start(): Promise<Door> {
    const path = fileURLToPath(new URL('./parent-door.ts', import.meta.url));
    const child = fork(path, { execArgv: SOURCE_FLAGS, serialization: 'advanced' });
    await once(child, 'message');
    return new Door(child);
  }

  ask(method: string, ...args: unknown[]): Promise<unknown> {
    return this.#ask(++this.#calls, method, args);
  }

  /** The directory behind the door. */
  async open(): Promise<Directory> {
    const leaseMs = await this.ask('open');
    const subscribe = async (channel: string, hear: (message: Uint8Array) => void) => {
      const call = ++this.#calls;
      this.#listeners.set(call, hear);
      await this.#ask(call, 'subscribe', [channel]);
      return async () => void (await this.ask('unsubscribe', call));
    };
    return new Proxy({ leaseMs, subscribe } as unknown as Directory, {
      get: (own, method: string) => {
        // What is awaited is asked whether it is a promise.
        if (method === 'then') return undefined;
        if (method in own) return own[method as keyof Directory];
        return (...args: unknown[]) => this.ask(method, ...args);
      },
    });
  }

  #ask(call: number, method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.process.send({ call, method, args } satisfies Call);
    });
  }

  #take({ call, value, error, code, heard }: Partial<Reply>): void {
    // The host's.
    if (call === undefined) return;
    if (heard) return this.#listeners.get(call)?.(heard);
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(code ? new DirectoryError(code, error) : new Error(error));
  }
}

/** The channel of a process for as long as a store needs it. */
class Lent extends EventEmitter {
  connected = true;
  readonly #child: ChildProcess;
  readonly #hear = (message: unknown) => void this.emit('message', message);

  constructor(child: ChildProcess) {
    super();
    this.#child = child;
    child.on('message', this.#hear);
  }

  send(...given: Parameters<Channel['send']>): boolean {
    return this.#child.send(...(given as unknown as Parameters<ChildProcess['send']>));
  }

  giveBack(): void {
    this.#child.off('message', this.#hear);
    this.connected = false;
    this.emit('disconnect');
  }
}

export class ParentStores {
  readonly #doors: readonly Door[];

  private constructor(doors: readonly Door[]) {
    this.#doors = doors;
  }

  static async start(): Promise<ParentStores> {
    return new ParentStores(await Promise.all([Door.start(), Door.start()]));
  }

  open(leaseMs: number): Store {
    const now = () => performance.timeOrigin + performance.now();
    const host = new DirectoryHost(new MemoryDirectory({ leaseMs, now }));
    const lent = this.#doors.map((door) => new Lent(door.process));
    for (const channel of lent) host.attend(channel);
    let opened = 0;
    return {
      connect: () => this.#doors[opened++].open(),
      close: async () => {
        for (const channel of lent) channel.giveBack();
      },
    };
  }

  async stop(): Promise<void> {
    for (const { process: child } of this.#doors) {
      child.disconnect();
      await once(child, 'exit');
    }
  }
}
