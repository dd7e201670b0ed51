// The first frame of a client: which protocol and game it speaks, and what gives it a seat. Write
// above read; the server judges version, hash and credential in that order.
import { ProtocolError } from './errors.ts';
import { FrameType, MAX_NAME_CHARS } from './frames.ts';
import { MAX_HELLO_BYTES, MAX_TICK, PROTOCOL_VERSION } from './limits.ts';
import type { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

/** What a HELLO proves its right to a seat with. */
export const Credential = { Token: 0, Ticket: 1, Resume: 2 } as const;
export type Credential = (typeof Credential)[keyof typeof Credential];

export interface Hello {
  version: number;
  hash: string;
  /** A room's id or a kind of room. */
  room: string;
  credential: Credential;
  /** Game token, ticket or resume key. */
  secret: string;
  spectate: boolean;
  /** With a resume key: EVENTs of this seat so far, lost ones counted. Default 0. */
  events?: number;
}

export function writeHello(out: MsgpackWriter, hello: Hello): void {
  out.arrayHeader(8);
  out.int(FrameType.Hello);
  out.int(hello.version);
  out.str(hello.hash);
  out.str(hello.room);
  out.int(hello.credential);
  out.str(hello.secret);
  out.bool(hello.spectate);
  out.int(hello.events ?? 0);
}

export function readHello(from: MsgpackReader): Hello {
  const version = from.int(0, 255);
  // Another version may look different from here on: it is judged before anything else is read.
  if (version !== PROTOCOL_VERSION)
    throw new ProtocolError(
      'game-mismatch',
      `protocol version ${version}, this server speaks ${PROTOCOL_VERSION}: update the older side`,
    );
  return {
    version,
    hash: from.str(64),
    room: from.str(MAX_NAME_CHARS),
    credential: from.int(0, 2) as Credential,
    secret: from.str(MAX_HELLO_BYTES),
    spectate: from.bool(),
    events: from.int(0, MAX_TICK),
  };
}
