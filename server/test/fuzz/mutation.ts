// Makes frames that nobody wrote: chance alone, and valid frames with bits, bytes, lengths and
// values of theirs changed. Seeded, and without memory, so that a frame can be made again from its
// number alone. Knows MessagePack's form and nothing of what frames mean.
import { MsgpackReader, MsgpackWriter, ProtocolError, type Random } from '@tickwire/protocol';

/** Bytes of a frame by chance alone: beyond this its beginning has been refused long before. */
const MOST_RANDOM_BYTES = 48;
/** Changes of one frame: several that each pass are what a single one cannot show. */
const MOST_CHANGES = 4;
/**
 * Containers inside each other of a value by chance: beyond every declaration, and quickly made.
 */
const MOST_DEPTH = 9;

/** What has broken readers before: lengths that lie, numbers at their ends, types nobody takes. */
const TOKENS = [
  'c0',
  'c1',
  'c2',
  'c403ffffff',
  'c6ffffffff',
  'c7047200',
  'ca7fc00000',
  'cb7ff0000000000000',
  'cb7ff8000000000000',
  'cb8000000000000000',
  'cb41efffffffe00000',
  'cc00',
  'cdffff',
  'ceffffffff',
  'ce7fffffff',
  'cf001fffffffffffff',
  'cfffffffffffffffff',
  'd380000000000000000',
  'd4720000',
  'dbffffffff',
  'dcffff',
  'dd00010000',
  'ddffffffff',
  'deffff',
  'dfffffffff',
  '90',
  '91',
  '9f',
  'a0',
  'a3f09f92',
  'ff',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

type Change = (bytes: Uint8Array, random: Random) => Uint8Array;

/** A place in the bytes, their end included. */
const placeIn = (bytes: Uint8Array, random: Random): number => random.integer(bytes.length + 1);

function spliced(bytes: Uint8Array, from: number, to: number, ...put: Uint8Array[]): Uint8Array {
  return Buffer.concat([bytes.subarray(0, from), ...put, bytes.subarray(to)]);
}

const randomBytes = (random: Random, most: number): Uint8Array =>
  Uint8Array.from({ length: random.integer(most + 1) }, () => random.integer(256));

function overwrite(bytes: Uint8Array, random: Random, value: (old: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const changed = bytes.slice();
  const at = random.integer(bytes.length);
  changed[at] = value(changed[at]);
  return changed;
}

const CHANGES: readonly Change[] = [
  (bytes, random) => overwrite(bytes, random, (old) => old ^ (1 << random.integer(8))),
  (bytes, random) => overwrite(bytes, random, () => random.integer(256)),
  (bytes, random) => overwrite(bytes, random, (old) => old + (random.next() < 0.5 ? 1 : -1)),
  (bytes, random) => bytes.subarray(0, placeIn(bytes, random)),
  (bytes, random) => {
    const at = placeIn(bytes, random);
    return spliced(bytes, at, at, randomBytes(random, 4));
  },
  (bytes, random) => {
    const at = placeIn(bytes, random);
    return spliced(bytes, at, at + 1 + random.integer(4));
  },
  (bytes, random) => {
    const at = placeIn(bytes, random);
    const token = TOKENS[random.integer(TOKENS.length)];
    return spliced(bytes, at, random.next() < 0.5 ? at : at + 1, token);
  },
  // A part of it once more, or many times.
  (bytes, random) => {
    const from = placeIn(bytes, random);
    const part = bytes.subarray(from, from + 1 + random.integer(16));
    const times = random.next() < 0.1 ? 512 : 1 + random.integer(3);
    return spliced(bytes, from, from, ...Array<Uint8Array>(times).fill(part));
  },
  // Another type, another count of elements.
  (bytes, random) =>
    bytes.length < 2
      ? bytes
      : spliced(bytes, 0, 2, Uint8Array.of(0x90 | random.integer(16), random.integer(18))),
  changeElement,
  changeElement,
  changeElement,
];

/** One element of the frame is changed, and the frame is whole again: a `bin` keeps its length. */
function changeElement(bytes: Uint8Array, random: Random): Uint8Array {
  const parts = elementsOf(bytes);
  if (!parts || parts.length < 2) return bytes;
  const at = 1 + random.integer(parts.length - 1);
  const element = parts[at];
  const isBin = element.length > 1 && element[0] >= 0xc4 && element[0] <= 0xc6;
  const out = new MsgpackWriter(bytes.length + 64);
  out.arrayHeader(parts.length);
  for (const [index, part] of parts.entries()) {
    if (index !== at) out.raw(part);
    else if (isBin && random.next() < 0.9) out.bin(changedBody(element, random));
    else writeChance(out, random, MOST_DEPTH);
  }
  return out.bytes().slice();
}

/** A packed body: what is changed near its end has been read up to there. */
function changedBody(element: Uint8Array, random: Random): Uint8Array {
  const reader = new MsgpackReader();
  reader.reset(element);
  const body = reader.bin(element.length);
  switch (random.integer(5)) {
    case 0:
      return randomBytes(random, 40);
    case 1:
      return body.subarray(0, placeIn(body, random));
    case 2:
      return new Uint8Array(random.integer(64)).fill(random.next() < 0.5 ? 0 : 255);
    case 3:
      return spliced(body, placeIn(body, random), body.length, randomBytes(random, 16));
    default:
      return overwrite(body, random, () => random.integer(256));
  }
}

/** The elements of a frame as they stand; undefined for what is no array of valid values. */
function elementsOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const reader = new MsgpackReader();
  reader.reset(bytes);
  try {
    const parts: Uint8Array[] = [];
    for (let left = reader.arrayHeader(16); left > 0; left--) {
      const from = reader.position;
      reader.value();
      parts.push(bytes.subarray(from, reader.position));
    }
    return reader.atEnd ? parts : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** A value by chance: of every type, at the ends of its range more often than between. */
function writeChance(out: MsgpackWriter, random: Random, depth: number): void {
  switch (random.integer(depth > 0 ? 9 : 6)) {
    case 0:
      return out.int(random.integer(300) - 50);
    case 1:
      return out.int([2 ** 16, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), 2 ** 53 - 1][random.integer(5)]);
    case 2:
      return out.float([0.5, -0, 1e300, Number.NaN, Infinity][random.integer(5)]);
    case 3:
      return out.str('x'.repeat(random.integer(40)));
    case 4:
      return random.next() < 0.5 ? out.nil() : out.bool(random.next() < 0.5);
    case 5:
      return out.bin(randomBytes(random, 40));
    case 6:
      out.mapHeader(1);
      out.str(random.next() < 0.5 ? '__proto__' : 'a');
      return writeChance(out, random, depth - 1);
    default: {
      const count = random.next() < 0.02 ? 4000 : random.integer(6);
      out.arrayHeader(count);
      for (let i = 0; i < count; i++) writeChance(out, random, count > 6 ? 0 : depth - 1);
    }
  }
}

/** Mostly one, for the more there are the sooner is a frame refused; now and then none. */
function changesOf(random: Random): number {
  const dice = random.next();
  return dice < 0.06 ? 0 : dice < 0.7 ? 1 : 2 + random.integer(MOST_CHANGES - 1);
}

/** A frame to try: chance alone, a value of the form of a frame, or one of `valid`, changed. */
export function mutated(valid: readonly Uint8Array[], random: Random): Uint8Array {
  const dice = random.next();
  if (dice < 0.05) return randomBytes(random, MOST_RANDOM_BYTES);
  if (dice < 0.1) {
    const out = new MsgpackWriter(64);
    const count = 1 + random.integer(7);
    out.arrayHeader(count);
    out.int(random.integer(18));
    for (let i = 1; i < count; i++) writeChance(out, random, MOST_DEPTH);
    return out.bytes().slice();
  }
  let bytes = valid[random.integer(valid.length)];
  for (let left = changesOf(random); left > 0; left--)
    bytes = CHANGES[random.integer(CHANGES.length)](bytes, random);
  return bytes;
}
