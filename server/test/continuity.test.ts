// A player whose line is cut a hundred times, anywhere within a byte stream of either direction,
// over real sockets of both transports: every event, press and command is numbered, and none is
// lost or doubled. Ticks are run by hand and time is virtual; sockets are real, so every wait is
// for something to come.

import { CommandError, type ConnectOptions, connect, type Status } from '@tickwire/client';
import { bool, defineGame, int, Random } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { defineRoom, type GameRoom, type Server, serve } from '../src/index.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { TRANSPORTS } from './test-server.ts';

const game = defineGame({
  tickRate: 20,
  entities: { ship: { x: int(0, 1000), shots: int(0, 9999) } },
  input: { dx: int(-1, 1), fire: bool().press() },
  events: { told: { n: int(0, 99_999) } },
  commands: { note: { n: int(0, 99_999) } },
  step: {
    ship(self, { dx }) {
      self.x += dx;
    },
  },
});
const TICK_MS = 1000 / game.tickRate;
const CUTS = 100;
/** Bytes until a cut: from within the handshake, some 200 bytes, to two seconds of play. */
const MOST_BYTES = 900;
/** Presses and commands are further apart than anything that is late: those would be one press. */
const PRESS_TICKS = 6;
const COMMAND_TICKS = 4;
const EVENT_TICKS = 2;
/** Turns of the event loop in which what was written to a socket comes out of another. */
const SETTLE_TURNS = 12;
/** Turns without an answer, some seconds: none will come. */
const PATIENCE_TURNS = 200_000;

/** What the room was told, and what it told. */
interface Truth {
  events: number;
  presses: number;
  readonly notes: number[];
}

function counted(truth: Truth) {
  return defineRoom(game, {
    seats: 2,
    keep: true,
    join: (room, seat) => void room.spawn('ship', { x: 500 }, seat),
    tick(room) {
      for (const seat of room.seats) {
        const ship = seat.own('ship');
        if (ship && room.inputOf(ship)?.fire) truth.presses++;
      }
      if (room.tick % EVENT_TICKS === 0 && truth.events >= 0)
        room.emit('told', { n: ++truth.events });
    },
    commands: {
      note(_, __, { n }) {
        truth.notes.push(n);
        return n;
      },
    },
  });
}

let server: Server;
let proxy: CuttingProxy;
let leave = () => {};
afterEach(async () => {
  leave();
  await proxy.close();
  await server.close();
});

