// What a lobby room and its page agree on. Everything is a row, the lines of the chat too: who
// comes later sees them, and a shard that takes the room over has them from its checkpoint.
import { bool, choice, command, defineGame, int, text } from '@tickwire/protocol';
import { LINE_LENGTH, NAME_LENGTH, ROOM_LENGTH, USER_LENGTH, whereabouts } from './rules.ts';

const name = () => text(NAME_LENGTH);
const user = () => text(USER_LENGTH);
const room = () => text(ROOM_LENGTH);

export const lobby = defineGame({
  tickRate: 10,
  /** `mayKill`: the server was started with --allow-kill. */
  state: { ...whereabouts, mayKill: bool() },
  entities: {
    /** Everybody who is online, in this lobby room (`here`) or another one. */
    visitor: {
      user: user(),
      name: name(),
      lobby: room(),
      port: whereabouts.port,
      here: bool(),
      doing: choice('lobby', 'party', 'duel'),
      away: bool(),
      heardTick: int(0, 2 ** 30).serverOnly(),
    },
    line: { mark: choice('said', 'news'), name: name(), port: whereabouts.port, text: text(200) },
    /** A duel that is played somewhere. */
    duel: {
      room: room(),
      port: whereabouts.port,
      phase: choice('waiting', 'ready', 'playing', 'over', 'gone'),
      standing: text(120),
      heardTick: int(0, 2 ** 30).serverOnly(),
    },
    leader: { place: int(0, 100), user: user(), name: name(), points: int(0, 1_000_000) },
  },
  events: { invited: { by: name(), party: room() } },
  commands: {
    say: command({ line: text(LINE_LENGTH) }),
    rename: command({ name: name() }),
    invite: command({ user: user(), party: room() }),
    kill: command({}),
  },
});
