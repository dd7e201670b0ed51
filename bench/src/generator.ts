// The players of load.ts, in a process of their own: each joins over a WebSocket, answers every
// STATE with its next scripted INPUT, which acknowledges it, and counts. Forked, and told what to
// do in messages. Trap: it decodes nothing but the head of a frame, or it would be busier than the
// server it measures.
import {
  FrameType,
  type Game,
  MsgpackReader,
  MsgpackWriter,
  Random,
  readFrame,
  readMoved,
  readWelcome,
  writeAck,
  writePing,
} from '@tickwire/protocol';
import { arenaOf } from './arena.ts';
import { round, type Spread, spread } from './figures.ts';
import { clientFrame, SeatSocket } from './generator-socket.ts';
import { ships } from './interest-room.ts';
import { type Listening, sharedMs } from './load-watch.ts';
import { helloFrame, InputScript } from './script.ts';

export interface GeneratorTask {
  readonly server: Listening;
  readonly seats: number;
  readonly tickRate: number;
  readonly seed: number;
  /** All say HELLO in the same instant; else in groups, as they connect. */
  readonly storm?: boolean;
  /** Players of one address: the server bounds them. Default: all. */
  readonly seatsPerAddress?: number;
  /** Where players come in, in turn; they go on to where MOVED says. Default: the server's port. */
  readonly ports?: readonly number[];
  /** Ms from one group of players to the next. Default 0. */
  readonly paceMs?: number;
}

export interface GeneratorFigures {
  /** STATEs received, by player. */
  readonly states: readonly number[];
  readonly bytesPerState: number;
  /** When STATEs came on the shared clock, less their ticks: when tick 0 was due is still in it. */
  readonly arrivedMs: Spread;
  /** Share of one core this process used, 0..1. */
  readonly core: number;
  /** Ticks whose STATE a player did not get. */
  readonly missed: number;
  /** Round trips of PING frames, each two seconds of a player, ms. */
  readonly rttMs: readonly number[];
  /** Sockets that ended, and why one of them did. */
  readonly closed: number;
  readonly reason: string;
}

/** Sockets that connect at a time. */
const CONNECTING = 50;
/** Longest wait for everybody's first STATE: whoever is not in by then, is not served. */
const JOIN_MS = 20_000;
/** Ticks from one PING to the next: two seconds, and one answer to each. */
const PING_TICKS = 40;
/** Arrivals that are noted: ten seconds of 1,000 players, more would not tell more. */
const MOST_ARRIVED = 200_000;

const reader = new MsgpackReader();
const frame = { elements: 0 };
const arrived: number[] = [];
const players: Player[] = [];
const ping = clientFrame(pingFrame());
let cpu = process.cpuUsage();
let sinceMs = performance.now();

class Player {
  states = 0;
  missed = 0;
  rtts: number[] = [];
  stateBytes = 0;
  /** Resolves with the first STATE. */
  readonly joined: Promise<void>;
  socket: SeatSocket;
  readonly #task: GeneratorTask;
  readonly #frames: (ticks: number) => Uint8Array;
  readonly #address: string;
  #tick = 0;
  #pingedMs = 0;
  #told = (): void => {};

  constructor(
    task: GeneratorTask,
    frames: (ticks: number) => Uint8Array,
    port: number,
    address: string,
  ) {
    this.#task = task;
    this.#frames = frames;
    this.#address = address;
    this.joined = new Promise((resolve) => {
      this.#told = resolve;
    });
    this.socket = this.#connect(port);
  }

  #connect(port: number): SeatSocket {
    const heard = (bytes: Uint8Array, from: number, length: number) => {
      const type = bytes[from + 1];
      if (type === FrameType.State) this.#stated(bytes[from + 2], length);
      else if (type === FrameType.Welcome) this.#welcomed(bytes.subarray(from, from + length));
      else if (type === FrameType.Moved) this.#moved(bytes.subarray(from, from + length));
      else if (type === FrameType.Pong) this.rtts.push(performance.now() - this.#pingedMs);
    };
    return new SeatSocket(port, heard, this.#address);
  }

  #welcomed(bytes: Uint8Array): void {
    reader.reset(bytes);
    readFrame(reader, frame);
    this.#tick = readWelcome(reader).tick;
  }

