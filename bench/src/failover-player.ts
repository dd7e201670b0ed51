// A player of failover.ts: a real client over a real socket who flies, presses and calls, and notes
// when each STATE came from whom, what the world's count was, and what became of it all.
import { CommandError, connect, type GameClient } from '@tickwire/client';
import { FrameType } from '@tickwire/protocol';
import WebSocket from 'ws';
import { game } from './failover-game.ts';

/**
 * Inputs from one press to the next, which is made once the game has counted the one before: of two
 * that come late, as they do on a busy machine, a tick counts one, whatever becomes of servers.
 */
const PRESS_EVERY = 10;
const CALL_EVERY_MS = 250;
const LOOK_MS = 20;

/** A STATE that came. */
interface Arrival {
  readonly atMs: number;
  readonly port: number;
}

export class Player {
  readonly arrivals: Arrival[] = [];
  /** When it was live again after a break. */
  readonly backMs: number[] = [];
  /** The greatest count that was seen before the first break. */
  seen = 0;
  /** Seats that were not the one before. */
  fresh = 0;
  presses = 0;
  /** Calls that went out, those that were answered, and those that failed. */
  readonly calls = { sent: 0, answered: 0, failed: 0 };
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #before: string;
  #playing = true;
  #inputs = 0;
  #broken = false;
  readonly client: GameClient<typeof game>;

  static async join(port: number, room: string, seed: number, serial: number): Promise<Player> {
    let player: Player | undefined;
    const heard: Arrival[] = [];
    // Of its own, as players have one: a server counts what an address does.
    const localAddress = `127.0.1.${1 + (serial % 250)}`;
    class Watched extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols, { localAddress });
        const from = Number(new URL(url).port);
        this.on('message', (data) => {
          // A frame is an array whose first element is its type.
          if (new Uint8Array(data as ArrayBuffer)[1] === FrameType.State)
            heard.push({ atMs: Date.now(), port: from });
        });
      }
    }
    const sample = () => player?.sample() ?? { dx: 0, dy: 0, fire: false };
    const url = `ws://127.0.0.1:${port}`;
    const client = await connect(game, { url, room, WebSocket: Watched, sample, seed });
    player = new Player(client, heard);
    return player;
  }

  private constructor(client: GameClient<typeof game>, heard: Arrival[]) {
    this.client = client;
    this.arrivals = heard;
    this.#before = this.identity;
    client.onStatus((status) => {
      if (status.state === 'resuming') this.#broken = true;
      if (status.state !== 'live' || !this.#broken) return;
      this.#broken = false;
      if (status.fresh) this.fresh++;
      this.backMs.push(Date.now());
    });
    const look = () => {
      if (this.isFirst) this.seen = Math.max(this.seen, client.newest().state.count);
    };
    this.#timers.push(
      setInterval(look, LOOK_MS),
      setInterval(() => this.#call(), CALL_EVERY_MS),
    );
  }

  /** Its line has not broken yet. */
  get isFirst(): boolean {
    return !this.#broken && this.backMs.length === 0;
  }

  /** Room, seat and ship. */
  get identity(): string {
    const { client } = this;
    return `${client.room} ${client.seat} ${client.newest().mine('ship')?.id}`;
  }

  get isKept(): boolean {
    return (
      this.fresh === 0 && this.client.status.state === 'live' && this.identity === this.#before
    );
  }

  /** Presses that the game did not count, or counted twice. */
  get pressesLost(): number {
    return Math.abs(this.presses - (this.client.newest().mine('ship')?.shots ?? 0));
  }

  get callsLost(): number {
    return this.calls.sent - this.calls.answered;
  }

  /** Longest time between two STATEs, of those between these instants. */
  silenceMs(fromMs: number, toMs: number): number {
    const times = this.arrivals.map(({ atMs }) => atMs);
    const within = times.filter((atMs) => atMs >= fromMs && atMs <= toMs);
    return Math.max(...[...within, toMs].map((atMs, i) => atMs - (within[i - 1] ?? fromMs)));
  }

  /** STATEs of one server that came after another one had sent some. */
  twice(oldPort: number, sinceMs: number): number {
    const since = this.arrivals.filter(({ atMs }) => atMs >= sinceMs);
    const other = since.findIndex(({ port }) => port !== oldPort);
    return other < 0 ? 0 : since.slice(other).filter(({ port }) => port === oldPort).length;
  }

  /** No more presses and calls: what is on its way arrives. */
  rest(): void {
    this.#playing = false;
  }

  leave(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.client.leave();
  }

  sample(): { dx: -1 | 1; dy: 0; fire: boolean } {
    const isDue = this.#playing && ++this.#inputs % PRESS_EVERY === 0;
    const fire = isDue && this.pressesLost === 0;
    if (fire) this.presses++;
    return { dx: this.#inputs % 40 < 20 ? 1 : -1, dy: 0, fire };
  }

  #call(): void {
    if (!this.#playing || this.client.status.state !== 'live') return;
    this.calls.sent++;
    this.client.call('note', { n: this.calls.sent }).then(
      () => void this.calls.answered++,
      (error) => {
        // One that was told at once that it did not go out is not lost.
        if (error instanceof CommandError && error.reason === 'not-sent') this.calls.sent--;
        else this.calls.failed++;
      },
    );
  }
}
