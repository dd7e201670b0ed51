// What rooms tell each other, over all shards: the channels, and what is said on each. A room
// publishes and the others hear, at most once: what must not be lost is said again and again.
import type { Room } from '@tickwire/server';

export interface Channels {
  /** A line of chat, or news, for all lobbies. */
  chat: { mark: 'said' | 'news'; name: string; port: number; text: string };
  /** Who is in a lobby: every second, and when it changes. */
  online: {
    lobby: string;
    port: number;
    visitors: { user: string; name: string; doing: 'lobby' | 'party' | 'duel' }[];
  };
  /** How a duel stands: every second, and at its end. */
  duel: {
    room: string;
    port: number;
    phase: 'waiting' | 'ready' | 'playing' | 'over' | 'gone';
    standing: string;
  };
  /** What a duel came to: once. Points are on a board besides. */
  result: { room: string; players: { user: string; name: string; score: number }[] };
  /** For one visitor, by the topic `invitation.USER`: only the lobbies hear it that he is in. */
  invitation: { to: string; by: string; party: string };
}

/** `room.publish`, with the types above. */
export function tell<C extends keyof Channels>(
  room: Pick<Room, 'publish'>,
  channel: C,
  said: Channels[C],
): void {
  room.publish(channel, said);
}
