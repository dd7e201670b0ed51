// A WebSocket client over a bare TCP socket, for tests: it sends what no well-behaved client would.
// Used by transport.test.ts against both servers; it judges nothing and answers nothing by itself.
// Trap: reading is by pull; a socket that nobody reads keeps what came, also while it is paused.

import { connect, type Socket } from 'node:net';

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** The sample key of RFC 6455 1.3 and the accept value that belongs to it. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

export interface Frame {
  fin: boolean;
  opcode: number;
  payload: Buffer;
}

/**
 * The bytes of one frame. `announcedBytes` lies about the length; the mask is fixed, chance proves
 * nothing here.
 */
export function frame(
  opcode: number,
  payload: Uint8Array | string = '',
  options: { fin?: boolean; masked?: boolean; rsv?: number; announcedBytes?: number } = {},
): Buffer {
  const { fin = true, masked = true, rsv = 0 } = options;
  const body = Buffer.from(payload as Uint8Array);
  const length = options.announcedBytes ?? body.length;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, body]);
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  return Buffer.concat([head, mask, body.map((byte, index) => byte ^ mask[index & 3])]);
}

/** The body of a close frame. */
export function closeBody(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
}

/** The lines of a good handshake; a value of undefined leaves a header out. */
export function handshake(
  path = '/',
  changes: Record<string, string | undefined> = {},
  first = `GET ${path} HTTP/1.1`,
): string {
  const headers: Record<string, string | undefined> = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': KEY,
    ...changes,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== undefined);
  return `${first}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

export interface Head {
  status: number;
  headers: Map<string, string>;
  /** The body, as far as content-length says. */
  body: string;
}

export class RawSocket {
  readonly tcp: Socket;
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);
  #over = false;
  #wake: (() => void) | undefined;

  private constructor(tcp: Socket) {
    this.tcp = tcp;
    tcp.setNoDelay(true);
    tcp.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    tcp.on('error', () => {});
    this.closed = new Promise((resolve) => {
      const over = () => {
        this.#over = true;
        this.#wake?.();
        resolve();
      };
      tcp.on('end', over);
      tcp.on('close', over);
    });
  }

  /** `localAddress`: who it seems to be, one of 127.0.0.0/8. */
  static connect(port: number, localAddress?: string): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const to = { port, host: '127.0.0.1', localAddress };
      const tcp = connect(to, () => resolve(new RawSocket(tcp)));
      tcp.once('error', reject);
    });
  }

  /** Over a line that is open already, such as one of TLS. */
  static over(tcp: Socket): RawSocket {
    return new RawSocket(tcp);
  }

  /** Connects and shakes hands; throws if the answer is not 101. */
  static async open(
    port: number,
    path = '/',
    changes: Record<string, string> = {},
  ): Promise<RawSocket> {
    const socket = await RawSocket.connect(port);
    socket.write(handshake(path, changes));
    const { status } = await socket.head();
    if (status !== 101) throw new Error(`handshake answered ${status}`);
    return socket;
  }

  write(bytes: Uint8Array | string): void {
    this.tcp.write(bytes);
  }

  /** Each byte in its own write, each on its own turn of the loop. */
  async trickle(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) {
      this.tcp.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The next HTTP answer with its body; status 0 if the connection ended without one. */
  async head(): Promise<Head> {
    await this.#until(() => this.#bytes.includes('\r\n\r\n'));
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return { status: 0, headers: new Map(), body: '' };
    const [first, ...lines] = this.#take(end + 4)
      .toString('latin1')
      .trimEnd()
      .split('\r\n');
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = Number(headers.get('content-length') ?? 0);
    await this.#until(() => this.#bytes.length >= length);
    const body = this.#take(Math.min(length, this.#bytes.length)).toString();
    return { status: Number(first.split(' ')[1]), headers, body };
  }

  /** The next frame of the server; undefined if the connection ended before it was whole. */
  async frame(): Promise<Frame | undefined> {
    await this.#until(() => this.#frameBytes() <= this.#bytes.length);
    const bytes = this.#frameBytes();
    if (bytes > this.#bytes.length) return undefined;
    const whole = this.#take(bytes);
    const short = whole[1] & 127;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    return {
      fin: whole[0] >= 0x80,
      opcode: whole[0] & 15,
      payload: whole.subarray(start),
    };
  }

  /** The code and reason of the server's close frame; undefined if the connection was just cut. */
  async closeFrame(): Promise<{ code: number; reason: string } | undefined> {
    for (let next = await this.frame(); next; next = await this.frame()) {
      if (next.opcode !== CLOSE) continue;
      const code = next.payload.length >= 2 ? next.payload.readUInt16BE(0) : 1005;
      return { code, reason: next.payload.subarray(2).toString() };
    }
    return undefined;
  }

  destroy(): void {
    this.tcp.destroy();
  }

  #frameBytes(): number {
    const bytes = this.#bytes;
    if (bytes.length < 2) return Number.POSITIVE_INFINITY;
    const short = bytes[1] & 127;
    if (short < 126) return 2 + short;
    if (bytes.length < 10)
      return short === 126 && bytes.length >= 4
        ? 4 + bytes.readUInt16BE(2)
        : Number.POSITIVE_INFINITY;
    return short === 126 ? 4 + bytes.readUInt16BE(2) : 10 + Number(bytes.readBigUInt64BE(2));
  }

  #take(bytes: number): Buffer {
    const taken = this.#bytes.subarray(0, bytes);
    this.#bytes = this.#bytes.subarray(bytes);
    return taken;
  }

  async #until(ready: () => boolean): Promise<void> {
    while (!ready() && !this.#over)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}
