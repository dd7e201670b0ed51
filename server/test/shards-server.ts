// The arcade on several shards of this machine, each of which says on stdout what it sees in their
// directory, whenever that changes. Run by shards.test.ts in processes of its own, with or without
// SHARDS; TICKET_KEY, TRANSPORT and PORT come from the environment.
import { setTimeout as wait } from 'node:timers/promises';
import { DirectoryError, type ServeOptions, type Server, serve } from '../src/index.ts';
import { arcade } from './arcade.ts';

const BUILD = 'watched';
const { SHARDS, TICKET_KEY, TRANSPORT = 'ws' } = process.env;
const options: ServeOptions = {
  rooms: { field: arcade() },
  host: '127.0.0.1',
  transport: TRANSPORT as 'uws' | 'ws',
  ...(TICKET_KEY && { ticketKey: Buffer.from(TICKET_KEY) }),
};
const server = await serve(SHARDS ? { ...options, shards: Number(SHARDS) } : options);

/** Ends with the parent. */
async function watch({ directory, url, port, shard: { rooms } }: Server): Promise<void> {
  const id = `shard-${process.pid}`;
  const load = { load: 0, rooms: 0, seats: 0, draining: false };
  const facts = { kind: 'watch', build: BUILD, seats: 1, match: '', hidden: false };
  const room = { ...facts, id: `room-${process.pid}` };
  const claim = await directory.claim(room, { shard: id, url });
  if (!claim.won) throw new Error('a new room has an owner');
  for (let before = ''; ; await wait(20)) {
    // Who has not said so for six seconds is forgotten, and a busy machine takes longer to start.
    await directory.announce({ id, url, build: BUILD, ...load });
    await directory.renew([{ id: room.id, epoch: claim.epoch }]);
    // The servers say that they are there as well, under ids that nobody knows.
    const told = (await directory.shards()).filter(({ build }) => build === BUILD);
    const shards = told.map((shard) => shard.id).sort();
    const watched = (await directory.rooms('watch')).filter(({ orphan }) => !orphan);
    const owned = watched.map((room) => room.id).sort();
    const now = JSON.stringify({ pid: process.pid, port, shards, owned, playing: rooms.size });
    if (now !== before) console.log(now);
    before = now;
  }
}

if ('directory' in server)
  await watch(server).catch((error) => {
    if (!(error instanceof DirectoryError)) throw error;
  });
