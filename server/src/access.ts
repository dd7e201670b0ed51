// Who may come in, and through whom: pages by their origin, proxies by their address, and in
// production no plain line over a network. Judged once, at the start, by serve.ts; what is judged
// at each handshake is origin.ts and proxies.ts.
import { UsageError } from '@tickwire/protocol';
import type { Log } from './log.ts';
import { checkOriginList, type OriginRules } from './origin.ts';
import { isLoopback, TrustedProxies } from './proxies.ts';
import type { ServeOptions, Settings } from './serve-options.ts';

/** Who may come in, and through whom. Throws UsageError for what would let in too much. */
export function accessOf(
  options: ServeOptions,
  { production, host, log, trustedProxies }: Settings,
): { rules: OriginRules; proxies: TrustedProxies; proofFirst: boolean } {
  const { origins = [], allowNoOrigin = false, authenticateBefore = 'seat' } = options;
  if (authenticateBefore !== 'seat' && authenticateBefore !== 'upgrade')
    throw new UsageError(`authenticateBefore: ${authenticateBefore}: wants 'upgrade' or 'seat'`);
  const rules = { origins, production, allowNoOrigin };
  checkOrigins(rules, log);
  const proxies = new TrustedProxies(trustedProxies);
  if (production && trustedProxies.length === 0 && !options.tls) checkPlain(options, host);
  return { rules, proxies, proofFirst: authenticateBefore === 'upgrade' };
}

/** Throws UsageError for a bad entry; warns where the page loads but its sockets are refused. */
function checkOrigins({ origins, production, allowNoOrigin }: OriginRules, log: Log): void {
  checkOriginList(origins);
  if (production && origins.length === 0 && !allowNoOrigin)
    log.warn("in production no page may connect unless listed: origins: ['https://your.page']");
}

/** Throws UsageError where players' bytes would cross a network that anybody may read. */
function checkPlain({ transport }: ServeOptions, host: string): void {
  // A transport that was made elsewhere has its own way out to the network, or none.
  if (typeof transport === 'object' || isLoopback(host)) return;
  throw new UsageError(
    `production: plain ws on ${host} would send what players say, and their keys, in the open. ` +
      'Give tls: { certFile, keyFile }, or name the proxy that ends TLS, trustedProxies: ' +
      "['10.0.0.7'] (or TRUSTED_PROXIES), or let only this machine in, host: '127.0.0.1'",
  );
}
