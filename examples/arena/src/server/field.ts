// The rooms of the arena: who may join, what happens in a tick and in which order, what a seat may
// ask for. Puts together combat, spawning, bots and talk; `server.ts` serves it. The order of a
// tick stands in `tick` below.

import { maySpeak, newAllowance } from '@tickwire/kit/words';
import { defineRoom, type RoomKind } from '@tickwire/server';
import { type Answer, arena } from '../game.ts';
import {
  ARENA_SIZE,
  CALM_WAIT,
  MAX_HP,
  MAX_PLAYERS,
  RADAR_EVERY,
  REPAIR_HP,
  REPAIR_REACH,
  REPAIR_WAIT,
  TICK_RATE,
  TICKS_PER_HP,
  VIEW_RADIUS,
} from '../rules.ts';
import type { Senses } from './bot.ts';
import { fireWeapons, flyRockets } from './combat.ts';
import type { ArenaRoom, Guest, Match, PlayerId, PlayerRow, Timers } from './match.ts';
import { loadMatch, type SavedMatch, saveMatch } from './saving.ts';
import { addBot, addKits, addPlayer, removePlayer, respawn, sweepRadar } from './spawning.ts';
import { cleanLine, cleanName, uniqueName } from './talk.ts';

/** Milliseconds a dropped player's ship waits for it: a tunnel, a lift, a change of network. */
const GRACE_MS = 20_000;

/** How much likelier a bot looks for a person than for another bot. */
const PEOPLE_PULL = 2;

/** Where spectators look: the middle, where most ways cross. */
const CENTRE = { x: ARENA_SIZE / 2, y: ARENA_SIZE / 2 };

export interface ArenaRoomOptions {
  /** Bots wanted, as far as MAX_PLAYERS leaves space for them. */
  bots: number;
  /** Open from the start, and kept when nobody is in it. */
  keep: boolean;
}

export function arenaRoom({ bots: wantedBots, keep }: ArenaRoomOptions): RoomKind {
  return defineRoom(arena, {
    seats: MAX_PLAYERS,
    keep,
    graceMs: GRACE_MS,
    spectators: MAX_PLAYERS,
    authenticate: (token): Guest => ({ name: cleanName(token) || 'Guest' }),
    open(room): Match {
      addKits(room);
      return { cards: new Map(), bots: new Map(), allowances: new Map(), wantedBots };
    },
    save: ({ data }): SavedMatch => saveMatch(data),
    load: (room, saved) => loadMatch(room, saved, wantedBots),
    join(room, seat) {
      room.data.allowances.set(seat.id, newAllowance(room.tick));
      if (seat.spectator) return;
      const player = addPlayer(room, seat.auth.name, seat);
      room.emit('notice', { line: `${nameOf(room, player)} joined` });
    },
    tick: advance,
    drop(room, seat) {
      const player = seat.own('player');
      if (player) room.emit('notice', { line: `${nameOf(room, player)} lost the line` });
    },
    resume(room, seat) {
      const player = seat.own('player');
      if (player) room.emit('notice', { line: `${nameOf(room, player)} is back` });
    },
    leave(room, seat) {
      room.data.allowances.delete(seat.id);
      const player = seat.own('player');
      if (!player) return;
      room.emit('notice', { line: `${nameOf(room, player)} left` });
      removePlayer(room, player.id);
    },
    interest: { around: (seat) => seat.own('player') ?? CENTRE, radius: VIEW_RADIUS },
    timers: {
      respawn: (room, { player }: Timers['respawn']) => respawn(room, player),
      restock(room, { kit }: Timers['restock']) {
        const row = room.get('kit', kit);
        if (row) row.ready = true;
      },
    },
    commands: {
      chat(room, seat, { line }): Answer {
        const player = seat.own('player');
        const said = cleanLine(line);
        if (!player || said === '') return { ok: false, reason: 'There was nothing to say.' };
        const allowance = room.data.allowances.get(seat.id);
        if (!allowance || !maySpeak(allowance, room.tick, TICK_RATE))
          return { ok: false, reason: 'Slow down: one line every second and a half.' };
        room.emit('chat', { name: nameOf(room, player), hue: player.hue, line: said });
        return { ok: true, reason: '' };
      },
      rename: (room, seat, { name }): Answer => rename(room, seat.own('player'), name),
    },
  });
}

