// A session in virtual time, and the connections it makes to a fake server that a test tells what
// to answer. For session tests; nothing here expects anything but that a session goes live.
import { CloseCode, defineGame, fixed, type Game, int, type Link, text } from '@tickwire/protocol';
import { expect } from 'vitest';
import { Session } from '../src/session.ts';
import type { SessionOptions } from '../src/session-options.ts';
import { FakePeer, FakeWorld, VirtualTime } from './fake-server.ts';

export const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: fixed(-1000, 1000, 1 / 16).smooth() } },
  input: { dx: int(-1, 1) },
  events: { hit: { hard: int(0, 9) } },
  commands: { say: { words: text(8) } },
  step: { ship() {} },
}) as unknown as Game;

/** One client and the connections it made. */
export class Stage {
  readonly time = new VirtualTime();
  readonly world = new FakeWorld(game);
  readonly peers: FakePeer[] = [];
  /** Where its lines led. */
  readonly urls: string[] = [];
  readonly statuses: string[] = [];
  readonly session: Session;
  /** What connect() came to. */
  outcome = '';
  /** Whatever is asked of the server waits for its answer. */
  mute = false;
  /** A new line opens; false: it is refused with 1006 after a moment. */
  online: boolean;
  /** How the server answers HELLO; undefined: not at all. */
  answer: ((peer: FakePeer) => void) | undefined = (peer) => this.seat(peer);

  constructor(more: Partial<SessionOptions> = {}, online = true) {
    this.online = online;
    const { time } = this;
    this.session = new Session({
      game,
      url: 'wss://entry',
      room: 'field',
      token: undefined,
      ticket: undefined,
      spectate: false,
      sample: () => ({ dx: 1 }),
      now: time.now,
      later: time.later,
      open: (url, opened) => this.open(url, opened),
      seed: 1,
      retryCapMs: 15_000,
      giveUpMs: 300_000,
      ...more,
    });
    this.session.onStatus((status) => this.statuses.push(status.state));
    this.session.start().then(
      () => {
        this.outcome = 'live';
      },
      (error) => {
        this.outcome = error.reason ?? String(error);
      },
    );
  }

  get peer(): FakePeer {
    return this.peers.at(-1)!;
  }

  seat(peer: FakePeer): void {
    peer.send(this.world.welcome(1));
    peer.send(this.world.everything(1));
  }

  /** Moves time on; the server says everything at each tick to whoever is connected. */
  async run(ms: number, talking = true): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      await this.time.advance(Math.min(left, 50), () => this.#pump());
      if (talking && this.session.status.state === 'live' && !this.peer.closed)
        this.peer.send(this.world.everything(1));
      this.#pump();
    }
  }

  async live(): Promise<this> {
    await this.run(400);
    expect(this.session.status.state).toBe('live');
    return this;
  }

  /** A new line. */
  open = (url: string, opened: () => void): Link => {
    const peer = new FakePeer();
    this.urls.push(url);
    this.peers.push(peer);
    if (this.online) this.time.later(1, opened);
    else this.time.later(1, () => peer.close(CloseCode.Lost));
    return peer.link;
  };

  #pump(): void {
    for (const peer of this.peers) {
      peer.pump();
      if (this.mute) continue;
      for (const id of peer.pings.splice(0)) peer.send(this.world.pong(id, this.world.tick));
      if (peer.hello && this.answer && !peer.answered) {
        peer.answered = true;
        this.answer(peer);
      }
      peer.pump();
    }
  }
}
