// The directory of a shard whose parent holds it: each question goes over Node's channel between
// processes, to directory-host.ts. Made by serve() in a child of shards.ts. Trap: an answer that
// does not come in time says nothing of whether the write was done.
import {
  type Board,
  type Checkpoint,
  type Claim,
  type Directory,
  DirectoryError,
  type Lease,
  type Outcome,
  type Owner,
  type Post,
  type Posted,
  type Presence,
  type Reservation,
  type RoomEntry,
  type RoomFacts,
  type Save,
  type SeatPromise,
  type ShardEntry,
  type Standing,
} from './directory.ts';
import { type Asked, type Channel, ours, type Serial, type ToParent } from './parent-messages.ts';

/** An answer takes 0.1 ms; a parent that says nothing for so long is stopped or drowned. */
const DEADLINE_MS = 1_000;

const CODES: ReadonlySet<unknown> = new Set<DirectoryError['code']>([
  'unreachable',
  'late',
  'failed',
]);

interface Waiting {
  resolve(value: unknown): void;
  reject(error: DirectoryError): void;
  readonly timer: NodeJS.Timeout;
}

type Hear = (message: Uint8Array) => void;

export class ParentDirectory implements Directory {
  #leaseMs = 0;
  readonly #channel: Channel;
  readonly #waiting = new Map<Serial, Waiting>();
  readonly #listeners = new Map<Serial, Hear>();
  #serials = 0;
  /**
   * The channel takes nothing more, and for a deadline already: whatever is put into it stays in
   * this process's memory.
   */
  #stuck = false;
  #closed = false;

