// What attackers of the soak do, each for a few seconds over sockets of their own address, and what
// must come of it. An attack that was seen through counts; one that is called off does not. Trap:
// honest players share the process, so nothing here may hold the event loop for long.
import { FrameType, MsgpackReader, type Random, readFrame, readWelcome } from '@tickwire/protocol';
import { mutated } from '../fuzz/mutation.ts';
import type { Recording } from '../fuzz/recording.ts';
import { helloFrame } from '../fuzz/written.ts';
import {
  BINARY,
  CLOSE,
  closeBody,
  frame,
  handshake,
  PING,
  RawSocket,
  TEXT,
} from '../raw-socket.ts';

/** Frames of a flood: past every bucket. */
const FLOOD = 3000;
/** Joins and leaves of one churner, one after the other. */
const CHURNS = 40;
/** Mutated frames that one fuzzer says at most: mostly the first ends it. */
const MUTATED = 200;
/** Addresses of attackers, each: 127.1.0.0 to 127.1.0.31. */
const ADDRESSES = 32;
/** A slow one says a byte of its handshake so often, ms. */
const SLOW_MS = 150;

export const ATTACKS = [
  'acks',
  'pings',
  'mutated',
  'garbage',
  'bomb',
  'text',
  'silent',
  'slowloris',
  'churn',
  'deaf',
  'race',
  'http',
] as const;
export type AttackName = (typeof ATTACKS)[number];

/** Refusals of the server that one attack, seen through, moves by one at least. */
export const COUNTERS: Readonly<Partial<Record<AttackName, string>>> = {
  acks: 'rate-limit-acks',
  pings: 'rate-limit-pings',
  text: 'text-frame',
  silent: 'handshake-timeout',
  race: 'join-4007',
};

export class Attacks {
  /** Seen through, by name. */
  readonly done = new Map<AttackName, number>();
  readonly #port: number;
  readonly #recordings: readonly Recording[];
  readonly #chance: Random;
  readonly #sockets = new Set<RawSocket>();
  #running = 0;
  #calledOff = false;

  constructor(port: number, recordings: readonly Recording[], chance: Random) {
    this.#port = port;
    this.#recordings = recordings;
    this.#chance = chance;
  }

  get running(): number {
    return this.#running;
  }

  /** Starts one by chance. Rejects never: an attacker that is turned away goes home. */
  async start(): Promise<void> {
    this.#calledOff = false;
    const name = ATTACKS[this.#chance.integer(ATTACKS.length)];
    this.#running++;
    try {
      if (await this.#run(name)) this.done.set(name, (this.done.get(name) ?? 0) + 1);
    } catch {
      // Turned away before it began: too many of its address, or cut.
    } finally {
      this.#running--;
    }
  }

  /** Ends all that run. */
  callOff(): void {
    this.#calledOff = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** True if it was seen through. */
  async #run(name: AttackName): Promise<boolean> {
    switch (name) {
      case 'acks':
        return this.#flood(frame(BINARY, NOTHING_NEW));
      case 'pings':
        return this.#flood(frame(PING, 'again'));
      case 'mutated':
        return this.#mutated();
      case 'garbage':
        return this.#garbage();
      case 'bomb':
        return this.#bomb();
      case 'text':
        return this.#ended(await this.#seated(), frame(TEXT, 'hello'));
      case 'silent':
        return this.#ended(await this.#open(), '');
      case 'slowloris':
        return this.#slowloris();
      case 'churn':
        return this.#churn();
      case 'deaf':
        return this.#deaf();
      case 'race':
        return this.#race();
      case 'http':
        return this.#http();
    }
  }

  /** Says it, and waits for the server to end the connection. */
  async #ended({ raw }: { raw: RawSocket }, bytes: Uint8Array | string): Promise<boolean> {
    raw.write(bytes);
    await raw.closed;
    this.#sockets.delete(raw);
    raw.destroy();
    return !this.#calledOff;
  }

  async #flood(one: Uint8Array): Promise<boolean> {
    return this.#ended(await this.#seated(), Buffer.concat(Array(FLOOD).fill(one)));
  }

