// Messages between rooms, of this process and of others: what a room publishes on a channel is
// heard by all other rooms whose kind has a handler of that name, or, on one with a topic, by those
// of them that subscribed to it. Called by switchboard.ts. At most once, in order from one room,
// and never while a room is in a tick; what a shard says while the directory is away is lost.
import { MsgpackReader, MsgpackWriter, ProtocolError, UsageError } from '@tickwire/protocol';
import { NAME_RULE, readChannel } from './channel.ts';
import { readKept, writeKept } from './cold.ts';
import type { Directory } from './directory.ts';
import type { Log } from './log.ts';
import type { GameRoom } from './room.ts';

/** A line of chat, a score, a door that opened: what is larger is a file. */
const MAX_MESSAGE_BYTES = 16 * 1024;
const MAX_ID_BYTES = 256;
/** Messages of this process that the directory has not taken yet; more are let go. */
const MOST_PENDING = 1_000;

/** Channels that are asked for again in one turn: Redis's client takes 0.1 ms for each. */
const AGAIN_AT_ONCE = 1_000;

/** A channel that rooms of this process hear. */
interface Station {
  readonly rooms: Set<GameRoom>;
  /** Undefined while the directory does not let us listen. */
  ends: Promise<() => Promise<void>> | undefined;
}

export class Radio {
  readonly #directory: Directory;
  readonly #log: Log;
  /** Rooms that hear. */
  readonly #rooms = new Set<GameRoom>();
  readonly #stations = new Map<string, Station>();
  /** Channels that are to be listened to again. */
  readonly #deaf = new Set<string>();
  readonly #out = new MsgpackWriter(256);
  #pending = 0;
  /** What was said last was lost, and that was told. */
  #isLosing = false;

  constructor(directory: Directory, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** The room hears from now on what its kind has handlers for, and its topics. */
  add(room: GameRoom): void {
    this.#rooms.add(room);
    for (const channel of channelsOf(room)) this.tune(room, channel, true);
  }

  remove(room: GameRoom): void {
    if (!this.#rooms.has(room)) return;
    for (const channel of channelsOf(room)) this.tune(room, channel, false);
    this.#rooms.delete(room);
  }

  /** Of a room that is not added yet, its topics are taken up when it is. */
  tune(room: GameRoom, channel: string, isHeard: boolean): void {
    if (!this.#rooms.has(room)) return;
    const station = this.#stations.get(channel);
    if (isHeard) (station ?? this.#open(channel)).rooms.add(room);
    else if (station?.rooms.delete(room) && station.rooms.size === 0) {
      this.#stations.delete(channel);
      this.#deaf.delete(channel);
      station.ends?.then((end) => end()).catch(() => {});
    }
  }

  /** Throws UsageError for a name or data that cannot travel. */
  publish(room: GameRoom, channel: string, data: unknown): void {
    if (!readChannel(channel))
      throw new UsageError(`publish('${channel}'): wants name or name.topic, each ${NAME_RULE}`);
    const out = this.#out;
    out.reset();
    out.str(room.id);
    writeKept(out, `publish('${channel}')`, data);
    const bytes = out.bytes().slice();
    if (bytes.length > MAX_MESSAGE_BYTES)
      throw new UsageError(
        `publish('${channel}'): ${bytes.length} bytes, of ${MAX_MESSAGE_BYTES} at most`,
      );
    if (this.#pending >= MOST_PENDING) return this.#lost(channel, 'too many are on their way');
    this.#pending++;
    this.#directory
      .publish(addressOf(channel), bytes)
      .then(
        () => {
          this.#isLosing = false;
        },
        (error) => this.#lost(channel, String(error)),
      )
      .finally(() => {
        this.#pending--;
      });
  }

  /** Listens where the directory did not answer: called a few times a second. */
  sweep(): void {
    for (const channel of [...this.#deaf].slice(0, AGAIN_AT_ONCE)) {
      this.#deaf.delete(channel);
      this.#listen(channel, this.#stations.get(channel)!, true);
    }
  }

  #open(channel: string): Station {
    const station: Station = { rooms: new Set(), ends: undefined };
    this.#stations.set(channel, station);
    this.#listen(channel, station, false);
    return station;
  }

  #listen(channel: string, station: Station, isAgain: boolean): void {
    // In memory a message is heard while its sender's tick still runs.
    const hear = (bytes: Uint8Array) =>
      queueMicrotask(() => this.#heard(channel, station.rooms, bytes));
    station.ends = this.#directory.subscribe(addressOf(channel), hear);
    station.ends.catch((error) => {
      station.ends = undefined;
      if (!isAgain) this.#log.error({ err: error, channel }, 'a channel is not heard');
      if (this.#stations.get(channel) === station) this.#deaf.add(channel);
    });
  }

  #heard(channel: string, rooms: ReadonlySet<GameRoom>, bytes: Uint8Array): void {
    const { name } = readChannel(channel)!;
    const from = new MsgpackReader();
    try {
      for (const room of [...rooms]) {
        const { definition, code } = room;
        const handle = definition.hears?.[name];
        // What it did where it may be another shard's would be done twice, or not at all.
        if (!handle || !code.mayRun()) continue;
        from.reset(bytes);
        const sender = from.str(MAX_ID_BYTES);
        if (room.id === sender) continue;
        // Each has a copy of its own, as those of other processes have.
        const data = readKept(from);
        from.end();
        const about = { room: sender, channel };
        code.run(`hears ${name}`, () => handle(room as never, data as never, about));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#log.warn({ channel, bytes: bytes.length }, 'not a message of a room');
    }
  }

  /** Once: a lobby says more in a second than a log should. */
  #lost(channel: string, why: string): void {
    if (!this.#isLosing) this.#log.warn({ channel, why }, 'messages between rooms are lost');
    this.#isLosing = true;
  }
}

function channelsOf({ definition, contacts }: GameRoom): string[] {
  return [...Object.keys(definition.hears ?? {}), ...contacts.topics];
}

function addressOf(channel: string): string {
  return `room:${channel}`;
}
