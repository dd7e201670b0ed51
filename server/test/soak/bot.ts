// An honest player of the soak: the real client over a real socket and a line of its own, which
// breaks in every way. It counts what it did and was told, and keeps what went wrong. Trap: what is
// counted belongs to one seat; a new one starts at nought.
import { CommandError, connect, type GameClient, type Status } from '@tickwire/client';
import { findDesyncs } from '@tickwire/client/desync';
import type { Random } from '@tickwire/protocol';
import { CLEAR_LINE, type LineSettings } from '@tickwire/protocol/simulator';
import { WebSocket } from 'ws';
import type { RoomName } from '../fuzz/recording.ts';
import { game } from '../fuzz-game.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import type { Field } from './field.ts';

/** Longest stall, ms: what then comes at once is within the server's burst of two seconds. */
const STALL_MS = 4000;
/** Longer than a client waits for a word of the server, so that it takes another line, ms. */
const HALF_OPEN_MS = 7000;
const SLOW_MS = 5000;
/** Payload bits per ms of a slow line: less than these rooms send. */
const SLOW_KBPS = 24;
/** Looks between two presses and two commands: further apart than presses that count as one. */
const PRESS_LOOKS = 30;
const CALL_LOOKS = 20;

export class Bot {
  readonly room: RoomName;
  /** What should not have been, in words. */
  readonly problems: string[] = [];
  /** Of this seat. */
  pressed = 0;
  called = 0;
  heard = 0;
  /** Over all seats. */
  faults = 0;
  resumes = 0;
  joins = 0;
  /** Since its last quiet moment it may have lost its seat: its room was ended, or it left. */
  mayLose = false;
  client: GameClient<typeof game> | undefined;
  readonly #field: Field;
  readonly #chance: Random;
  readonly #up: LineSettings = { ...CLEAR_LINE };
  readonly #down: LineSettings = { ...CLEAR_LINE };
  #proxy!: TcpProxy;
  #looks = 0;
  #pressAt = 0;
  #healAtMs = Infinity;
  #joining = false;

  constructor(room: RoomName, field: Field, chance: Random) {
    this.room = room;
    this.#field = field;
    this.#chance = chance;
  }

  async start(port: number): Promise<void> {
    const seed = this.#chance.integer(2 ** 32);
    this.#proxy = await TcpProxy.start({ port, up: this.#up, down: this.#down, seed });
    await this.#join();
  }

  get status(): string {
    return this.client?.status.state ?? 'connecting';
  }

  /** One look at the game, some 20 times a second. */
  look(nowMs: number): void {
    if (nowMs > this.#healAtMs) this.heal();
    const { client } = this;
    if (!client) return;
    this.#looks++;
    if (this.#looks % CALL_LOOKS === 0 && this.status === 'live' && !this.#field.quiet)
      this.#call(client);
    try {
      client.view();
      this.#field.expectations.check(client);
    } catch (error) {
      this.#problem(error);
    }
  }

  /** Shown and newest, while nothing moves. */
  lookStill(): void {
    try {
      this.#field.expectations.check(this.client!);
      this.#field.expectations.checkShown(this.client!);
    } catch (error) {
      this.#problem(error);
    }
  }

  /** Something happens to its line, unless something does already. */
  fault(nowMs: number): void {
    // One outage after the other would be longer than any grace.
    if (Number.isFinite(this.#healAtMs)) return;
    const chance = this.#chance;
    this.faults++;
    const outage = (ms: number, ...lines: LineSettings[]) => {
      for (const line of lines) line.heldUntilMs = nowMs + ms;
      this.#healAtMs = nowMs + ms;
    };
    switch (chance.integer(6)) {
      case 0:
        return this.#proxy.cut();
      case 1:
        return outage(chance.next() * STALL_MS, this.#up, this.#down);
      case 2:
        return outage(chance.next() * STALL_MS, chance.next() < 0.5 ? this.#up : this.#down);
      case 3:
        return outage(HALF_OPEN_MS, this.#up, this.#down);
      case 4:
        this.#down.bandwidthKbps = SLOW_KBPS;
        this.#healAtMs = nowMs + SLOW_MS;
        return;
      default: {
        const jitter = { latencyMs: 80, jitterMs: 60, stallMs: 200, stallEveryMs: 1000 };
        Object.assign(this.#up, jitter);
        Object.assign(this.#down, jitter);
        this.#healAtMs = nowMs + SLOW_MS;
      }
    }
  }

  heal(): void {
    for (const line of [this.#up, this.#down]) Object.assign(line, CLEAR_LINE, { heldUntilMs: 0 });
    this.#healAtMs = Infinity;
  }

  /** Gives its seat up and takes another. */
  change(): void {
    this.mayLose = true;
    this.client?.leave();
  }

  async stop(): Promise<void> {
    this.#joining = true;
    this.client?.leave();
    await this.#proxy.close();
  }

  async #join(): Promise<void> {
    if (this.#joining) return;
    this.#joining = true;
    this.joins++;
    try {
      const client = await connect(game, {
        url: this.#proxy.url,
        room: this.room,
        WebSocket,
        retryCapMs: 500,
        seed: this.#chance.integer(2 ** 32),
        sample: () => this.#sample(),
        inspect: findDesyncs((finding) => this.problems.push(`desync: ${finding}`)),
      });
      this.#joining = false;
      this.client = client;
      client.on('flash', ({ n }) => this.#flash(n));
      client.onStatus((status) => this.#changed(client, status));
    } catch {
      // Its line was down: it tries again for as long as the soak goes on.
      this.#joining = false;
      setTimeout(() => void this.#join(), 500).unref();
    }
  }

  #changed(client: GameClient<typeof game>, status: Status): void {
    if (client !== this.client) return;
    if (status.state === 'resuming' && status.attempt === 1) this.resumes++;
    if (status.state === 'live' && status.lostEvents) this.problems.push('events were let go');
    const isOver = status.state === 'closed' || status.state === 'lost';
    if (!isOver && !(status.state === 'live' && status.fresh)) return;
    if (!this.mayLose) this.problems.push(`lost its seat: ${JSON.stringify(status)}`);
    this.pressed = this.called = this.heard = 0;
    if (!isOver) return;
    this.client = undefined;
    void this.#join();
  }

  #sample(): { dx: number; dy: number; fire: boolean } {
    if (this.#field.quiet) return { dx: 0, dy: 0, fire: false };
    const fire = this.#looks >= this.#pressAt;
    if (fire) {
      this.#pressAt = this.#looks + PRESS_LOOKS;
      this.pressed++;
    }
    return { dx: this.#chance.next() * 2 - 1, dy: this.#chance.next(), fire };
  }

  #call(client: GameClient<typeof game>): void {
    client.call('say', { words: String(++this.called), to: [] }).catch((error) => {
      if (!(error instanceof CommandError)) this.#problem(error);
    });
  }

  /** Each seat is told of 1, 2, 3 and so on. */
  #flash(n: number): void {
    if (this.heard !== 0 && n !== this.heard + 1)
      this.problems.push(`event ${n} came after event ${this.heard}`);
    this.heard = n;
  }

  #problem(error: unknown): void {
    this.problems.push(String((error as Error).message));
  }
}
