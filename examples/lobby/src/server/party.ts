// The parties: private rooms, found by who has the id. Who presses play has the room ask for a
// place in the queue for all of them together, and hand each member a ticket of his own. Traps:
// members' tokens are not kept, so the room asks with passes that it signs (account.ts); and the
// party waits at the shard that was asked, so that is where members go.

import { cleaned } from '@tickwire/kit/words';
import { defineRoom, Refusal, type Room, type RoomKind } from '@tickwire/server';
import { party } from '../party-game.ts';
import { LINE_LENGTH, MOST_PLAYERS } from '../rules.ts';
import type { Account, Accounts } from './account.ts';
import type { ThisShard } from './this-shard.ts';

type PartyRoom = Room<typeof party, Account, undefined>;

/** Lines of its chat that who comes new still sees. */
const LINES = 30;

/** What POST /rooms/:kind answers to several tokens. */
interface Places {
  room: string;
  tickets: string[];
}

export function partyRoom(accounts: Accounts, shard: ThisShard): RoomKind {
  return defineRoom(party, {
    authenticate: accounts.authenticate,
    user: ({ user }) => user,
    seats: MOST_PLAYERS,
    join(room, seat) {
      const { user, name } = seat.auth;
      room.spawn('member', { user, name }, seat);
      addLine(room, 'news', '', `${name} is in`);
    },
    leave: (room, { auth }) => addLine(room, 'news', '', `${auth.name} is gone`),
    commands: {
      say(room, seat, { line }) {
        const text = cleaned(line, LINE_LENGTH);
        if (text !== '') addLine(room, 'said', seat.auth.name, text);
      },
      async play(room) {
        const members = [...room.seats].filter(({ connected }) => connected);
        const tokens = members.map(({ auth }) => accounts.pass(auth));
        const { room: id, tickets } = await askPlaces(shard.url, tokens);
        for (const [n, seat] of members.entries())
          room.emit('go', { room: id, ticket: tickets[n], port: shard.port }, { to: seat });
      },
    },
  });
}

function addLine(room: PartyRoom, mark: 'said' | 'news', name: string, text: string): void {
  room.spawn('line', { mark, name, text });
  const lines = [...room.all('line')].sort((a, b) => a.id - b.id);
  for (const line of lines.slice(0, Math.max(lines.length - LINES, 0))) room.despawn(line);
}

/** Rejects with Refusal. */
async function askPlaces(url: string, tokens: readonly string[]): Promise<Places> {
  const body = JSON.stringify({ tokens });
  const answer = await fetch(`${url}/rooms/duel`, { method: 'POST', body }).catch(() => undefined);
  if (!answer?.ok) throw new Refusal('There is no duel for all of you just now. Try again.');
  return answer.json() as Promise<Places>;
}
