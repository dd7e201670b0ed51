// Under which addresses others in the local network reach this machine. Asked by servers that say
// where they are, once their port is open.
import { networkInterfaces } from 'node:os';

/** IPv4 only: a phone types those. */
export function lanAddresses(): string[] {
  const faces = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  return faces
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
