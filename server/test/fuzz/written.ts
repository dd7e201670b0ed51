// Frames by the writers of their kinds, for hands that speak without a client.
import { Credential, MsgpackWriter, PROTOCOL_VERSION, writeHello } from '@tickwire/protocol';
import { game } from '../fuzz-game.ts';

/** One frame, by the writer of its kind. */
export function written(write: (out: MsgpackWriter) => void): Uint8Array {
  const out = new MsgpackWriter(64);
  write(out);
  return out.bytes().slice();
}

/** A HELLO of this game; `events` that came so far, where a seat is resumed. */
export function helloFrame(
  room: string,
  credential: Credential = Credential.Token,
  secret = '',
  events = 0,
): Uint8Array {
  const { hash } = game;
  const version = PROTOCOL_VERSION;
  return written((out) =>
    writeHello(out, { version, hash, room, credential, secret, spectate: false, events }),
  );
}
