// The server as the reader of one frame: a real Connection with a seat in a real room, made anew
// whenever a frame has ended it. What it throws is a crash; a refusal is a counter of its tally.
// Trap: a refused frame costs its connection, so the next read waits for a new one.
import { FrameType, Random } from '@tickwire/protocol';
import { Connection, type Host } from '../../src/connection.ts';
import { JoinRefused } from '../../src/joining.ts';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { createLog } from '../../src/log.ts';
import type { GameRoom } from '../../src/room.ts';
import type { RoomSeat } from '../../src/seat.ts';
import { Tally } from '../../src/tally.ts';
import type { Socket } from '../../src/transport.ts';
import { fuzzRoom } from '../fuzz-game.ts';
import { Stepper } from '../stepper.ts';
import { ROOMS, type RoomName, typeOf } from './recording.ts';
import { helloFrame } from './written.ts';

/** Between two reads, ms: the buckets of a connection fill as fast as its frames come. */
const READ_MS = 250;
/** Reads between two goes of the room: ticks are no part of reading, and dear. */
const READS_PER_RUN = 64;
/** Of connections that are still to be seated: HELLO alone is read there. */
const WAITING_SHARE = 0.1;
/** Of new connections that are sent a STATE before they are read from. */
const TOLD_SHARE = 0.1;

export class ServerReader {
  readonly tally = new Tally();
  /** Of frames that came before a seat, or to one. */
  refused = 0;
  taken = 0;
  readonly #stepper: Stepper;
  readonly #room: GameRoom;
  readonly #host: Host;
  readonly #chance: Random;
  readonly #log = createLog('silent');
  readonly #hello: Uint8Array;
  #nowMs: number;
  #seat: RoomSeat | undefined;
  #connection: Connection | undefined;
  #welcomed = false;
  #waits = false;
  #reads = 0;

  private constructor(stepper: Stepper, room: GameRoom, name: RoomName, seed: number) {
    this.#stepper = stepper;
    this.#room = room;
    this.#chance = new Random(seed);
    this.#hello = helloFrame(name);
    this.#nowMs = stepper.nowMs;
    this.#host = {
      limits: DEFAULT_LIMITS,
      tally: this.tally,
      now: () => this.#nowMs,
      says: () => false,
      wallClockMs: () => this.#nowMs,
      keepTime: () => this.#nowMs,
      join: async (_hello, line) => {
        if (this.#waits) throw new JoinRefused(4005, 'this reader seats nobody');
        const room = this.#room;
        if (this.#seat) room.resume(this.#seat, line);
        else this.#seat = room.admit(undefined, false, line)!;
        return {
          room,
          seat: this.#seat,
          resumeKey: 'key',
          continuity: undefined,
          // So that RENEW is read as well.
          untilMs: Number.MAX_VALUE,
          renew: async () => Number.MAX_VALUE,
          confirm: undefined,
        };
      },
      closed: (connection) => {
        if (connection === this.#connection) this.#connection = undefined;
      },
    };
  }

  static async start(name: RoomName, seed: number): Promise<ServerReader> {
    const rooms = { [name]: fuzzRoom(seed, { ...ROOMS[name], tick: () => {} }) };
    const serve = { log: createLog('silent') };
    const stepper = await Stepper.start({ rooms, seed, serve });
    return new ServerReader(stepper, await stepper.server.shard.open(name), name, seed);
  }

  /** Until a frame can be read; a room that failed, or a seat that is gone, is told by a throw. */
  async ready(): Promise<void> {
    this.#nowMs += READ_MS;
    if (this.#room.over) throw new Error('the room ended: game code threw');
    if (++this.#reads % READS_PER_RUN === 0) this.#room.run(this.#nowMs);
    // Who says nothing of what was applied is closed by the room in the end.
    while (!this.#connection) await this.#join();
  }

  /** Reads one frame as it came from a client. */
  read(frame: Uint8Array): void {
    const connection = this.#connection!;
    connection.message(frame);
    if (connection.open) this.taken++;
    else this.refused++;
    // A HELLO that was taken is turned down in a moment.
    if (this.#waits) this.#connection = undefined;
  }

  /** What a server keeps that frames could make grow, beyond their bounds: names with counts. */
  overgrown(): string[] {
    const seat = this.#seat;
    const found: [name: string, count: number, most: number][] = [
      ['seats', [...this.#room.seats].length, 1],
      ['events of the seat', seat?.outbox.waiting.length ?? 0, DEFAULT_LIMITS.pendingEvents],
      ['open commands', seat?.openCommands ?? 0, DEFAULT_LIMITS.pendingCommands],
      ['reasons of refusal', this.tally.refusals.size, 32],
      ['faults', this.tally.faults, 0],
    ];
    return found.filter(([, count, most]) => count > most).map(([name, n]) => `${name}: ${n}`);
  }

  close(): Promise<void> {
    return this.#stepper.close();
  }

  async #join(): Promise<void> {
    if (this.#seat?.gone) this.#seat = undefined;
    this.#welcomed = false;
    this.#waits = this.#chance.next() < WAITING_SHARE;
    this.#connection = new Connection(1, this.#socket(), this.#host, this.#log);
    if (this.#waits) return;
    this.#connection.message(this.#hello);
    while (!this.#welcomed) await null;
    // Now and then a STATE, so that there is something to acknowledge: a tick costs ten reads.
    if (this.#chance.next() < TOLD_SHARE)
      this.#room.run((this.#nowMs += this.#room.schedule.tickMs));
  }

  #socket(): Socket {
    const gone = (): void => {
      this.#connection = undefined;
    };
    return {
      remoteAddress: '127.0.0.1',
      context: undefined,
      send: (frame) => {
        if (typeOf(frame) === FrameType.Welcome) this.#welcomed = true;
      },
      bufferedBytes: () => 0,
      cork: (run) => run(),
      close: gone,
      terminate: gone,
    };
  }
}