  private constructor(channel: Channel) {
    this.#channel = channel;
    channel.on('message', this.#onMessage);
    channel.on('disconnect', this.#onDisconnect);
  }

  /** Rejects with DirectoryError where nobody of ours is at the other end. */
  static async open(channel: Channel): Promise<ParentDirectory> {
    const directory = new ParentDirectory(channel);
    try {
      directory.#leaseMs = await directory.#ask('leaseMs');
    } catch (error) {
      await directory.close();
      throw error;
    }
    return directory;
  }

  get leaseMs(): number {
    return this.#leaseMs;
  }

  announce(shard: ShardEntry): Promise<void> {
    return this.#ask('announce', shard);
  }

  withdraw(shard: string): Promise<void> {
    return this.#ask('withdraw', shard);
  }

  shards(): Promise<readonly ShardEntry[]> {
    return this.#ask('shards');
  }

  someShards(most: number): Promise<readonly ShardEntry[]> {
    return this.#ask('someShards', most);
  }

  claim(room: RoomFacts, owner: Owner, held?: number): Promise<Claim> {
    return this.#ask('claim', room, owner, held);
  }

  renew(leases: readonly Lease[]): Promise<Outcome> {
    return this.#ask('renew', leases);
  }

  handOver(lease: Lease, to: Owner): Promise<number | false> {
    return this.#ask('handOver', lease, to);
  }

  lock(lease: Lease, locked: boolean): Promise<boolean> {
    return this.#ask('lock', lease, locked);
  }

  release(lease: Lease): Promise<boolean> {
    return this.#ask('release', lease);
  }

  room(id: string): Promise<RoomEntry | undefined> {
    return this.#ask('room', id);
  }

  rooms(kind?: string): Promise<readonly RoomEntry[]> {
    return this.#ask('rooms', kind);
  }

  candidates(
    kind: string,
    build: string,
    match: string,
    limit: number,
  ): Promise<readonly RoomEntry[]> {
    return this.#ask('candidates', kind, build, match, limit);
  }

  async orphans(passed: ReadonlySet<string> = new Set()): Promise<readonly RoomEntry[]> {
    const found = await this.#ask<readonly RoomEntry[]>('orphans');
    return found.filter(({ id }) => !passed.has(id));
  }

  reserve(id: string, seats: readonly SeatPromise[], lifeMs: number): Promise<Reservation> {
    return this.#ask('reserve', id, seats, lifeMs);
  }

  redeem(lease: Lease, seat: string, again?: boolean): Promise<Uint8Array | 'spent' | false> {
    return this.#ask('redeem', lease, seat, again);
  }

  take(lease: Lease, seat: string): Promise<'taken' | 'full' | false> {
    return this.#ask('take', lease, seat);
  }

  leave(lease: Lease, seats: readonly string[]): Promise<boolean> {
    return this.#ask('leave', lease, seats);
  }

  occupy(lease: Lease, seats: readonly string[]): Promise<boolean> {
    return this.#ask('occupy', lease, seats);
  }

  save(saves: readonly Save[]): Promise<Outcome> {
    return this.#ask('save', saves);
  }

  load(id: string): Promise<Checkpoint | undefined> {
    return this.#ask('load', id);
  }

  arrive(lease: Lease, users: readonly string[]): Promise<void> {
    return this.#ask('arrive', lease, users);
  }

  depart(lease: Lease, users: readonly string[]): Promise<void> {
    return this.#ask('depart', lease, users);
  }

  whereabouts(users: readonly string[]): Promise<readonly (readonly Presence[])[]> {
    return this.#ask('whereabouts', users);
  }

  post(lease: Lease, board: Board, post: Post): Promise<Posted> {
    return this.#ask('post', lease, board, post);
  }

  top(board: Board, from: number, count: number): Promise<readonly Standing[]> {
    return this.#ask('top', board, from, count);
  }

  standing(board: Board, user: string): Promise<Standing | undefined> {
    return this.#ask('standing', board, user);
  }

  publish(channel: string, message: Uint8Array): Promise<void> {
    return this.#ask('publish', channel, message);
  }

  async subscribe(channel: string, hear: Hear): Promise<() => Promise<void>> {
    const listener = ++this.#serials;
    this.#listeners.set(listener, hear);
    const end = async () => {
      if (this.#listeners.delete(listener)) await this.#ask<void>('unsubscribe', listener);
    };
    try {
      await this.#ask('subscribe', listener, channel);
    } catch (error) {
      // It may listen all the same, where only the answer came late.
      end().catch(() => {});
      throw error;
    }
    return end;
  }

  secret(): Promise<Uint8Array> {
    return this.#ask('secret');
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const ends = [...this.#listeners.keys()].map((listener) => this.#ask('unsubscribe', listener));
    this.#listeners.clear();
    await Promise.allSettled(ends);
    this.#closed = true;
    // Who listens to the channel keeps the process alive.
    this.#channel.off('message', this.#onMessage);
    this.#channel.off('disconnect', this.#onDisconnect);
    this.#lose('the directory is closed');
  }

  /** What it resolves to is what the host's directory answered: the parent is our own code. */
  #ask<T>(method: Asked, ...args: readonly unknown[]): Promise<T> {
    const id = ++this.#serials;
    return new Promise((resolve, reject) => {
      if (this.#closed || !this.#channel.connected)
        return reject(new DirectoryError('unreachable', `${method}: the parent is gone`));
      if (this.#stuck)
        return reject(new DirectoryError('late', `${method}: the parent reads nothing`));
      let written = false;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        this.#stuck ||= !written;
        reject(new DirectoryError('late', `${method}: no answer in ${DEADLINE_MS} ms`));
      }, DEADLINE_MS);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      this.#send({ tickwire: 'ask', id, method, args }, (error) => {
        written = true;
        this.#stuck = false;
        if (error) this.#settle(id)?.reject(new DirectoryError('unreachable', error.message));
      });
    });
  }

  #send(message: ToParent & { id: Serial }, done: (error: Error | null) => void): void {
    try {
      this.#channel.send(message, undefined, undefined, done);
    } catch (error) {
      // It holds what no channel carries.
      const { message: why } = error as Error;
      this.#settle(message.id)?.reject(new DirectoryError('failed', why, { cause: error }));
    }
  }

  /** Who waits for it, if anybody still does. */
  #settle(id: unknown): Waiting | undefined {
    const waiting = this.#waiting.get(id as Serial);
    clearTimeout(waiting?.timer);
    this.#waiting.delete(id as Serial);
    return waiting;
  }

  readonly #onMessage = (message: unknown): void => {
    const { tickwire, id, value, code, reason, listener, message: heard } = ours(message) ?? {};
    if (tickwire === 'answer') this.#settle(id)?.resolve(value);
    else if (tickwire === 'refusal') {
      const known = CODES.has(code) ? (code as DirectoryError['code']) : 'failed';
      this.#settle(id)?.reject(new DirectoryError(known, String(reason)));
    } else if (tickwire === 'heard') this.#listeners.get(listener as Serial)?.(heard as Uint8Array);
  };

  readonly #onDisconnect = (): void => this.#lose('the parent is gone');

  #lose(why: string): void {
    for (const id of [...this.#waiting.keys()])
      this.#settle(id)?.reject(new DirectoryError('unreachable', why));
  }
}
