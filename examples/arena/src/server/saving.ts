// What a match keeps beside its rows, as plain data and back: so that it goes on in another process
// when its own is gone. Called by `field.ts` for each checkpoint, about once a second.

import type { Allowance } from '@tickwire/kit/words';
import type { EntityId } from '@tickwire/protocol';
import type { Room } from '@tickwire/server';
import type { arena } from '../game.ts';
import { Bot, type Mind } from './bot.ts';
import type { Guest, Match, PlayerId } from './match.ts';

export interface SavedMatch {
  /** Players and their cards, by id. */
  cards: [PlayerId, EntityId<'card'>][];
  bots: [PlayerId, Readonly<Mind>][];
  allowances: [number, Allowance][];
}

export function saveMatch({ cards, bots, allowances }: Match): SavedMatch {
  return {
    cards: [...cards].map(([player, card]) => [player, card.id]),
    bots: [...bots].map(([player, bot]) => [player, bot.mind]),
    allowances: [...allowances],
  };
}

/** The rows are there already. */
export function loadMatch(
  room: Room<typeof arena, Guest>,
  { cards, bots, allowances }: SavedMatch,
  wantedBots: number,
): Match {
  return {
    cards: new Map(cards.map(([player, card]) => [player, room.get('card', card)!])),
    bots: new Map(bots.map(([player, mind]) => [player, Bot.from(mind)])),
    allowances: new Map(allowances),
    wantedBots,
  };
}
