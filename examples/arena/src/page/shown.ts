// The rows of the game as the page sees them, by name. Every drawing file takes these types, so
// that it does not matter whether a row is interpolated, predicted or raw.

import type { View } from '@tickwire/client';
import type { OwnRowOf, ShownRowOf } from '@tickwire/protocol';
import type { arena } from '../game.ts';

export type ArenaView = View<typeof arena>;
export type ShownPlayer = ShownRowOf<typeof arena, 'player'>;
/** The own ship: the fields only its owner receives are there. */
export type OwnPlayer = OwnRowOf<typeof arena, 'player'>;
export type ShownShot = ShownRowOf<typeof arena, 'shot'>;
export type ShownKit = ShownRowOf<typeof arena, 'kit'>;
export type ShownCard = ShownRowOf<typeof arena, 'card'>;
