// Ports for programs that a test starts by number. They are taken below those that the system hands
// out by itself: a port that it found free is anybody's again, and its neighbour was never asked.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Above 10,080, which `fetch` refuses, and below what Linux (from 32,768) and others hand out. */
const FIRST = 10_100;
const END = 32_768;

/** The first of `count` neighbouring ports that nobody listens on, at any address. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(FIRST, END - count + 1);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
}

/** One such port. */
export const freePort = (): Promise<number> => freePorts(1);

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await once(probe.listen({ port, exclusive: true }), 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
