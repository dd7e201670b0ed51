// What the files of a lobby call its room and its seats. No behaviour in here.

import type { Allowance } from '@tickwire/kit/words';
import type { Room, Seat } from '@tickwire/server';
import type { lobby } from '../lobby-game.ts';
import type { Account } from './account.ts';

export interface LobbyData {
  /** How much each seat may still say, by seat id. */
  allowances: Map<number, Allowance>;
  /** As users were last called, the newest last: for the board. */
  names: Map<string, string>;
}

export type LobbyRoom = Room<typeof lobby, Account, LobbyData>;
export type LobbySeat = Seat<typeof lobby, Account>;