  /** The room is another server's, of this machine. */
  #moved(bytes: Uint8Array): void {
    reader.reset(bytes);
    readFrame(reader, frame);
    const { url, ticket } = readMoved(reader);
    const { hash, room } = this.#task.server;
    this.socket.close();
    const socket = this.#connect(Number(new URL(url).port));
    this.socket = socket;
    const hello = clientFrame(helloFrame(hash, room, false, ticket));
    void socket.opened.then(() => socket.send(hello));
  }

  #ping(): void {
    this.#pingedMs = performance.now();
    this.socket.send(ping);
  }

  /** `step` is the difference of ticks in one byte: below zero for a STATE of everything. */
  #stated(step: number, length: number): void {
    const ticks = step < 128 ? step : 255 - step;
    this.#tick += ticks;
    if (this.states > 0) this.missed += ticks - 1;
    this.states++;
    this.stateBytes += length;
    if (arrived.length < MOST_ARRIVED)
      arrived.push(sharedMs() - (this.#tick * 1000) / this.#task.tickRate);
    // A script's INPUT acknowledges one tick, but for its first.
    if (ticks > 1 && this.states > 1) this.socket.send(clientFrame(ackFrame(ticks - 1)));
    this.socket.send(this.#frames(ticks));
    this.#told();
    if (this.#tick % PING_TICKS === 0) this.#ping();
  }
}

function pingFrame(): Uint8Array {
  const out = new MsgpackWriter(16);
  writePing(out, 1, 0);
  return out.bytes();
}

function ackFrame(ticks: number): Uint8Array {
  const out = new MsgpackWriter(8);
  writeAck(out, ticks);
  return out.bytes();
}

async function join(task: GeneratorTask): Promise<number> {
  const { server, seats, seed, storm = false, seatsPerAddress = seats } = task;
  const { ports = [server.port], paceMs = 0 } = task;
  const random = new Random(seed);
  const game = (server.hash === ships.hash ? ships : arenaOf(task.tickRate)) as unknown as Game;
  const hello = clientFrame(helloFrame(server.hash, server.room));
  const first = players.length;
  for (let i = 0; i < seats; i += CONNECTING) {
    const group = Array.from({ length: Math.min(CONNECTING, seats - i) }, (_, n) => {
      const script = new InputScript(game, random);
      const frames = new Map<Uint8Array, Uint8Array>();
      // 127.0.0.0/8 is all this machine; the first is left to others.
      const address = `127.0.1.${1 + Math.floor((i + n) / seatsPerAddress)}`;
      const next = (ticks: number) => framed(frames, script.next(ticks));
      return new Player(task, next, ports[(i + n) % ports.length], address);
    });
    await Promise.all(group.map(({ socket }) => socket.opened));
    if (!storm) for (const { socket } of group) socket.send(hello);
    players.push(...group);
    if (paceMs > 0) await wait(paceMs);
  }
  const mine = players.slice(first);
  if (storm) for (const { socket } of mine) socket.send(hello);
  await Promise.race([Promise.all(mine.map(({ joined }) => joined)), wait(JOIN_MS)]);
  return mine.filter(({ states }) => states > 0).length;
}

/** The WebSocket frame around a message, made once. */
function framed(known: Map<Uint8Array, Uint8Array>, message: Uint8Array): Uint8Array {
  let around = known.get(message);
  if (!around) {
    around = clientFrame(message);
    known.set(message, around);
  }
  return around;
}

function measure(): void {
  for (const player of players) {
    player.states = 0;
    player.stateBytes = player.missed = 0;
    player.rtts = [];
  }
  arrived.length = 0;
  cpu = process.cpuUsage();
  sinceMs = performance.now();
}

function report(): GeneratorFigures {
  const { user, system } = process.cpuUsage(cpu);
  const states = players.map((player) => player.states);
  const bytes = players.reduce((sum, player) => sum + player.stateBytes, 0);
  const ended = players.filter(({ socket }) => socket.closed !== '');
  return {
    states,
    bytesPerState: round(bytes / states.reduce((sum, count) => sum + count, 0), 1),
    arrivedMs: spread(arrived),
    core: round((user + system) / 1000 / (performance.now() - sinceMs), 2),
    missed: players.reduce((sum, player) => sum + player.missed, 0),
    rttMs: players.flatMap(({ rtts }) => rtts),
    closed: ended.length,
    reason: ended[0]?.socket.closed ?? '',
  };
}

function leave(): void {
  for (const { socket } of players.splice(0)) socket.close();
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

process.on('message', async (message) => {
  if (message === 'measure') measure();
  else if (message === 'report') process.send!(report());
  else if (message === 'leave') leave();
  else process.send!({ joined: await join(message as GeneratorTask) });
});
// The process that forked us is gone: so are we.
process.once('disconnect', () => process.exit(0));