/** A server, a line to it and a player, whose time is moved on by hand. */
async function start(transport: 'uws' | 'ws', truth: Truth) {
  let nowMs = 1000;
  const now = () => nowMs;
  const timers = new Set<{ atMs: number; run: () => void }>();
  const later = (ms: number, run: () => void) => {
    const timer = { atMs: nowMs + ms, run };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  server = await serve({
    rooms: { field: counted(truth) },
    transport,
    port: 0,
    host: '127.0.0.1',
    ticking: false,
    signals: false,
    log: 'silent',
    now,
  });
  proxy = await CuttingProxy.start(server.port);
  const [room] = server.shard.rooms.values() as Iterable<GameRoom>;
  const step = async () => {
    nowMs += TICK_MS;
    room.run(nowMs);
    for (const timer of [...timers].sort((a, b) => a.atMs - b.atMs)) {
      if (timer.atMs > nowMs || !timers.delete(timer)) continue;
      timer.run();
    }
    for (let turn = 0; turn < SETTLE_TURNS; turn++) await new Promise(setImmediate);
  };
  const join = (sample: ConnectOptions<typeof game>['sample']) => {
    const line = { url: proxy.url, WebSocket, now, later, seed: 1, retryCapMs: 400 };
    return connect(game, { ...line, room: 'field', sample });
  };
  return { room, step, join };
}

/** Lets sockets move until it holds, or answers false. */
async function comes(holds: () => boolean): Promise<boolean> {
  for (let turns = 0; turns < PATIENCE_TURNS; turns++) {
    if (holds()) return true;
    await new Promise(setImmediate);
  }
  return false;
}

/** One who presses, calls and listens. */
class Player {
  /** Presses that were read. */
  pressed = 0;
  called = 0;
  ticks = 0;
  nextPress = 0;
  down = false;
  readonly heard: number[] = [];
  readonly statuses: Status[] = [];
  /** What became of each call, by number. */
  readonly outcomes = new Map<number, string>();

  sample = (): { dx: number; fire: boolean } => {
    // A key goes up before it goes down again.
    const fire = this.ticks >= this.nextPress && !this.down;
    this.down = fire;
    if (fire) {
      this.nextPress = this.ticks + PRESS_TICKS;
      this.pressed++;
    }
    return { dx: this.called % 3 === 0 ? 1 : 0, fire };
  };

  async note(call: (n: number) => Promise<unknown>): Promise<void> {
    const n = ++this.called;
    const outcome = await call(n).then(
      (answer) => (answer === n ? 'answered' : `answered ${answer}`),
      (error) => (error instanceof CommandError ? error.reason : String(error)),
    );
    this.outcomes.set(n, outcome);
  }
}

for (const { name, missing } of TRANSPORTS) {
  const skipped = missing ? ` (skipped: ${missing})` : '';
  describe.skipIf(missing !== undefined)(`over ${name}${skipped}`, () => {
    test('{S20, T11} [E3, I6, J7, J8] a hundred cuts lose and double nothing', async () => {
      const truth: Truth = { events: 0, presses: 0, notes: [] };
      const { room, step, join } = await start(name as 'uws' | 'ws', truth);
      const player = new Player();
      const random = new Random(1);
      const joining = join(player.sample);
      let client: Awaited<typeof joining> | undefined;
      joining.then((joined) => {
        client = joined;
      });
      while (!client) await step();
      leave = () => client!.leave();
      client.on('told', ({ n }) => void player.heard.push(n));
      client.onStatus((status) => void player.statuses.push(status));
      const play = async (tick: number) => {
        player.ticks = tick;
        if (tick % COMMAND_TICKS === 0) void player.note((n) => client!.call('note', { n }));
        client!.view();
        await step();
        if (client!.status.state !== 'live') return;
        const told = room.doneTick;
        await comes(() => proxy.open === 0 || client!.newest().tick >= told);
      };
      for (let tick = 1; proxy.cuts < CUTS; tick++) {
        proxy.next ??= {
          direction: random.integer(2) === 0 ? 'up' : 'down',
          afterBytes: 1 + random.integer(MOST_BYTES),
        };
        await play(tick);
      }
      proxy.next = undefined;
      // Nothing new: what is on its way comes.
      for (let rest = 0; rest < 8 * game.tickRate; rest++) {
        client.view();
        await step();
      }
      expect(client.status).toEqual({ state: 'live', fresh: false });
      const lives = player.statuses.filter(({ state }) => state === 'live');
      expect(lives.every((status) => status.state === 'live' && !status.lostEvents)).toBe(true);
      expect(lives.length).toBeGreaterThan(CUTS / 3);
      const [first] = player.heard;
      expect(first).toBeLessThan(20);
      const shown = truth.events - 20;
      expect(player.heard.slice(0, shown - first)).toEqual(
        Array.from({ length: shown - first }, (_, i) => first + i),
      );
      expect(truth.presses).toBe(player.pressed);
      expect(player.pressed).toBeGreaterThan(CUTS);
      const ran = [...player.outcomes].filter(([, outcome]) => outcome !== 'not-sent');
      expect(truth.notes).toEqual(ran.map(([n]) => n).sort((a, b) => a - b));
      const outcomes = new Set(player.outcomes.values());
      expect([...outcomes].sort()).toEqual(['answered', 'not-sent', 'unanswered']);
      expect(player.outcomes.size).toBe(player.called);
    }, 120_000);
  });
}
