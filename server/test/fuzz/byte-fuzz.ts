// Bytes by chance and valid frames changed, read by a server or by a client. Each must end in a
// value or a ProtocolError, and take no more memory than the declared limits allow; what it takes
// in time is reported. A failure names seed and number of its frame, which make it again.
import { Random } from '@tickwire/protocol';
import { ClientReader } from './client-reader.ts';
import { Cost, memoryPerKb, type Reader, type Reading, usPerKb } from './cost.ts';
import { mutated } from './mutation.ts';
import { type Recording, type RoomName, typeOf } from './recording.ts';
import { ServerReader } from './server-reader.ts';

/** Parts the chance of one frame from that of the next; odd, and otherwise free. */
const STRIDE = 0x9e3779b1;
/** Frames between two looks at what a reader keeps. */
const LOOK_EVERY = 1024;
/** Bytes of a frame that failed which are told: what is longer is made again by its number. */
const TOLD_BYTES = 256;

/** From a client to the server, or from the server to a client. */
export type Direction = 'up' | 'down';

/** Bytes of a frame. Up: what a transport lets through. Down: past any that this game says. */
const MOST_BYTES: Readonly<Record<Direction, number>> = { up: 4096, down: 16_384 };

/**
 * Bytes of memory that reading may take for each KB of a frame, and for one that is shorter. Up:
 * 4,096 values of a free value (FREE_LIMITS) are 4 KB, at some 100 bytes each, and as much again
 * for what is put together on the way. Down: 17,400 answers (BODY_ANSWERS) are some 800 rows of
 * these kinds, at 300 bytes each, in columns that double.
 */
const MOST_MEMORY_PER_KB = 2 ** 19;

interface Target extends Reader {
  readonly refused: number;
  readonly taken: number;
  /** What grew beyond its bound. */
  overgrown(): string[];
  close(): Promise<void>;
}

export interface ByteFigures {
  readonly room: RoomName;
  readonly direction: Direction;
  readonly frames: number;
  readonly taken: number;
  readonly refused: number;
  /** Of all readings; the dearest were read again, so that no pause is in them. */
  readonly usPerKbP50: number;
  readonly usPerKbP999: number;
  readonly usPerKbWorst: number;
  readonly worst: string;
  readonly memoryPerKbWorst: number;
  readonly largest: string;
}

export class ByteFuzz {
  readonly #seed: number;
  readonly #room: RoomName;
  readonly #direction: Direction;
  readonly #reader: Target;
  /** Valid frames by type, and dear ones: what is rare is as likely as what comes every tick. */
  readonly #valid: readonly (readonly Uint8Array[])[];
  readonly #cost: Cost;
  #number = 0;

  private constructor(seed: number, recording: Recording, direction: Direction, reader: Target) {
    this.#seed = seed;
    this.#room = recording.room;
    this.#direction = direction;
    this.#reader = reader;
    this.#cost = new Cost(reader);
    const valid = recording[direction];
    const types = [...new Set(valid.map(typeOf))];
    const byType = types.map((type) => valid.filter((frame) => typeOf(frame) === type));
    this.#valid = [...byType, recording.dear[direction]];
  }

  static async start(seed: number, recording: Recording, direction: Direction): Promise<ByteFuzz> {
    const { room } = recording;
    const reader =
      direction === 'up' ? await ServerReader.start(room, seed) : new ClientReader(recording);
    return new ByteFuzz(seed, recording, direction, reader);
  }

  /** Tries so many frames more. Throws what a reader threw, with what makes the frame again. */
  async run(frames: number): Promise<void> {
    for (const end = this.#number + frames; this.#number < end; this.#number++) {
      const frame = this.frame(this.#number);
      try {
        await this.#cost.measure(this.#number, frame);
      } catch (error) {
        throw this.#failure(frame, error);
      }
      if (this.#number % LOOK_EVERY === 0) this.#look();
    }
    this.#look();
  }

  /** The frame of that number. */
  frame(number: number): Uint8Array {
    const random = new Random(this.#seed + number * STRIDE);
    const valid = this.#valid[random.integer(this.#valid.length)];
    return mutated(valid, random).subarray(0, MOST_BYTES[this.#direction]);
  }

  /** Reads the dearest again and answers; throws if one of them takes too much memory. */
  async figures(): Promise<ByteFigures> {
    await this.#cost.settle();
    const { slowest, largest } = this.#cost;
    if (memoryPerKb(largest) > MOST_MEMORY_PER_KB)
      throw this.#failure(largest.frame, new Error(`${largest.memory} bytes of memory`));
    return {
      room: this.#room,
      direction: this.#direction,
      frames: this.#number,
      taken: this.#reader.taken,
      refused: this.#reader.refused,
      usPerKbP50: tenth(this.#cost.usPerKb(0.5)),
      usPerKbP999: tenth(this.#cost.usPerKb(0.999)),
      usPerKbWorst: tenth(usPerKb(slowest)),
      worst: told(slowest),
      memoryPerKbWorst: Math.round(memoryPerKb(largest)),
      largest: told(largest),
    };
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #look(): void {
    const grown = this.#reader.overgrown();
    if (grown.length > 0) throw this.#failure(this.frame(this.#number), new Error(grown.join()));
  }

  #failure(frame: Uint8Array, cause: unknown): Error {
    const { message, stack } = cause as Error;
    const where = `seed ${this.#seed}, ${this.#room}, ${this.#direction}, frame ${this.#number}`;
    const hex = Buffer.from(frame.subarray(0, TOLD_BYTES)).toString('hex');
    return new Error(`${where}: ${message}\n${frame.length} bytes: ${hex}\n${stack}`, { cause });
  }
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

function told({ number, frame, us }: Reading): string {
  const hex = Buffer.from(frame.subarray(0, 24)).toString('hex');
  return `frame ${number} of ${frame.length} B: ${tenth(us)} us, ${hex}`;
}
