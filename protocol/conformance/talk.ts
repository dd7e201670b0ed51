// Frames that say nothing of the world, checked for their form alone (PROTOCOL.md 3, 10, 11, 17).
// Part of the second implementation, as decoder.ts is, which calls these.
import { type MessageReader, Refused } from './bytes.ts';

const TICK_MOST = 2 ** 32 - 1;
const SEATS_MOST = 65_535;
const URL_BYTES = 256;
const TICKET_BYTES = 2_560;
const LISTING_BYTES = 262_144;

export function readReply(reader: MessageReader): void {
  reader.int(0, TICK_MOST);
  const ok = reader.bool();
  if (ok) reader.free();
  else reader.str();
}

export function readPing(reader: MessageReader): void {
  reader.int(0, TICK_MOST);
  reader.number();
}

export function readPong(reader: MessageReader): void {
  readPing(reader);
  reader.int(0, TICK_MOST);
  reader.int(0, 1023);
}

/** Section 17: told to who looks for desyncs, and checked for its form alone. */
export function readDigest(reader: MessageReader, parts: number): void {
  reader.int(0, TICK_MOST);
  if (reader.array() !== parts) throw new Refused('bad-frame', 'another number of sums');
  for (let i = 0; i < parts; i++) reader.int(-(2 ** 31), 2 ** 31 - 1);
}

export function readContinuity(reader: MessageReader): void {
  for (let i = 0; i < 3; i++) reader.int(0, TICK_MOST);
}

/** J13: an empty address, or one of the form that may be gone to. */
export function readMoved(reader: MessageReader): void {
  const url = reader.strOfBytes(URL_BYTES);
  reader.strOfBytes(TICKET_BYTES);
  if (url === '') return;
  const [, scheme, host, rest] = /^([^:]*):\/\/([^/?]*)(.*)$/su.exec(url) ?? [];
  const isOurs = ['ws', 'wss', 'http', 'https'].includes(scheme?.toLowerCase() ?? '');
  if (!isOurs || !/^[A-Za-z0-9_.:[\]-]+$/.test(host ?? '') || !isPlain(rest ?? ''))
    throw new Refused('bad-value', `the address ${url}`);
}

/** Printable ASCII but for space, `#` and `\`. */
function isPlain(text: string): boolean {
  return [...text].every((c) => c > ' ' && c <= '~' && c !== '#' && c !== '\\');
}

export function readWaiting(reader: MessageReader): void {
  reader.int(0, TICK_MOST);
  reader.int(0, SEATS_MOST);
  reader.int(0, SEATS_MOST);
  if (!reader.isNil()) reader.int(0, TICK_MOST);
}

export function readListing(reader: MessageReader): void {
  reader.int(0, TICK_MOST);
  reader.int(0, 255);
  reader.strOfBytes(LISTING_BYTES);
  reader.bool();
}

export function readBye(reader: MessageReader): void {
  reader.int(1000, 4999);
  if (reader.str().length > 256) throw new Refused('bad-value', 'a reason too long');
}
