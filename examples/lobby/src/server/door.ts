// One address in front of all shards, as a balancer is in front of machines: whoever comes in by it
// gets a shard that answers, also while another one is dead. Run by the parent of the shards. A
// demo's: in production nginx or HAProxy stand here (docs/proxies), which say who the visitor is.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Listens. `ports`: of the shards. Each visitor gets another one first. */
export async function openDoor(port: number, ports: readonly number[]): Promise<Server> {
  let visitors = 0;
  const door = createServer((visitor) => {
    const first = visitors++;
    lead(
      visitor,
      ports.map((_, n) => ports[(first + n) % ports.length]),
    );
  });
  door.listen(port);
  await once(door, 'listening');
  return door;
}

/** To the first that answers; what the visitor says meanwhile waits. */
function lead(visitor: Socket, [port, ...others]: readonly number[]): void {
  if (port === undefined) {
    visitor.destroy();
    return;
  }
  const shard = connect(port, '127.0.0.1');
  const refused = () => lead(visitor, others);
  shard.once('error', refused);
  shard.once('connect', () => {
    shard.off('error', refused);
    // Frames of a game are small and wait for nothing.
    for (const socket of [visitor.setNoDelay(), shard.setNoDelay()])
      socket.on('error', () => {
        visitor.destroy();
        shard.destroy();
      });
    visitor.pipe(shard).pipe(visitor);
    visitor.once('close', () => shard.destroy());
    shard.once('close', () => visitor.destroy());
  });
}
