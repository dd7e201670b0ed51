// The lobby's server: reads the command line and serves three kinds of rooms on several shards of
// this machine. The script runs once in each shard, and in their parent, which opens the door.
// `npm start` builds the page before and lets visitors kill shards.
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { lanAddresses } from '@tickwire/kit/lan';
import { type Server, type ShardedOptions, serve } from '@tickwire/server';
import { type Arguments, HELP, readArguments } from './arguments.ts';
import { Accounts } from './server/account.ts';
import { openDoor } from './server/door.ts';
import { duelRoom } from './server/duel.ts';
import { BOARDS } from './server/leaders.ts';
import { lobbyRoom } from './server/lobby.ts';
import { partyRoom } from './server/party.ts';
import { ThisShard } from './server/this-shard.ts';

const given = readOrExit();
if (given.help) {
  console.log(HELP);
  process.exit();
}

// Shards have it from the parent, and those of several machines from you.
process.env.LOBBY_KEY ??= randomBytes(32).toString('hex');
const accounts = new Accounts(process.env.LOBBY_KEY);
const shard = new ThisShard({ mayKill: given.allowKill });
const { port } = given;

const options: ShardedOptions = {
  shards: given.shards,
  port: port && port + 1,
  rooms: {
    lobby: lobbyRoom(accounts, shard),
    duel: duelRoom(accounts, shard),
    party: partyRoom(accounts, shard),
  },
  boards: BOARDS,
  page: fileURLToPath(new URL('../dist', import.meta.url)),
  // A tab is in a lobby, a party and a duel at once.
  limits: { seatsPerUser: 12 },
  log: 'warn',
};
if (given.redis !== undefined) {
  const { redis } = await import('@tickwire/server/redis');
  options.directory = redis({ url: given.redis });
}

const server = await serve(options);
if ('shard' in server) {
  shard.port = server.port;
  shard.url = server.url;
  await openLobby(server, given.shards);
} else {
  const door = await openDoor(port, server.ports);
  const { port: opened } = door.address() as AddressInfo;
  console.log(`\n  Tickwire lobby, on shards :${server.ports.join(' and :')}`);
  console.log(`  Open it twice   http://localhost:${opened}/`);
  for (const address of lanAddresses())
    console.log(`  or in the LAN   http://${address}:${opened}/`);
  console.log('\n  Ctrl+C stops it.\n');
}

/** What the command line says; ends the process with 1 for what it does not understand. */
function readOrExit(): Arguments {
  try {
    return readArguments(process.argv.slice(2), process.env);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    process.exit(1);
  }
}

/**
 * A lobby for each shard. `keep` has the first shard that starts open lobby-0; each other one opens
 * the next that there is not. A shard that was killed finds its own on another one, and has none.
 */
async function openLobby({ shard: own, directory }: Server, lobbies: number): Promise<void> {
  for (let n = 1; n < lobbies; n++) {
    if ([...own.rooms.values()].some(({ kind }) => kind === 'lobby')) return;
    const id = `lobby-${n}`;
    // One that another shard opens at this very moment is refused.
    if (!(await directory.room(id))) await own.open('lobby', { id }).catch(() => {});
  }
}
