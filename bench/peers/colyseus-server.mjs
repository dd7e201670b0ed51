// A Colyseus server on its uWebSockets transport, to be loaded by colyseus-load.mjs:
// `node --import tsx colyseus-server.mjs --port P --entities N --seats N --radius R|none --hz 20`.
// One room of the arena. It waits until all seats are taken, warms up, measures, prints a JSON line
// each second and a last one over everything measured, and ends. Bound to 127.0.0.1.
// Room and patch run on one schedule of ours (patchRate null, broadcastPatch by hand, as Colyseus
// offers): its own two intervals drift apart and would blur what a tick costs.
import { parseArgs } from 'node:util';
import { ColyseusArena } from './colyseus-arena.mjs';
import { core, LocalTransport } from './colyseus-local.mjs';
import { Watch } from './watch.mjs';

const { Room, Server } = core;

/** Longest wait for the seats to be taken. */
const JOIN_MS = 60_000;
/** Behind by more ticks than this, the schedule gives them up: it would never catch up. */
const MAX_BEHIND_TICKS = 5;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '27960' },
    entities: { type: 'string', default: '200' },
    seats: { type: 'string', default: '200' },
    radius: { type: 'string', default: 'none' },
    hz: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    warm: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
  },
});
const seats = Number(values.seats);
const n = Number(values.entities);
const tickMs = 1000 / Number(values.hz);
const radius = values.radius === 'none' ? undefined : Number(values.radius);

/** @typedef {import('@colyseus/core').Client} Client */
/**
 * The one room, once it is there.
 * @type {ArenaRoom}
 */
let room;

class ArenaRoom extends Room {
  maxClients = seats;
  patchRate = null;
  autoDispose = false;
  seatReservationTimeout = JOIN_MS / 1000;
  /** The newest input of each seat since the last tick, and the number of all that came. */
  held = new Map();
  inputCount = 0;
  /** Seats so far. Each follows a ship of its own while there are ships enough. */
  joined = 0;

  world = new ColyseusArena({ n, seed: Number(values.seed), radius });
  state = this.world.state;

  onCreate() {
    this.onMessage(0, (/** @type {Client} */ client, /** @type {object} */ input) => {
      this.held.set(client.sessionId, input);
      this.inputCount++;
    });
    room = this;
  }

  /** @param {Client} client */
  onJoin(client) {
    client.userData = this.world.open(this.joined++ % n);
    if (client.userData) client.view = client.userData.view;
  }

  /** @param {Client} client */
  onLeave(client) {
    this.world.close(client.userData);
    this.held.delete(client.sessionId);
  }

  tick() {
    this.held.clear();
    this.world.step();
    this.broadcastPatch();
  }
}

const server = new Server({
  transport: new LocalTransport(),
  greet: false,
  gracefullyShutdown: false,
});
server.define('arena', ArenaRoom);
await server.listen(Number(values.port));
await core.matchMaker.createRoom('arena', {});
say({ listening: Number(values.port) });
run();

/** Ticks from now on, until all is measured or nobody came. */
function run() {
  const watch = new Watch({ warm: Number(values.warm), seconds: Number(values.seconds), say });
  const giveUpMs = performance.now() + JOIN_MS;
  let dueMs = performance.now() + tickMs;
  const next = () => {
    // A timer may fire a little early.
    if (performance.now() < dueMs) return void setTimeout(next, dueMs - performance.now());
    const beganMs = performance.now();
    room.tick();
    const endedMs = performance.now();
    const full = room.clients.length === seats;
    watch.tick({ lateMs: beganMs - dueMs, endMs: endedMs - dueMs, full, inputs: room.inputCount });
    if (watch.over) end({ ...watch.summary(), seats: room.clients.length });
    if (!watch.running && endedMs > giveUpMs) end({ error: `${room.clients.length} seats came` });
    dueMs += tickMs;
    if (endedMs - dueMs > MAX_BEHIND_TICKS * tickMs) {
      watch.lose(endedMs - dueMs);
      dueMs = endedMs;
    }
    setTimeout(next, Math.max(dueMs - performance.now(), 0));
  };
  setTimeout(next, tickMs);
}

/** @param {object} figures */
function say(figures) {
  console.log(JSON.stringify(figures));
}

/** @param {object} figures */
function end(figures) {
  say(figures);
  process.exit(0);
}
