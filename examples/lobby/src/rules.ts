// The numbers that server and page share: sizes of names and fields, how a duel is played. Nothing
// of the framework in here but the two fields by which a room says where it runs.
import { int } from '@tickwire/protocol';

/** UTF-16 units of a name, and of a line of chat. */
export const NAME_LENGTH = 20;
export const LINE_LENGTH = 160;
/** A user's public id: hex digits (server/account.ts). */
export const USER_LENGTH = 16;
/** A room's id: a kind, `-` and a number. */
export const ROOM_LENGTH = 40;

/** Players of a duel: two are enough, and no more than four. */
export const FEWEST_PLAYERS = 2;
export const MOST_PLAYERS = 4;

/** World units of the field's sides, of a player's square and of what it collects. */
export const FIELD = 640;
export const PLAYER_SIZE = 36;
export const COIN_SIZE = 22;
/** World units a second: across the field in two seconds. */
export const SPEED = 320;
/** Coins that lie on the field; each is worth one, a golden one three. */
export const COINS = 5;
export const GOLDEN_WORTH = 3;

/** Where a room runs: the port and the process of its shard. Linux counts pids to 2^22. */
export const whereabouts = { port: int(0, 65_535), pid: int(0, 2 ** 22) };
