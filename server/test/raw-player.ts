// A player made of frames alone, over the stepper's transport: it says what no client of ours
// would, and keeps what was answered. For suites about who gets a seat.
import {
  FrameType,
  type Hello,
  MsgpackReader,
  MsgpackWriter,
  PROTOCOL_VERSION,
  readFrame,
  writeHello,
} from '@tickwire/protocol';
import type { MemoryPeer } from '../src/index.ts';
import { game } from './arcade.ts';
import type { Stepper } from './stepper.ts';

export const TOKEN = 0;
export const TICKET = 1;
export const RESUME = 2;

interface From {
  headers?: Record<string, string>;
  remoteAddress?: string;
}

/** A peer that says HELLO, and what was answered. */
export class RawPlayer {
  readonly frames: Uint8Array[] = [];
  closed: number | undefined;
  reason: string | undefined;
  readonly peer: MemoryPeer;

  /** `peer`: whose handshake was answered already. */
  constructor(stepper: Stepper, from: From = {}, peer = stepper.transport.connect(from)) {
    this.peer = peer;
    this.peer.onMessage = (bytes) => void this.frames.push(bytes.slice());
    this.peer.onClose = (code, reason) => {
      this.closed = code;
      this.reason = reason;
    };
  }

  /** One whose handshake takes time, as those with a credential do. Rejects as it is refused. */
  static async knocking(stepper: Stepper, from: From): Promise<RawPlayer> {
    return new RawPlayer(stepper, from, await stepper.transport.connectLater(from));
  }

  say(write: (out: MsgpackWriter) => void): void {
    const out = new MsgpackWriter(64);
    write(out);
    this.peer.send(out.bytes());
  }

  hello(credential: 0 | 1 | 2 = TOKEN, secret = '', more: Partial<Hello> = {}): void {
    const { hash } = game;
    const rest = { version: PROTOCOL_VERSION, hash, room: 'field', spectate: false, ...more };
    this.say((out) => writeHello(out, { credential, secret, ...rest }));
  }

  get seated(): boolean {
    return this.frames[0]?.[1] === FrameType.Welcome && this.closed === undefined;
  }

  /** Resume key of the WELCOME. */
  get key(): string {
    const from = new MsgpackReader();
    from.reset(this.frames[0]);
    readFrame(from, { elements: 0 });
    for (let i = 0; i < 2; i++) from.int(0, 2 ** 32);
    return from.str(128);
  }
}

/** What POST /rooms/field answers. */
export async function post(stepper: Stepper, body: object, remoteAddress = '127.0.0.1') {
  const answer = await stepper.transport.request({
    method: 'POST',
    path: '/rooms/field',
    body: JSON.stringify(body),
    remoteAddress,
  });
  return { status: answer.status, ...JSON.parse(String(answer.body)) } as {
    status: number;
    room: string;
    ticket: string;
  };
}