  async #mutated(): Promise<boolean> {
    const { up } = this.#recordings[this.#chance.integer(this.#recordings.length)];
    const { raw } = await this.#seated();
    for (let i = 0; i < MUTATED; i++)
      raw.write(frame(BINARY, mutated([up[this.#chance.integer(up.length)]], this.#chance)));
    return this.#ended({ raw }, frame(CLOSE, closeBody(1000)));
  }

  /** Bytes that are no WebSocket at all. */
  async #garbage(): Promise<boolean> {
    const bytes = Buffer.alloc(4000).map(() => this.#chance.integer(256));
    const raw = await this.#connect();
    return this.#ended(
      { raw },
      this.#chance.next() < 0.5 ? bytes : `GET ${bytes} HTTP/1.1\r\n\r\n`,
    );
  }

  /** Longer than any message may be, in one frame or in many pieces. */
  async #bomb(): Promise<boolean> {
    const piece = Buffer.alloc(4000, 0x91);
    const bombs = [
      frame(BINARY, Buffer.alloc(60_000, 0xc1)),
      frame(BINARY, 'x', { announcedBytes: 2 ** 40 }),
      Buffer.concat(
        Array.from({ length: 20 }, (_, i) => frame(i ? 0 : BINARY, piece, { fin: false })),
      ),
      frame(BINARY, piece),
    ];
    return this.#ended(await this.#seated(), bombs[this.#chance.integer(bombs.length)]);
  }

  async #slowloris(): Promise<boolean> {
    const raw = await this.#connect();
    for (const byte of handshake().slice(0, 30)) {
      if (this.#calledOff) return false;
      raw.write(byte);
      await sleep(SLOW_MS);
    }
    raw.destroy();
    this.#sockets.delete(raw);
    return true;
  }

  /** Joins, and leaves in one of the ways there are. */
  async #churn(): Promise<boolean> {
    for (let i = 0; i < CHURNS && !this.#calledOff; i++) {
      const { raw } = await this.#seated();
      if (this.#chance.next() < 0.5) await this.#ended({ raw }, frame(CLOSE, closeBody(1000)));
      else raw.tcp.resetAndDestroy();
      this.#sockets.delete(raw);
    }
    return !this.#calledOff;
  }

  /** Takes a seat and reads nothing more. */
  async #deaf(): Promise<boolean> {
    const { raw } = await this.#seated();
    raw.tcp.pause();
    await sleep(4000);
    raw.destroy();
    this.#sockets.delete(raw);
    return !this.#calledOff;
  }

  /** Two take up one seat with one key, and then somebody with a key that was spent. */
  async #race(): Promise<boolean> {
    const { raw, key, room } = await this.#seated();
    const first = await this.#resume(room, key);
    await first.frame();
    // Whatever is said after WELCOME confirms the new key, and spends the one before it.
    first.write(frame(BINARY, NOTHING_NEW));
    await raw.closed;
    const second = await this.#resume(room, key);
    await second.closed;
    for (const socket of [raw, first, second]) {
      socket.destroy();
      this.#sockets.delete(socket);
    }
    return !this.#calledOff;
  }

  async #http(): Promise<boolean> {
    const paths = ['/rooms', '/rooms/packed', '/rooms/no', '/..%2f', '/?token=x', '/metrics'];
    for (let i = 0; i < 20 && !this.#calledOff; i++) {
      const raw = await this.#connect();
      const path = paths[this.#chance.integer(paths.length)];
      const [method, body] = this.#chance.next() < 0.5 ? ['GET', ''] : ['POST', '{"token":1}'];
      raw.write(
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await raw.head();
      raw.destroy();
      this.#sockets.delete(raw);
    }
    return !this.#calledOff;
  }

  async #resume(room: string, key: string): Promise<RawSocket> {
    const { raw } = await this.#open();
    raw.write(frame(BINARY, helloFrame(room, 2, key)));
    return raw;
  }

  async #seated(): Promise<{ raw: RawSocket; key: string; room: string }> {
    const { room } = this.#recordings[this.#chance.integer(this.#recordings.length)];
    const { raw } = await this.#open();
    raw.write(frame(BINARY, helloFrame(room)));
    const welcome = await raw.frame();
    const reader = new MsgpackReader();
    if (welcome?.payload[1] !== FrameType.Welcome) throw new Error('was not let in');
    reader.reset(welcome.payload);
    readFrame(reader, { elements: 0 });
    return { raw, room, key: readWelcome(reader).resumeKey };
  }

  async #open(): Promise<{ raw: RawSocket }> {
    const raw = await this.#connect();
    raw.write(handshake());
    const { status } = await raw.head();
    if (status === 101) return { raw };
    raw.destroy();
    this.#sockets.delete(raw);
    throw new Error(`handshake answered ${status}`);
  }

  async #connect(): Promise<RawSocket> {
    const raw = await RawSocket.connect(this.#port, `127.1.0.${this.#chance.integer(ADDRESSES)}`);
    if (this.#calledOff) raw.destroy();
    this.#sockets.add(raw);
    return raw;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** An ACK: it costs what an input costs, and says nothing. */
const NOTHING_NEW = Uint8Array.of(0x92, FrameType.Ack, 0);
