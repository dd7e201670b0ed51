// A WebSocket client that costs next to nothing: it looks at the frames' lengths and first bytes
// and at nothing else, and sends frames prepared beforehand. For load generators, which must stay
// idler than the server they measure.
// Trap: it takes the server at its word: unmasked frames, no extension, no check of the handshake.
import { connect } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';
const OPCODE = { binary: 2, close: 8, ping: 9 };

/**
 * A frame from a client: final, binary, masked with nothing.
 * @param {Uint8Array} payload Shorter than 126 bytes.
 */
export function frameOf(payload, opcode = OPCODE.binary) {
  const head = [0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(head), payload]);
}

export class RawSeat {
  /** Messages whole and bytes of their frames since the start. */
  messages = 0;
  bytes = 0;
  closed = '';
  /** Of the message being received: bytes still to come. */
  #missing = 0;
  /**
   * The start of a frame whose head is not complete.
   * @type {Buffer<ArrayBufferLike>}
   */
  #rest = Buffer.alloc(0);

  /**
   * @param {{ port: number, path: string, heard: (type: number) => void }} options `heard` gets the
   *   first byte of each message.
   */
  constructor({ port, path, heard }) {
    this.heard = heard;
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('error', reject);
      this.socket.once('data', (bytes) => {
        const end = bytes.indexOf(END_OF_HEAD);
        if (!bytes.toString('latin1', 0, 12).endsWith(' 101')) reject(new Error('no upgrade'));
        resolve(undefined);
        this.socket.on('data', (more) => this.#read(more));
        this.#read(bytes.subarray(end + END_OF_HEAD.length));
      });
    });
    this.socket.on('error', (error) => {
      this.closed ||= error.message;
    });
    this.socket.on('close', () => {
      this.closed ||= 'closed';
    });
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
        'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==${END_OF_HEAD}`,
    );
  }

  /** @param {Buffer} frame */
  send(frame) {
    if (this.closed === '') this.socket.write(frame);
  }

  close() {
    this.socket.destroy();
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    /** @type {Buffer<ArrayBufferLike>} */
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = bytes.subarray(0, 0);
    while (bytes.length > 0) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, bytes.length);
        this.#missing -= taken;
        bytes = bytes.subarray(taken);
        continue;
      }
      const head = headBytes(bytes);
      // The first byte of the payload is wanted too.
      if (bytes.length < head + Math.min(lengthOf(bytes, head), 1)) {
        this.#rest = bytes;
        return;
      }
      const length = lengthOf(bytes, head);
      this.#frame(bytes[0] & 15, bytes[head], head + length);
      this.#missing = head + length;
    }
  }

  /**
   * @param {number} opcode
   * @param {number} type
   * @param {number} size
   */
  #frame(opcode, type, size) {
    if (opcode === OPCODE.close) this.closed = 'closed by the server';
    if (opcode === OPCODE.ping) this.send(frameOf(new Uint8Array(), 10));
    if (opcode !== OPCODE.binary) return;
    this.messages++;
    this.bytes += size;
    this.heard(type);
  }
}

/** @param {Buffer} bytes */
function headBytes(bytes) {
  const short = bytes[1] & 127;
  if (short < 126) return 2;
  return short === 126 ? 4 : 10;
}

/**
 * @param {Buffer} bytes
 * @param {number} head
 */
function lengthOf(bytes, head) {
  if (bytes.length < head) return Number.POSITIVE_INFINITY;
  if (head === 2) return bytes[1] & 127;
  return head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
}
