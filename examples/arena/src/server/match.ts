// What a running match remembers beside its rows, and the words the server's files share for them.
// Made by `field.ts` when a room opens, or goes on in another process; read by combat, spawning,
// bots and talk. No behaviour in here.

import type { Allowance } from '@tickwire/kit/words';
import type { EntityId, LiveRowOf } from '@tickwire/protocol';
import type { Room, Seat } from '@tickwire/server';
import type { arena } from '../game.ts';
import type { Bot } from './bot.ts';

export type PlayerId = EntityId<'player'>;
export type PlayerRow = LiveRowOf<typeof arena, 'player'>;
export type CardRow = LiveRowOf<typeof arena, 'card'>;
export type ShotRow = LiveRowOf<typeof arena, 'shot'>;

/** What a seat's token became: the name it asked for, cleaned. */
export interface Guest {
  name: string;
}

export interface Match {
  /** The card of every player, by the player's id. */
  cards: Map<PlayerId, CardRow>;
  /** The minds of the bots, by the id of the ship each one flies. */
  bots: Map<PlayerId, Bot>;
  /** How much each seat may still say, by seat id. */
  allowances: Map<number, Allowance>;
  /** Bots this room wants when there is space for them. */
  wantedBots: number;
}

export type ArenaSeat = Seat<typeof arena, Guest>;
export type ArenaRoom = Room<typeof arena, Guest, Match>;

/** Data of the timers of a room. */
export interface Timers {
  respawn: { player: PlayerId };
  restock: { kit: EntityId<'kit'> };
}
