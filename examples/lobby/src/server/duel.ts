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
import { killNews, type ThisShard } from './this-shard.ts';

type DuelRoom = Room<typeof duel, Account, undefined>;
type Phase = DuelRoom['state']['phase'];

/** How long a duel is waited for, and how long its phases last, seconds. */
export interface Pace {
  /** In the queue, for a third and fourth player. */
  queueSeconds: number;
  /** From the opening of the room, for those who are on their way to it. */
  arriveSeconds: number;
  readySeconds: number;
  playSeconds: number;
  /** For the result to be read. */
  overSeconds: number;
}

export const PACE: Pace = {
  queueSeconds: 4,
  arriveSeconds: 1,
  readySeconds: 2,
  playSeconds: 20,
  overSeconds: 6,
};

/** Who is alone after as long as a ticket is good has nobody to play with. */
const ALONE_SECONDS = 10;
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
    match: {
      queue: {
        players: MOST_PLAYERS,
        startWith: { players: FEWEST_PLAYERS, afterS: pace.queueSeconds },
      },
    },
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
    commands: {
      kill(room, { auth: { name } }) {
        shard.kill();
        tell(room, 'chat', killNews(name, shard));
      },
    },
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
  if (players === 0 && state.phase !== 'waiting') return room.close('everybody left');
  switch (state.phase) {
    case 'waiting':
      if (isComplete(room, players, pace)) {
        room.locked = true;
        enter(room, 'ready', pace.readySeconds);
      } else if (room.tick > ticksOf(ALONE_SECONDS)) room.close('nobody else came');
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

/** Who is not there now may still come: a ticket is good in a locked room. */
function isComplete(room: DuelRoom, players: number, { arriveSeconds }: Pace): boolean {
  if (players === MOST_PLAYERS) return true;
  return players >= FEWEST_PLAYERS && room.tick > ticksOf(arriveSeconds);
}

function enter(room: DuelRoom, phase: Phase, seconds: number): void {
  room.state.phase = phase;
  room.state.endTick = room.tick + ticksOf(seconds);
  tellStanding(room);
}

function ticksOf(seconds: number): number {
  return Math.round(seconds * duel.tickRate);
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
  // A room that goes on from a checkpoint may come by its end twice.
  for (const { user, score } of players) room.score('points', user, score, { once: 'over' });
  if (players.length > 0) tell(room, 'result', { room: room.id, players });
}
