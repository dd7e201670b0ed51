// What a peer may send instead of a good HTTP request, case by case, and what it is answered on
// each transport; chapter 30, after the frames of conformance-frames.ts. Run by
// conformance.test.ts. Trap: none of them may reach a handler with another meaning than its bytes
// have; which status refuses it matters to nobody.

import { handshake } from './raw-socket.ts';

/**
 * A status, `took` before it where the handler was asked; or `waits` where more bytes are hoped
 * for, until the transport's 12 s are over.
 */
export type Answer = string;

export interface RequestCase {
  readonly id: string;
  readonly title: string;
  /** Each of these in a write of its own, after what came before was read. */
  readonly writes: readonly string[];
  /** `older` is the Node 20 file of uwebsockets 3.0.6, where it differs from the Node 22 file. */
  readonly answer: { readonly uws: Answer; readonly ws: Answer; readonly older?: Answer };
}

const HOST = 'Host: a\r\n';
const get = (lines: string, first = 'GET / HTTP/1.1') => `${first}\r\n${lines}\r\n`;
const post = (lines: string, body = '') => `${get(HOST + lines, 'POST / HTTP/1.1')}${body}`;
const split = (text: string, at: number) => [text.slice(0, at), text.slice(at)];

type Row = [title: string, bytes: string | readonly string[], answer: RequestCase['answer']];

const same = (answer: Answer) => ({ uws: answer, ws: answer });

const ROWS: Row[] = [
  ['a handshake cut in its first line', split(handshake(), 9), { ...same('101'), older: '505' }],
  ['a handshake cut after its first line', split(handshake(), 30), same('101')],
  ['a handshake without Host', handshake('/', { Host: undefined }), same('400')],
  ['no Host', get(''), { uws: '400', ws: '400', older: 'waits' }],
  ['two Hosts', get(HOST + HOST), same('400')],
  ['a space before a colon', get(`${HOST}A : b\r\n`), { ...same('400'), older: 'waits' }],
  ['a header over two lines', get(`${HOST}A: b\r\n c\r\n`), { ...same('400'), older: 'waits' }],
  ['a header without a name', get(`${HOST}: b\r\n`), { uws: 'took 200', ws: '400' }],
  ['a bracket in a name', get(`${HOST}X(A: b\r\n`), { ...same('400'), older: 'waits' }],
  ['a zero byte in a header', get(`${HOST}A: b\0c\r\n`), { ...same('400'), older: 'waits' }],
  ['60 headers', get(HOST + 'A: b\r\n'.repeat(60)), same('took 200')],
  [
    '120 headers',
    get(HOST + 'A: b\r\n'.repeat(120)),
    { uws: '431', ws: 'took 200', older: 'waits' },
  ],
  ['16 KB of headers', get(`${HOST}A: ${'b'.repeat(16_000)}\r\n`), same('431')],
  ['lines that end without CR', `GET / HTTP/1.1\n${HOST}\n`, { uws: '505', ws: '400' }],
  ['a method in lower case', get(HOST, 'get / HTTP/1.1'), { uws: 'took 200', ws: '400' }],
  ['a method nobody knows', get(HOST, 'FROB / HTTP/1.1'), { uws: 'took 200', ws: '400' }],
  ['two spaces in the first line', get(HOST, 'GET  / HTTP/1.1'), { uws: '505', ws: 'took 200' }],
  ['a space in the path', get(HOST, 'GET /a b HTTP/1.1'), { uws: '505', ws: '400' }],
  ['a path without a slash', get(HOST, 'GET a HTTP/1.1'), { uws: '505', ws: '400' }],
  ['a whole URL', get(HOST, 'GET http://a/ HTTP/1.1'), { uws: '505', ws: '400' }],
  ['HTTP/1.0', get(HOST, 'GET / HTTP/1.0'), same('505')],
  ['HTTP/1.2', get(HOST, 'GET / HTTP/1.2'), { uws: '505', ws: '400' }],
  ['HTTP/0.9', 'GET /\r\n\r\n', same('505')],
  ['an empty line first', `\r\n${get(HOST)}`, { uws: 'waits', ws: 'took 200', older: '505' }],
  ['a length below 0', post('Content-Length: -1\r\n'), same('400')],
  ['a length with a plus', post('Content-Length: +3\r\n', 'abc'), same('400')],
  ['a length in hex', post('Content-Length: 0x3\r\n', 'abc'), same('400')],
  ['two lengths in one', post('Content-Length: 3, 3\r\n', 'abc'), same('400')],
  ['one length twice', post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), same('400')],
  ['two lengths', post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'), same('400')],
  ['a length of 20 digits', post(`Content-Length: ${'9'.repeat(20)}\r\n`), same('400')],
  ['chunks', post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n'), same('411')],
  [
    'chunks and a length',
    post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    same('400'),
  ],
  ['another encoding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), same('411')],
  ['a body of a GET', `${get(`${HOST}Content-Length: 3\r\n`)}abc`, same('took 200')],
];

export const REQUEST_CASES: readonly RequestCase[] = ROWS.map(([title, bytes, answer], index) => ({
  id: `30.${index + 1}`,
  title,
  writes: typeof bytes === 'string' ? [bytes] : bytes,
  answer,
}));
