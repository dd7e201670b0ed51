// Who really asks, behind proxies: what X-Forwarded-For and X-Forwarded-Proto say counts only where
// the TCP peer is a proxy that the operator named. Asked by the edge for every request, before any
// limit per address. Trap: a client may send both headers itself, so the list is read from its
// right end, where the nearest proxy wrote, and never past the first address that is not named.

import { BlockList, isIP } from 'node:net';
import { UsageError } from '@tickwire/protocol';
import { plainAddress } from './request.ts';

/** Where a request comes from, once its proxies are seen through. */
export interface Peer {
  /** In the form of `plainAddress`. */
  readonly remoteAddress: string;
  /** TLS lies between this peer and us, ended here or at a named proxy. */
  readonly secure: boolean;
}

/** What a transport knows of a request; `secure` says that the transport itself ended TLS. */
export interface Arrival extends Peer {
  readonly headers: ReadonlyMap<string, string>;
}

export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #empty: boolean;

  /** Addresses (`10.0.0.7`, `fd00::7`) and CIDR blocks (`10.0.0.0/8`). Throws UsageError. */
  constructor(entries: readonly string[]) {
    this.#empty = entries.length === 0;
    for (const entry of entries) this.#add(entry);
  }

  /** Sees through named proxies to the first address that is none; `arrival` itself without one. */
  peerOf(arrival: Arrival): Peer {
    const { headers, remoteAddress, secure } = arrival;
    if (!this.names(remoteAddress)) return { remoteAddress, secure };
    const scheme = headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase();
    let address = remoteAddress;
    const hops = headers.get('x-forwarded-for')?.split(',') ?? [];
    for (let index = hops.length - 1; index >= 0 && this.names(address); index--) {
      const hop = addressOfHop(hops[index]);
      // What a named proxy wrote and is no address ('unknown'): the proxy stands for its client.
      if (hop === undefined) break;
      address = hop;
    }
    return { remoteAddress: address, secure: scheme === undefined ? secure : scheme === 'https' };
  }

  names(remoteAddress: string): boolean {
    if (this.#empty) return false;
    const family = isIP(remoteAddress);
    return family !== 0 && this.#list.check(remoteAddress, family === 4 ? 'ipv4' : 'ipv6');
  }

  #add(entry: string): void {
    const [address, bits, ...more] = String(entry).split('/');
    const family = isIP(address);
    const wide = family === 4 ? 32 : 128;
    const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= wide);
    // An IPv4 peer of an IPv6 socket is dotted by the time it is looked up.
    const mapped = family === 6 && isIP(plainAddress(address)) === 4;
    if (family === 0 || !fits || mapped || more.length > 0 || address.includes('%'))
      throw new UsageError(
        `trustedProxies has ${JSON.stringify(entry)}; write an address such as 10.0.0.7 or ` +
          'fd00::7, or a block such as 10.0.0.0/8; IPv4 without ::ffff:, and no host names',
      );
    this.#list.addSubnet(address, Number(bits ?? wide), family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** One entry of X-Forwarded-For; some proxies write a port behind it. */
function addressOfHop(text: string): string | undefined {
  const hop = text.trim();
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return isIP(bare) === 0 ? undefined : plainAddress(bare);
}

/** Addresses of this machine only: no other machine's bytes come in, encrypted or not. */
export function isLoopback(host: string): boolean {
  const address = plainAddress(host.replace(/^\[|\]$/g, ''));
  return host === 'localhost' || address === '0:0:0:0:0:0:0:1' || /^127\.[\d.]+$/.test(address);
}
