// A server that a player can hang, in a process of its own: `quiet` rooms count, and a command to a
// `loud` room never returns, in the way it names. Run by watchdog.test.ts, by itself, by
// supervised-server.ts or as a shard; PORT, TRANSPORT and HANG_MS come from the environment.
import { pathToFileURL } from 'node:url';
import { choice, command, defineGame, int } from '@tickwire/protocol';
import { defineRoom, serve } from '../src/index.ts';

/** What the metrics are read with. */
export const TOKEN = 'a-token-of-many-characters';

export const game = defineGame({
  tickRate: 20,
  state: { process: int(0, 2 ** 31) },
  entities: {},
  commands: { hang: command({ how: choice('loop', 'later', 'tick') }) },
});

function loopForEver(): never {
  for (let turns = 0; ; turns = (turns + 1) % 1000);
}

const room = () => {
  let stuck = false;
  return defineRoom(game, {
    open(room) {
      room.state.process = process.pid;
    },
    tick() {
      if (stuck) loopForEver();
    },
    commands: {
      hang: (_room, _seat, { how }) => {
        if (how === 'loop') loopForEver();
        if (how === 'later') setTimeout(loopForEver, 0);
        if (how === 'tick') stuck = true;
      },
    },
  });
};

if (import.meta.url === pathToFileURL(process.argv[1]!).href)
  await serve({
    rooms: { quiet: room(), loud: room() },
    host: '127.0.0.1',
    transport: process.env.TRANSPORT as 'uws' | 'ws',
    limits: { hangMs: Number(process.env.HANG_MS ?? 1000) },
    metrics: { token: TOKEN },
  });
