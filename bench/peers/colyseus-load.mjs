// The players of colyseus-server.mjs, in a process of their own:
// `node --import tsx colyseus-load.mjs --port P --seats N --hz 20`. Each takes a seat by Colyseus'
// matchmaking, joins over a WebSocket and sends an input every tick, spread over the tick; patches
// are counted, not decoded. Prints one JSON line over the measured seconds and ends.
import { parseArgs } from 'node:util';
import { pack } from 'msgpackr';
import { frameOf, RawSeat } from './raw-seat.mjs';
import { round } from './watch.mjs';

/** First bytes of Colyseus' messages. */
const JOIN_ROOM = 10;
const ROOM_DATA = 13;
const ROOM_STATE = 14;
const ROOM_STATE_PATCH = 15;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '27960' },
    seats: { type: 'string', default: '200' },
    hz: { type: 'string', default: '20' },
    warm: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
  },
});
const port = Number(values.port);
const seats = Number(values.seats);
const tickMs = 1000 / Number(values.hz);
/** Seats that join at a time. */
const JOINING = 20;
/** Longest wait for all seats to be taken. */
const JOIN_MS = 60_000;
/** Longest stay after the measuring. */
const LINGER_MS = 5000;
/** Portions of a tick that inputs are spread over. */
const PORTIONS = 10;

/** Two seconds of keys, as frames: a direction is held for half a second. */
const INPUTS = [
  { dx: 1, dy: 0 },
  { dx: 1, dy: 1 },
  { dx: -1, dy: 0 },
  { dx: -1, dy: -1 },
].map((input) => frameOf(Buffer.concat([Buffer.from([ROOM_DATA, 0]), pack(input)])));

/** @type {Player[]} */
const players = [];

class Player {
  patches = 0;

  /** @param {string} path */
  constructor(path) {
    this.joined = new Promise((resolve) => {
      this.seat = new RawSeat({
        port,
        path,
        heard: (type) => {
          if (type === ROOM_STATE_PATCH) this.patches++;
          else if (type === JOIN_ROOM) this.seat.send(frameOf(Buffer.from([JOIN_ROOM])));
          else if (type === ROOM_STATE) resolve(undefined);
        },
      });
    });
  }

  /** A seat, once its whole state came. */
  static async join() {
    const answer = await fetch(`http://127.0.0.1:${port}/matchmake/join/arena`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const seat = /** @type {Record<string, string>} */ (await answer.json());
    const { processId, roomId, sessionId } = seat;
    const player = new Player(`/${processId}/${roomId}?sessionId=${sessionId}`);
    await player.seat.opened;
    await player.joined;
    return player;
  }
}

setTimeout(() => process.exit(1), JOIN_MS + (+values.warm + +values.seconds) * 1000 + LINGER_MS);
while (players.length < seats) {
  const group = Array.from({ length: Math.min(JOINING, seats - players.length) }, Player.join);
  players.push(...(await Promise.all(group)));
}
console.error(`load: ${players.length} seats joined`);
const stop = sendInputs();
await wait(Number(values.warm) * 1000);
console.log(JSON.stringify(await measured()));
// The server measures a little longer: stay until it is gone.
for (let ms = 0; ms < LINGER_MS && players.some(({ seat }) => seat.closed === ''); ms += 100) {
  await wait(100);
}
stop();
for (const player of players) player.seat.close();
process.exit(0);

/** Every seat's input once a tick, a portion of the seats at a time. */
function sendInputs() {
  const began = performance.now();
  let portion = 0;
  /** @type {NodeJS.Timeout} */
  let timer;
  const next = () => {
    const frame = INPUTS[Math.floor((performance.now() - began) / 500) % INPUTS.length];
    for (let i = portion % PORTIONS; i < players.length; i += PORTIONS) {
      players[i].seat.send(frame);
    }
    portion++;
    timer = setTimeout(next, began + (portion * tickMs) / PORTIONS - performance.now());
  };
  next();
  return () => clearTimeout(timer);
}

async function measured() {
  const before = players.map(({ patches, seat }) => ({ patches, bytes: seat.bytes }));
  const cpu = process.cpuUsage();
  const began = performance.now();
  await wait(Number(values.seconds) * 1000);
  const { user, system } = process.cpuUsage(cpu);
  const ms = performance.now() - began;
  const patches = players.map((player, i) => player.patches - before[i].patches);
  const bytes = players.reduce((sum, { seat }, i) => sum + seat.bytes - before[i].bytes, 0);
  const got = patches.reduce((sum, count) => sum + count, 0);
  const due = ms / tickMs;
  return {
    seats: players.length,
    /** Seats to which at least 95 % of the patches came. */
    seatsServed: patches.filter((count) => count >= 0.95 * due).length,
    patchesPerSeatSecond: round((got / players.length / ms) * 1000),
    bytesPerPatch: round(bytes / got),
    bytesPerSeatSecond: round((bytes / players.length / ms) * 1000),
    closed: players.filter(({ seat }) => seat.closed !== '').length,
    core: round((user + system) / 1000 / ms),
  };
}

/** @param {number} ms */
function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
