// A WebSocket that costs a load generator next to nothing: it looks at the lengths of frames and
// shows where each message stands, and sends frames that were made beforehand. Reads into one
// buffer that all sockets share. Trap: it takes the server at its word (unmasked, unfragmented
// frames, no extension), and what `heard` is shown is gone when it returns.
import { connect, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';
const Opcode = { Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;
/** Of a message at least so much is shown whole: what tells frames apart, and MOVED altogether. */
const SHOWN_BYTES = 512;
/** Room for everything that several ticks bring to one socket. */
const BUFFER_BYTES = 256 * 1024;

const incoming = Buffer.alloc(BUFFER_BYTES);
const empty = Buffer.alloc(0);

/** A frame from a client: final, binary, masked with nothing. */
export function clientFrame(payload: Uint8Array, opcode: number = Opcode.Binary): Buffer {
  const { length } = payload;
  const extended = length < 126 ? [length] : [126, length >> 8, length & 255];
  const head = [0x80 | opcode, 0x80 | extended[0], ...extended.slice(1), 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(head), payload]);
}

export class SeatSocket {
  /** Bytes of frames since the start, heads and all. */
  bytes = 0;
  /** Why it ended; empty while it stands. */
  closed = '';
  readonly opened: Promise<void>;
  readonly #heard: (bytes: Uint8Array, from: number, length: number) => void;
  readonly #socket: Socket;
  /** Of the message that is coming: bytes still to come. */
  #missing = 0;
  /** The start of a frame of which too little came to show it. */
  #rest = empty;
  #upgraded: (() => void) | undefined;

  /** `heard` is shown where a message begins; the first SHOWN_BYTES of it are there. */
  constructor(
    port: number,
    heard: (bytes: Uint8Array, from: number, length: number) => void,
    localAddress = '127.0.0.1',
  ) {
    this.#heard = heard;
    this.opened = new Promise((resolve) => {
      this.#upgraded = resolve;
    });
    const callback = (count: number) => {
      this.#read(incoming.subarray(0, count));
      return true;
    };
    const options = { port, host: '127.0.0.1', localAddress, noDelay: true };
    this.#socket = connect({ ...options, onread: { buffer: incoming, callback } });
    this.#socket.on('error', ({ message }) => this.#ended(message));
    this.#socket.on('close', () => this.#ended('closed'));
    this.#socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
        'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==${END_OF_HEAD}`,
    );
  }

  send(frame: Uint8Array): void {
    if (this.closed === '') this.#socket.write(frame);
  }

  close(): void {
    this.#socket.destroy();
  }

  #ended(reason: string): void {
    this.closed ||= reason;
    this.#upgraded?.();
  }

  #read(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = empty;
    }
    let at = this.#upgraded ? this.#answered(bytes) : 0;
    while (!this.#upgraded && at < bytes.length) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, bytes.length - at);
        this.#missing -= taken;
        at += taken;
        continue;
      }
      const head = headBytes(bytes, at);
      const length = at + head <= bytes.length ? lengthOf(bytes, at, head) : SHOWN_BYTES;
      if (at + head + Math.min(length, SHOWN_BYTES) > bytes.length) break;
      this.#frame(bytes, at, head, length);
      this.#missing = head + length;
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** Where frames begin, behind the answer to the handshake; 0 while it is not whole. */
  #answered(bytes: Buffer): number {
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) return 0;
    if (!bytes.toString('latin1', 0, 12).endsWith(' 101')) this.closed = 'no upgrade';
    this.#upgraded?.();
    this.#upgraded = undefined;
    return end + END_OF_HEAD.length;
  }

  #frame(bytes: Buffer, at: number, head: number, length: number): void {
    this.bytes += head + length;
    const opcode = bytes[at] & 15;
    if (opcode === Opcode.Close) {
      const why = bytes.toString('utf8', at + head + 2, at + head + length);
      this.closed ||= `closed with ${bytes.readUInt16BE(at + head)} ${why}`;
    }
    if (opcode === Opcode.Ping) this.send(clientFrame(empty, Opcode.Pong));
    else if (opcode === Opcode.Binary) this.#heard(bytes, at + head, length);
  }
}

function headBytes(bytes: Buffer, at: number): number {
  if (at + 1 >= bytes.length) return 2;
  const short = bytes[at + 1] & 127;
  if (short < 126) return 2;
  return short === 126 ? 4 : 10;
}

function lengthOf(bytes: Buffer, at: number, head: number): number {
  if (head === 2) return bytes[at + 1] & 127;
  return head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
}
