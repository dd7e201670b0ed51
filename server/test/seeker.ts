// A player who asks shards of a deployment for a seat without a socket, so that there can be many:
// he waits for matches, and goes where he is sent. Used by the suites about waiting queues.
import type { Waiting } from '@tickwire/client';
import { type Hello, PROTOCOL_VERSION } from '@tickwire/protocol';
import { Elsewhere, type Joined } from '../src/joining.ts';
import type { Joiner } from '../src/seat.ts';
import { game } from './arcade.ts';
import type { Deployment, Member } from './deployment.ts';

/** A player who asks one shard, and goes where he is sent. */
export class Seeker implements Joiner {
  open = true;
  leave = () => {};
  readonly told: Waiting[] = [];
  /** Rooms that he was seated in. */
  readonly rooms: string[] = [];
  failed: unknown;
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  send(): void {}
  cork(run: () => void): void {
    run();
  }
  close(): void {
    this.open = false;
  }
  move(): void {}
  queued(leave: () => void): void {
    this.leave = leave;
  }
  tellWaiting(waiting: Waiting): void {
    this.told.push(waiting);
  }

  gone(): void {
    this.open = false;
    this.leave();
  }

  /** By a token, or by a ticket. */
  async seek(entry: Member, room = 'field', secret = '', credential: 0 | 1 = 0): Promise<void> {
    const hello = { version: PROTOCOL_VERSION, hash: game.hash, room, spectate: false };
    try {
      const joined = await this.#ask(entry, { ...hello, credential, secret });
      this.rooms.push(joined.room.id);
    } catch (error) {
      this.failed = error;
    }
  }

  async #ask({ server }: Member, hello: Hello): Promise<Joined> {
    try {
      return await server.seating.join(hello, this);
    } catch (error) {
      if (!(error instanceof Elsewhere)) throw error;
      const { url, ticket } = error;
      const next = this.#deployment.members.find((one) => one.server.shard.owner.url === url)!;
      const said = ticket === '' ? hello : { ...hello, credential: 1 as const, secret: ticket };
      return this.#ask(next, said);
    }
  }
}
