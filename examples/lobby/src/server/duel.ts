// The duels: two to four players, twenty seconds, whoever collects most. All that is to be known
// of one stands in its rows and its state, so that a shard that takes it over needs nothing else:
// no save, no load. Trap: the phase ends at a tick; a restored room goes on in the same tick.
import { defineRoom, type Room, type RoomKind } from '@tickwire/server';
import { duel } from '../duel-game.ts';
import {
  COIN_SIZE,
  COINS,
  FEWEST_PLAYERS,
  FIELD,
  GOLDEN_WORTH,
  MOST_PLAYERS,
  PLAYER_SIZE,
} from '../rules.ts';
import type { Account, Accounts } from './account.ts';
import { tell } from './between-rooms.ts';
import type { ThisShard } from './this-shard.ts';

type DuelRoom = Room<typeof duel, Account, undefined>;
type Phase = DuelRoom['state']['phase'];

/** How long the phases of a duel last, seconds. */
export interface Pace {
  /** For a third and fourth player, once there are two. */
  waitSeconds: number;
  readySeconds: number;
  playSeconds: number;
  /** For the result to be read. */
  overSeconds: number;
}

export const PACE: Pace = { waitSeconds: 4, readySeconds: 3, playSeconds: 20, overSeconds: 6 };

/** Coins lie further from the wall than this: where a square can reach them. */
const MARGIN = 40;
/** One coin in five is golden. */
const GOLDEN_CHANCE = 0.2;
/** Where players begin: a corner each. */
const CORNERS = [
  { x: 100, y: 100 },
  { x: FIELD - 100, y: FIELD - 100 },
  { x: FIELD - 100, y: 100 },
  { x: 100, y: FIELD - 100 },
];

export function duelRoom(accounts: Accounts, shard: ThisShard, pace: Pace = PACE): RoomKind {
  return defineRoom(duel, {
    authenticate: accounts.authenticate,
    user: ({ user }) => user,
    open: (room: DuelRoom) => void addCoins(room),
    seats: MOST_PLAYERS,
    // Who does not come back has lost by then.
    graceMs: 15_000,
    join(room, seat) {
      const taken = [...room.all('player')].map(({ hue }) => hue);
      const hue = CORNERS.findIndex((_, index) => !taken.includes(index));
      room.spawn('player', { position: CORNERS[hue], name: seat.auth.name, hue }, seat);
    },
    tick(room) {
      shard.tell(room.state);
      advance(room, pace);
      collect(room);
      // A second is soon for who looks on, and a message per tick would be for nobody.
      if (room.tick % duel.tickRate === 0) tellStanding(room);
    },
    close: (room) => tellStanding(room, 'gone'),
    commands: { kill: () => shard.kill() },
  });
}

function addCoins(room: DuelRoom): void {
  for (let n = 0; n < COINS; n++) room.spawn('coin', newCoin(room));
}

function newCoin(room: DuelRoom) {
  const at = () => Math.round(MARGIN + room.random() * (FIELD - 2 * MARGIN));
  return { position: { x: at(), y: at() }, golden: room.random() < GOLDEN_CHANCE };
}

/** From one phase to the next, when its time is over or there is nobody to wait for. */
function advance(room: DuelRoom, pace: Pace): void {
  const { state } = room;
  const players = [...room.all('player')].length;
  const isDue = state.endTick > 0 && room.tick >= state.endTick;
  switch (state.phase) {
    case 'waiting':
      if (players < FEWEST_PLAYERS) state.endTick = 0;
      else if (players === MOST_PLAYERS || isDue) {
        room.locked = true;
        enter(room, 'ready', pace.readySeconds);
      } else if (state.endTick === 0) state.endTick = ticksFromNow(room, pace.waitSeconds);
      break;
    case 'ready':
      if (isDue) begin(room, pace);
      break;
    case 'playing':
      if (isDue || players < FEWEST_PLAYERS) {
        enter(room, 'over', pace.overSeconds);
        tellResult(room);
      }
      break;
    case 'over':
      if (isDue) room.close('the duel is over');
  }
}

function enter(room: DuelRoom, phase: Phase, seconds: number): void {
  room.state.phase = phase;
  room.state.endTick = ticksFromNow(room, seconds);
  tellStanding(room);
}

function ticksFromNow(room: DuelRoom, seconds: number): number {
  return room.tick + Math.round(seconds * duel.tickRate);
}

/** What was collected while waiting does not count. */
function begin(room: DuelRoom, pace: Pace): void {
  for (const player of room.all('player')) {
    player.score = 0;
    player.position.set(CORNERS[player.hue].x, CORNERS[player.hue].y);
  }
  enter(room, 'playing', pace.playSeconds);
}

function collect(room: DuelRoom): void {
  if (room.state.phase === 'over') return;
  const reach = (PLAYER_SIZE + COIN_SIZE) / 2;
  for (const coin of room.all('coin')) {
    const { x, y } = coin.position;
    const [player] = room.near('player', x, y, reach);
    if (!player) continue;
    player.score += coin.golden ? GOLDEN_WORTH : 1;
    room.emit('taken', { hue: player.hue, at: { x, y }, golden: coin.golden });
    const next = newCoin(room);
    coin.position.set(next.position.x, next.position.y);
    coin.golden = next.golden;
  }
}

function tellStanding(room: DuelRoom, phase: Phase | 'gone' = room.state.phase): void {
  const standing = [...room.all('player')].map(({ name, score }) => `${name} ${score}`).join(' : ');
  tell(room, 'duel', { room: room.id, port: room.state.port, phase, standing });
}

function tellResult(room: DuelRoom): void {
  const players = [...room.seats].flatMap((seat) => {
    const row = seat.own('player');
    return row ? [{ user: seat.auth.user, name: row.name, score: row.score }] : [];
  });
  if (players.length > 0) tell(room, 'result', { room: room.id, players });
}
