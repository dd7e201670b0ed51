// What a party and its page agree on: friends in a private room, whose id is the invitation.
// Whoever presses play takes all of them along.
import { choice, command, defineGame, text } from '@tickwire/protocol';
import { LINE_LENGTH, NAME_LENGTH, ROOM_LENGTH, USER_LENGTH, whereabouts } from './rules.ts';

export const party = defineGame({
  tickRate: 10,
  entities: {
    member: { user: text(USER_LENGTH), name: text(NAME_LENGTH) },
    line: { mark: choice('said', 'news'), name: text(NAME_LENGTH), text: text(200) },
  },
  /** A place in the queue, for this member alone, at the shard of that port. */
  events: { go: { room: text(ROOM_LENGTH), ticket: text(600), port: whereabouts.port } },
  commands: { say: command({ line: text(LINE_LENGTH) }), play: command({}) },
});
