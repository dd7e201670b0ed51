// Bytes of an INPUT as a real client sends it: connect(), a real room, a line of 40 ms with a
// little jitter, and virtual time, so that a minute of play takes no minute. What travels beside
// the input itself (how late things are shown, which STATE was applied) is what a player's would
// be.
import { connect } from '@tickwire/client';
import {
  angle,
  bool,
  defineGame,
  FrameType,
  fixed,
  int,
  type Link,
  Random,
} from '@tickwire/protocol';
import { simulateLink, VirtualTime } from '@tickwire/protocol/simulator';
import {
  createMemoryTransport,
  defineRoom,
  type MemoryTransport,
  type Server,
  serve,
} from '@tickwire/server';
import { round } from './figures.ts';
import { MemorySocket } from './virtual-page.ts';
import { maskedHeaderBytes } from './wire-costs.ts';
import { HZ } from './workload.ts';

const LINE = { latencyMs: 40, jitterMs: 5, stallMs: 0, stallEveryMs: 0, bandwidthKbps: 0 };
/** A page draws 60 times a second. */
const FRAME_MS = 1000 / 60;
const STRIDE_MS = 1;
/** By then shown time and lead have settled. */
const WARM_MS = 15_000;
const COUNTED_MS = 60_000;

const playerGame = defineGame({
  tickRate: HZ,
  entities: {
    player: { x: fixed(0, 4096, 1 / 16).smooth(), y: fixed(0, 4096, 1 / 16).smooth() },
  },
  input: { dx: int(-1, 1), dy: int(-1, 1), aim: angle(10), fire: bool().press() },
  step: {
    player(self, { dx, dy }, { dt }) {
      self.x += dx * dt;
      self.y += dy * dt;
    },
  },
});

interface Input {
  dx: number;
  dy: number;
  aim: number;
  fire: boolean;
}

export interface InputFigures {
  /** Payload of one INPUT at 20 Hz while a key is held, mean. */
  readonly bytesPerMessage: number;
  /** The same with its WebSocket header, which has a mask. */
  readonly framedBytes: number;
  /** While the aim moves every tick, keys change twice a second, and a shot falls now and then. */
  readonly changing: { readonly bytesPerMessage: number; readonly framedBytes: number };
  readonly messagesPerS: number;
}

export async function measureInput(seed: number): Promise<InputFigures> {
  const held = await measure(seed, () => ({ dx: 1, dy: 0, aim: 0, fire: false }));
  const random = new Random(seed);
  const input: Input = { dx: 0, dy: 0, aim: 0, fire: false };
  const changing = await measure(seed, () => {
    if (random.next() < 2 / HZ) input.dx = random.integer(3) - 1;
    if (random.next() < 2 / HZ) input.dy = random.integer(3) - 1;
    // A hand turns up to a twentieth of the circle in a tick.
    input.aim += (random.next() + random.next() - 1) * (Math.PI / 10);
    input.fire = random.next() < 2 / HZ;
    return { ...input };
  });
  const { messagesPerS, ...bytes } = held;
  const { bytesPerMessage, framedBytes } = changing;
  return { ...bytes, changing: { bytesPerMessage, framedBytes }, messagesPerS };
}

/** `next` is asked for the input of each tick. */
async function measure(seed: number, next: () => Input) {
  const time = new VirtualTime();
  const transport = createMemoryTransport();
  const server = await serveRoom(seed, transport, time);
  const room = [...server.shard.rooms.values()][0];
  const counted = { messages: 0, bytes: 0, framed: 0 };
  const schedule = (ms: number, run: () => void) => void time.later(ms, run);
  const bad = (line: Link) =>
    simulateLink(line, { up: LINE, down: LINE, seed, now: time.now, schedule });
  let input = next();
  const joining = connect(playerGame, {
    url: 'ws://bench',
    room: 'field',
    seed,
    now: time.now,
    later: time.later,
    sample: () => input,
    link: (line) => watched(bad(line), counted),
    WebSocket: class extends MemorySocket {
      constructor() {
        super(transport.connect(), time);
      }
    },
  });
  let client: Awaited<typeof joining> | undefined;
  joining.then((joined) => {
    client = joined;
  });
  let drawMs = time.nowMs;
  const warmMs = time.nowMs + WARM_MS;
  while (time.nowMs < warmMs + COUNTED_MS) {
    time.moveTo(time.nowMs + STRIDE_MS);
    transport.pump();
    // Joining goes through promises; afterwards nothing does.
    if (!client) await new Promise((resolve) => setImmediate(resolve));
    if (room.run(time.nowMs) > 0) input = next();
    if (time.nowMs >= drawMs) {
      drawMs += FRAME_MS;
      client?.view();
    }
    if (time.nowMs === warmMs) Object.assign(counted, { messages: 0, bytes: 0, framed: 0 });
  }
  client?.leave();
  await server.close();
  return {
    bytesPerMessage: round(counted.bytes / counted.messages, 3),
    framedBytes: round(counted.framed / counted.messages, 3),
    messagesPerS: round((counted.messages * 1000) / COUNTED_MS, 2),
  };
}

function serveRoom(seed: number, transport: MemoryTransport, time: VirtualTime): Promise<Server> {
  const field = defineRoom(playerGame, {
    seats: 1,
    seed,
    keep: true,
    join: (room, seat) => void room.spawn('player', { x: 2048, y: 2048 }, seat),
  });
  const options = { ticking: false, signals: false, log: 'silent' } as const;
  return serve({ rooms: { field }, transport, now: time.now, findDesyncs: false, ...options });
}

/** The same link; INPUTs that go through it are counted. */
function watched(link: Link, counted: { messages: number; bytes: number; framed: number }): Link {
  const send = link.send.bind(link);
  link.send = (bytes) => {
    if (bytes[1] === FrameType.Input) {
      counted.messages++;
      counted.bytes += bytes.length;
      counted.framed += bytes.length + maskedHeaderBytes(bytes.length);
    }
    send(bytes);
  };
  return link;
}
