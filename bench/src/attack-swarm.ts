// The five attackers of attack.ts, in a process of their own: each from its own address of
// 127.0.0.0/8, each as fast as the machine lets it while it is told to, and idle else. What they
// send was made beforehand, so that the core they have goes into sending. Trap: they go on until
// told to stop or until the process that forked them is gone; nothing else bounds them.
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { FrameType, MsgpackWriter, SHOWN_UNITS, writeInputHeader } from '@tickwire/protocol';
import { clientFrame } from './generator-socket.ts';
import type { Listening } from './load-watch.ts';
import { helloFrame } from './script.ts';

/** What an attacker did since it was told to start. */
export interface AttackFigures {
  /** Lines opened, by attacker. */
  readonly lines: Readonly<Record<string, number>>;
  readonly bytes: Readonly<Record<string, number>>;
  /** Share of one core this process used, 0..1. */
  readonly core: number;
}

/**
 * Lines that one attacker holds at a time, more would only wait for each other; and that it opens
 * in one turn of its loop, or the others would get none.
 */
const AT_ONCE = 16;
/** Silent lines held at a time: what a laptop's default limit of open files allows. */
const SLOW_AT_ONCE = 1_000;
/** Bytes of one write of a flood: what the kernel takes at once. */
const CHUNK_BYTES = 64 * 1024;
/** Ms between the bytes that a slow line trickles. */
const TRICKLE_MS = 100;
/** Below whoever else wants this core: the honest players' process does. */
const LEAST_PRIORITY = 19;

const PING = 9;

let port = 0;
let hello: Buffer = Buffer.alloc(0);
let running = false;
let cpu = process.cpuUsage();
let sinceMs = performance.now();
const sockets = new Set<Socket>();

