// One address in front of all shards, as a balancer is in front of machines: whoever comes in by it
// gets a shard that answers, also while another one is dead. Run by the parent of the shards. A
// demo's: in production nginx or HAProxy stand here (docs/proxies), which say who the visitor is.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

/** Listens. `ports`: of the shards. Each visitor gets another one first. */
export async function openDoor(port: number, ports: readonly number[]): Promise<Server> {
  let visitors = 0;
  const door = createServer((visitor) => {
    const first = visitors++ % ports.length;
    // Frames of a game are small and wait for nothing. What breaks a line also closes it.
    visitor.setNoDelay().on('error', () => {});
    lead(visitor, [...ports.slice(first), ...ports.slice(0, first)]);
  });
  door.listen(port);
  await once(door, 'listening');
  return door;
}

/** To the first that answers; what the visitor says meanwhile waits. */
function lead(visitor: Socket, [port, ...others]: readonly number[]): void {
  if (port === undefined) visitor.destroy();
  if (visitor.destroyed) return;
  const shard = connect(port, '127.0.0.1').setNoDelay();
  const next = () => lead(visitor, others);
  shard.once('error', next);
  shard.once('connect', () => {
    shard.off('error', next);
    // Closes both when one is closed.
    pipeline(visitor, shard, visitor, () => {});
  });
}