/** One tick, after every seat's ship has taken its step. */
function advance(room: ArenaRoom, dt: number): void {
  keepBotCount(room);
  // Nobody is there to see it: the room waits.
  if ([...room.seats].length === 0) return;
  flyBots(room);
  fireWeapons(room);
  flyRockets(room, dt);
  for (const player of room.all('player')) mend(room, player);
  if (room.tick % RADAR_EVERY === 0) sweepRadar(room);
}

/** Bots fill the room up to what was wanted and make way for people. */
function keepBotCount(room: ArenaRoom): void {
  const { cards, bots, wantedBots } = room.data;
  const people = cards.size - bots.size;
  const wanted = Math.min(wantedBots, MAX_PLAYERS - people);
  // One a tick is enough in both directions, and spreads the cost of the first ticks.
  if (bots.size < wanted) addBot(room);
  else if (bots.size > wanted) {
    const [oldest] = bots.keys();
    removePlayer(room, oldest);
  }
}

function flyBots(room: ArenaRoom): void {
  const senses = sensesIn(room);
  for (const [id, bot] of room.data.bots) {
    const ship = room.get('player', id);
    if (ship?.flying) room.step(ship, bot.decide(ship, senses));
  }
}

function sensesIn(room: ArenaRoom): Senses {
  return {
    tick: room.tick,
    random: () => room.random(),
    ships: (x, y, radius) => room.near('player', x, y, radius),
    rockets: (x, y, radius) => room.near('shot', x, y, radius),
    *kits() {
      for (const kit of room.all('kit')) if (kit.ready) yield kit;
    },
    rumour() {
      // People are where it is worth going: each counts as much as PEOPLE_PULL bots.
      const ids = [...room.data.cards.keys()].flatMap((id) =>
        new Array<PlayerId>(room.data.bots.has(id) ? 1 : PEOPLE_PULL).fill(id),
      );
      return room.get('player', ids[Math.floor(room.random() * ids.length)]);
    },
  };
}

/** Shields run out, hulls mend in calm, and kits in reach are taken. */
function mend(room: ArenaRoom, player: PlayerRow): void {
  if (!player.flying) return;
  if (player.shieldTicks > 0) player.shieldTicks -= 1;
  player.shield = player.shieldTicks > 0;
  player.calmTicks += 1;
  const mending = player.calmTicks > CALM_WAIT && player.calmTicks % TICKS_PER_HP === 0;
  if (mending) player.hp = Math.min(MAX_HP, player.hp + 1);
  if (player.hp === MAX_HP) return;
  for (const kit of room.near('kit', player.x, player.y, REPAIR_REACH)) {
    if (!kit.ready) continue;
    kit.ready = false;
    player.hp = Math.min(MAX_HP, player.hp + REPAIR_HP);
    room.emit('mended', { player: player.id, x: kit.x, y: kit.y }, { near: kit });
    room.after(REPAIR_WAIT, 'restock', { kit: kit.id });
    return;
  }
}

function nameOf(room: ArenaRoom, player: PlayerRow): string {
  return room.data.cards.get(player.id)?.name ?? 'Somebody';
}

function rename(room: ArenaRoom, player: PlayerRow | undefined, name: string): Answer {
  const wished = cleanName(name);
  const card = player && room.data.cards.get(player.id);
  if (!card || wished === '') return { ok: false, reason: 'A name needs at least one letter.' };
  if (card.name === wished) return { ok: true, reason: '' };
  const taken = new Set([...room.data.cards.values()].map((other) => other.name));
  const before = card.name;
  card.name = uniqueName(wished, taken);
  room.emit('notice', { line: `${before} is now ${card.name}` });
  return { ok: true, reason: '' };
}
