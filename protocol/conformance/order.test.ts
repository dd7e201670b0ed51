// Frames that are whole and come at the wrong time: both readers refuse the same ones, with the
// refusal that PROTOCOL.md names, and take what stands just inside.
import { describe, expect, test } from 'vitest';
import { MsgpackWriter, ProtocolError } from '../src/index.ts';
import { Refused } from './bytes.ts';
import { bytesOf } from './damage.ts';
import { gameOf } from './declaration.ts';
import { SecondReader, secondGame } from './second-reader.ts';
import { Onlooker } from './telling.ts';
import type { Frame, Side } from './vectors.ts';

const GAME = { tickRate: 20, entities: { mark: {} } };
const SEND_EVERY = 2;
const LAST_TICK = 2 ** 32 - 1;
/** Ticks that a STATE of changes may come after the one before it. */
const LONGEST_STEP = 16_384;

/** Everything, of which there is nothing: `shared` in both spellings. */
const NOTHING = { plain: '950090909090', packed: 'c40218fe' };
type Spelling = keyof typeof NOTHING;

interface Said {
  readonly frame: string;
  readonly from: Side;
  readonly bytes: Uint8Array;
}

function said(frame: string, elements: readonly unknown[], tail = '', more = 0): Said {
  const out = new MsgpackWriter();
  out.arrayHeader(elements.length + more);
  for (const element of elements) out.value(element);
  const bytes = Uint8Array.from([...out.bytes(), ...bytesOf(tail)]);
  return { frame, from: frame === 'HELLO' ? 'client' : 'server', bytes };
}

const hello = said('HELLO', [0, 1, gameOf(GAME).hash, 'duel', 0, '', false, 0]);
const welcome = (spelling: Spelling, tick = 0) =>
  said('WELCOME', [1, 1, tick, 'key', 0, 'duel-1', SEND_EVERY, spelling === 'packed']);
const everything = (spelling: Spelling, dTick: number) =>
  said('STATE', [2, -1 - dTick, 0, null, 0], NOTHING[spelling], 1);
const changes = (dTick: number) => said('STATE', [2, dTick, 0, null, 0]);
const moved = said('MOVED', [13, 'wss://b.example', '']);
const waiting = said('WAITING', [20, 2, 1, 2, null]);
const ping = said('PING', [8, 1, 0]);
const bye = said('BYE', [11, 1012, 'elsewhere']);
const tables = said('TABLES', [10, 1, 0], 'c400', 1);

/** What became of the newest frame, by our reader and by the second decoder. */
function outcomes(frames: readonly Said[]): string[] {
  const onlooker = new Onlooker(gameOf(GAME));
  const second = new SecondReader(secondGame(GAME));
  const outcome = (read: (said: Said) => void) => {
    for (const earlier of frames.slice(0, -1)) read(earlier);
    try {
      read(frames[frames.length - 1]);
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      if (error instanceof Refused) return error.refusal;
      throw error;
    }
    return 'read';
  };
  const readSecond = ({ frame, from, bytes }: Said) => {
    const says = { packed: bytes[bytes.length - 1] === 0xc3 };
    second.take({ frame, from, hex: '', says } satisfies Frame, bytes);
  };
  return [outcome(({ from, bytes }) => onlooker.take(from, bytes)), outcome(readSecond)];
}

describe.each(['plain', 'packed'] as const)('both readers, in a %s room', (spelling) => {
  const begun = [hello, welcome(spelling), everything(spelling, 2)];
  const refused = ['bad-frame', 'bad-frame'];
  const read = ['read', 'read'];

  test('[J3, F11] refuse a first STATE of changes', () => {
    expect(outcomes([hello, welcome(spelling), changes(2)])).toEqual(refused);
    expect(outcomes([...begun, changes(2)])).toEqual(read);
  });

  test('[F6] take MOVED before WELCOME and after it, and nothing but BYE behind', () => {
    for (const before of [[hello], begun]) {
      expect(outcomes([...before, moved])).toEqual(read);
      expect(outcomes([...before, moved, bye])).toEqual(read);
      for (const late of [welcome(spelling), everything(spelling, 4), moved])
        expect(outcomes([...before, moved, late])).toEqual(refused);
    }
  });

  test('[F6, J18] take WAITING before WELCOME, and PING behind it', () => {
    expect(outcomes([hello, waiting])).toEqual(read);
    expect(outcomes([hello, waiting, ping])).toEqual(read);
    expect(outcomes([hello, waiting, ping, waiting, moved])).toEqual(read);
    expect(outcomes([hello, waiting, ...begun.slice(1), changes(2)])).toEqual(read);
    expect(outcomes([hello, ping])).toEqual(refused);
    expect(outcomes([...begun, waiting])).toEqual(refused);
    expect(outcomes([hello, waiting, everything(spelling, 2)])).toEqual(refused);
    expect(outcomes([hello, moved, waiting])).toEqual(refused);
  });

  test('[J13] refuse a MOVED to what is no address', () => {
    const badValue = ['bad-value', 'bad-value'];
    for (const url of ['b.example', 'wss://me@b.example', 'wss://b.example#c', 'ftp://b.example'])
      expect(outcomes([...begun, said('MOVED', [13, url, ''])])).toEqual(badValue);
  });

  test('[F8, F11] refuse a STATE of a tick that was told, and everything without a body', () => {
    expect(outcomes([...begun, changes(0)])).toEqual(refused);
    expect(outcomes([...begun, everything(spelling, 0)])).toEqual(refused);
    expect(outcomes([...begun, said('STATE', [2, -3, 0, null, 0])])).toEqual(refused);
  });

  test('[F11] refuse a long step of changes, and take one to everything', () => {
    expect(outcomes([...begun, changes(LONGEST_STEP)])).toEqual(read);
    expect(outcomes([...begun, changes(LONGEST_STEP + SEND_EVERY)])).toEqual(refused);
    expect(outcomes([...begun, everything(spelling, LONGEST_STEP + SEND_EVERY)])).toEqual(read);
  });

  test('[F11] refuse a tick beyond the last', () => {
    const late = [hello, welcome(spelling, LAST_TICK - 3)];
    expect(outcomes([...late, everything(spelling, 2)])).toEqual(read);
    expect(outcomes([...late, everything(spelling, 4)])).toEqual(refused);
    expect(outcomes([...late, everything(spelling, 2), changes(2)])).toEqual(refused);
  });

  test('[T4, F11] refuse a STATE between two where bodies are packed', () => {
    const expected = spelling === 'packed' ? refused : read;
    expect(outcomes([...begun, changes(3)])).toEqual(expected);
    expect(outcomes([...begun, everything(spelling, 3)])).toEqual(expected);
  });

  test('[F6, K5] take TABLES where bodies are packed alone', () => {
    const expected = spelling === 'packed' ? read : refused;
    expect(outcomes([...begun, tables])).toEqual(expected);
  });
});