const head = (more = '', first = 'GET / HTTP/1.1') =>
  `${first}\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;

/** As often as fits into one write. */
function many(frame: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: Math.floor(CHUNK_BYTES / frame.length) }, () => frame));
}

function written(write: (out: MsgpackWriter) => void): Buffer {
  const out = new MsgpackWriter(64);
  write(out);
  return clientFrame(out.bytes());
}

const inputs = many(
  written((out) => {
    writeInputHeader(out, { dState: 0, dShown: SHOWN_UNITS, dFirst: 0 });
    out.raw(Uint8Array.of(0xc4, 1, 0));
  }),
);
const FLOODS: readonly Buffer[] = [
  inputs,
  many(clientFrame(Uint8Array.of(0x93, FrameType.Ping, 1, 0))),
  many(clientFrame(Uint8Array.of(0x92, FrameType.Ack, 0))),
  many(clientFrame(new Uint8Array(0), PING)),
];

/** Whole messages, and lies about their length: big, deep, or promising what they do not hold. */
const BOMBS: readonly Buffer[] = [
  Buffer.from([0x82, 0xff, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0]),
  clientFrame(new Uint8Array(4096).fill(0x91)),
  clientFrame(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)),
  clientFrame(
    Buffer.concat([
      Buffer.from([0x98, 0, 1, 0xdb, 0xff, 0xff, 0xff, 0xff]),
      inputs.subarray(0, 4000),
    ]),
  ),
  clientFrame(Buffer.concat(Array.from({ length: 1300 }, () => Buffer.from([0xdc, 0xff, 0xff])))),
  // Fragments without an end, and nothing in them.
  Buffer.concat([Buffer.from([0x02, 0x80, 0, 0, 0, 0]), many(Buffer.from([0, 0x80, 0, 0, 0, 0]))]),
];

/** One attacker: opens lines and does what it is for on each, again and again. */
class Attacker {
  lines = 0;
  bytes = 0;
  readonly #address: string;
  readonly #attack: (line: Attacked, turn: number) => void;
  readonly #atOnce: number;
  #open = 0;

  constructor(index: number, attack: (line: Attacked, turn: number) => void, atOnce = AT_ONCE) {
    this.#address = `127.0.2.${index + 1}`;
    this.#attack = attack;
    this.#atOnce = atOnce;
  }

  /** As many lines as it holds. */
  fill(): void {
    for (let i = 0; running && this.#open < this.#atOnce; i++) {
      if (i === AT_ONCE) return void setImmediate(() => this.fill());
      this.#line();
    }
  }

  #line(): void {
    this.#open++;
    const socket = connect({ port, host: '127.0.0.1', localAddress: this.#address, noDelay: true });
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket);
        this.#open--;
        // On the next turn: a line that is refused at once must not keep this one for itself.
        if (running) setImmediate(() => this.fill());
      });
    const turn = this.lines++;
    const send = (bytes: Buffer | string, then?: () => void) => {
      this.bytes += bytes.length;
      socket.write(bytes, then);
    };
    socket.once('connect', () => this.#attack({ socket, send }, turn));
  }
}

interface Attacked {
  readonly socket: Socket;
  send(bytes: Buffer | string, then?: () => void): void;
}

/** Again as soon as the kernel has taken it and others had their turn, until the line ends. */
function forEver({ socket, send }: Attacked, bytes: Buffer): void {
  const again = () => {
    if (running && !socket.destroyed) send(bytes, () => setImmediate(again));
  };
  again();
}

const ATTACKS: Readonly<Record<string, [(line: Attacked, turn: number) => void, number?]>> = {
  /** Joins, and says one thing without end. */
  flood: [
    (line, turn) => {
      line.socket.resume();
      line.send(head());
      line.send(hello);
      forEver(line, FLOODS[turn % FLOODS.length]!);
    },
  ],
  /** Half a request, a byte at a time. */
  slowloris: [
    ({ socket, send }) => {
      socket.resume();
      send('GET / HTTP/1.1\r\nX: ');
      const timer = setInterval(() => {
        if (socket.destroyed || !running) clearInterval(timer);
        else send('x');
      }, TRICKLE_MS);
    },
    SLOW_AT_ONCE,
  ],
  /** Messages that cost more than they weigh, before and after a seat was taken. */
  bombs: [
    ({ socket, send }, turn) => {
      socket.resume();
      send(head());
      if (turn % 2 === 0) send(hello);
      send(BOMBS[turn % BOMBS.length]!, () => setImmediate(() => socket.end()));
    },
  ],
  /** Lines, sockets and seats that are left as soon as they are there. */
  churn: [
    ({ socket, send }, turn) => {
      if (turn % 3 === 0) return socket.destroy();
      send(head());
      if (turn % 3 === 1) send(hello);
      socket.once('data', () => socket.destroy());
    },
  ],
  /** Requests that are refused or answered, as many as a line takes. */
  upgrades: [
    (line, turn) => {
      line.socket.resume();
      const refused = [
        head('Origin: http://elsewhere.example\r\n'),
        head('', 'GET /?token=x HTTP/1.1'),
        'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
        'POST /rooms/load HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}',
      ];
      forEver(line, many(Buffer.from(refused[turn % refused.length]!)));
    },
  ],
};

const attackers = new Map(
  Object.entries(ATTACKS).map(([name, [attack, atOnce]], index) => [
    name,
    new Attacker(index, attack, atOnce),
  ]),
);

function start(): void {
  running = true;
  for (const attacker of attackers.values()) {
    attacker.lines = attacker.bytes = 0;
    attacker.fill();
  }
  cpu = process.cpuUsage();
  sinceMs = performance.now();
}

function stop(): AttackFigures {
  running = false;
  const { user, system } = process.cpuUsage(cpu);
  const core = (user + system) / 1000 / (performance.now() - sinceMs);
  for (const socket of sockets) socket.destroy();
  const of = (figure: 'lines' | 'bytes') =>
    Object.fromEntries([...attackers].map(([name, attacker]) => [name, attacker[figure]]));
  return { lines: of('lines'), bytes: of('bytes'), core };
}

setPriority(LEAST_PRIORITY);
process.on('message', (message: Listening | { only: string } | 'start' | 'stop') => {
  if (message === 'start') start();
  else if (message === 'stop') process.send!(stop());
  else if ('only' in message) {
    for (const name of attackers.keys()) if (name !== message.only) attackers.delete(name);
  } else {
    port = message.port;
    hello = clientFrame(helloFrame(message.hash, message.room));
  }
});
process.once('disconnect', () => process.exit(0));
