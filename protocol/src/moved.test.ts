// Which addresses a MOVED may name, and from where each may be followed.
import { expect, test } from 'vitest';
import { ProtocolError } from './errors.ts';
import { readFrame } from './frames.ts';
import { addressFrom, isAddress, type Moved, mayFollow, readMoved, writeMoved } from './moved.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';

const GOOD = [
  'ws://127.0.0.1:2567',
  'wss://shard-3.eu.game.example/play/3',
  'https://node_7:8443?zone=b&x=%20',
  'HTTP://[2001:db8::1]:80/@!~"',
  `ws://${'h'.repeat(251)}`,
];
const BAD = [
  'shard-3:2567',
  ':0',
  ':080',
  ':100000',
  ':2567/x',
  ':2567@evil.example',
  '::2567',
  ':',
  '//shard-3',
  'javascript://shard-3/%0aalert(1)',
  'file:///etc/passwd',
  'wss:shard-3',
  'wss://',
  'wss:///x',
  'wss://user:word@shard-3',
  'wss://user@shard-3',
  'wss://good.example\\@evil.example',
  'wss://good.example#evil',
  'wss://good.example/a b',
  'wss://good.example/\n',
  'wss://good.example\n',
  '\twss://good.example',
  'wss://g\u043e\u043ed.example',
  'wss://good.example/\u00e9',
  'wss://%65vil.example',
  `ws://${'h'.repeat(252)}`,
];

function read(raw: Moved): Moved {
  const out = new MsgpackWriter();
  out.arrayHeader(3);
  out.int(13);
  out.str(raw.url);
  out.str(raw.ticket);
  const from = new MsgpackReader();
  from.reset(out.bytes());
  readFrame(from, { elements: 0 });
  const moved = readMoved(from);
  from.end();
  return moved;
}

test.each(GOOD)('[J13] %s may be named', (url) => {
  expect(isAddress(url)).toBe(true);
  const out = new MsgpackWriter();
  writeMoved(out, { url, ticket: 'here' });
  const from = new MsgpackReader();
  from.reset(out.bytes());
  readFrame(from, { elements: 0 });
  expect(readMoved(from)).toEqual({ url, ticket: 'here' });
  // Where it leads is what a browser's own parser makes of it.
  const { protocol, username, password, hash } = new URL(url);
  expect([protocol, username, password, hash]).toEqual([
    expect.stringMatching(/^(wss?|https?):$/),
    '',
    '',
    '',
  ]);
});

test.each(BAD)('[J13] {S47} %j is refused when it is read, and is never written', (url) => {
  expect(() => read({ url, ticket: '' })).toThrow(ProtocolError);
  expect(() => writeMoved(new MsgpackWriter(), { url, ticket: '' })).toThrow('no address');
});

test.each([
  ['ws://10.0.0.7:9001', 'ws://10.0.0.7:9002'],
  ['wss://game.example', 'wss://game.example:9002'],
  ['ws://[::1]', 'ws://[::1]:9002'],
  ['ws://[2001:db8::1]:9001/play?zone=a:1', 'ws://[2001:db8::1]:9002/play?zone=a:1'],
  ['http://localhost:9001/', 'http://localhost:9002/'],
])('[J13] a port alone is of the same host: from %s to %s', (here, there) => {
  const moved = read({ url: ':9002', ticket: '' });
  expect(addressFrom(here, moved.url)).toBe(there);
  expect(new URL(there).port).toBe('9002');
});

test.each(['wss://b.example/x', ''])('[J13] %j is the same from everywhere', (url) => {
  expect(addressFrom('ws://a.example:1', url)).toBe(url);
});

test('[J13] no address is the one the client was given', () => {
  expect(read({ url: '', ticket: '' })).toEqual({ url: '', ticket: '' });
});

test('[J13] a ticket longer than any is refused', () => {
  expect(read({ url: '', ticket: 't'.repeat(2_560) }).ticket).toHaveLength(2_560);
  expect(() => read({ url: '', ticket: 't'.repeat(2_561) })).toThrow(ProtocolError);
});

test.each([
  ['wss://a.example', 'wss://b.example', true],
  ['wss://a.example', 'https://b.example', true],
  ['https://a.example', 'ws://b.example', false],
  ['wss://a.example', 'HTTP://b.example', false],
  ['ws://a.example', 'ws://b.example', true],
  ['ws://a.example', 'wss://b.example', true],
  ['wss://a.example', 'ws://127.0.0.1:2567', true],
  ['wss://a.example', 'ws://localhost/x', true],
  ['wss://a.example', 'http://[::1]:80', true],
  ['wss://a.example', 'ws://localhost.evil.example', false],
  ['wss://a.example', 'ws://127.0.0.1.evil.example', false],
  ['wss://a.example', 'ws://127.evil.example', false],
])('[J13] {S47} from %s to %s: %s', (entry, url, may) => {
  expect(mayFollow(entry, url)).toBe(may);
});
