// Whether a page of this origin may open a socket: the answer to cross-site WebSocket hijacking,
// which CORS does not cover. Called before the upgrade; a refusal names the setting that would
// allow it, for the log, never for the peer. Trap: the Origin header proves nothing about a peer
// that is not a browser; it is no authentication.

import { UsageError } from '@tickwire/protocol';

export interface OriginRules {
  /**
   * Exact origins, such as `https://play.example` or `http://10.0.0.5:8080`. No paths, no
   * wildcards.
   */
  readonly origins: readonly string[];
  /** In production nothing passes but what `origins` lists. */
  readonly production: boolean;
  /** Whether a handshake without Origin (a bot, a native client) passes in production. */
  readonly allowNoOrigin: boolean;
}

/** `setting`: what to write in the options of serve() to let this origin in; for the log. */
export type OriginVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: string; readonly setting: string };

interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

/** RFC 6454 7: the port that an origin leaves out. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** A page of the developer's own machine, on whatever port its tool took. */
const LOCAL_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const ALLOWED: OriginVerdict = { allowed: true };

/**
 * `origin` and `host` are the headers as sent. An absent Origin passes outside production, and in
 * production only with `allowNoOrigin`: every browser sends one, so a game whose players are
 * browsers loses nothing, and whoever runs bots against a live server says so. Same-host pages pass
 * outside production only: behind DNS rebinding, Host is the attacker's.
 */
export function checkOrigin(
  origin: string | undefined,
  host: string | undefined,
  rules: OriginRules,
): OriginVerdict {
  if (origin === undefined) {
    if (!rules.production || rules.allowNoOrigin) return ALLOWED;
    return {
      allowed: false,
      reason: 'the handshake has no Origin header',
      setting: 'allowNoOrigin: true',
    };
  }
  const page = parseOrigin(origin);
  if (!page) {
    const reason =
      origin === 'null'
        ? "the page's origin is 'null': a file, a sandboxed frame or a redirect"
        : 'the Origin header is not an origin';
    return { allowed: false, reason, setting: 'serve the page over http(s) from a listed origin' };
  }
  if (rules.origins.some((listed) => isSame(page, parseOrigin(listed)))) return ALLOWED;
  if (!rules.production && (LOCAL_HOSTS.has(page.host) || page.host === hostName(host)))
    return ALLOWED;
  const text = originText(page);
  return {
    allowed: false,
    reason: `origin ${text} is not listed`,
    setting: `origins: ['${text}']`,
  };
}

/**
 * Throws UsageError for an entry that could never match. For start-up: a typing mistake would only
 * show as 403.
 */
export function checkOriginList(origins: readonly string[]): void {
  for (const entry of origins) {
    if (!parseOrigin(entry))
      throw new UsageError(
        `origins has ${JSON.stringify(entry)}; write scheme://host or scheme://host:port, ` +
          'without a path, a closing slash or a wildcard',
      );
  }
}

/**
 * Strict on purpose: whatever is not a serialised origin (user info, path, escapes) is undefined,
 * not repaired.
 */
function parseOrigin(text: string): Origin | undefined {
  const match = /^(https?):\/\/([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(text);
  if (!match) return undefined;
  const scheme = match[1].toLowerCase();
  const port = match[3] === undefined ? DEFAULT_PORTS[scheme] : Number(match[3]);
  return { scheme, host: match[2].toLowerCase(), port };
}

function isSame(one: Origin, other: Origin | undefined): boolean {
  return one.scheme === other?.scheme && one.host === other.host && one.port === other.port;
}

function originText({ scheme, host, port }: Origin): string {
  return `${scheme}://${host}${port === DEFAULT_PORTS[scheme] ? '' : `:${port}`}`;
}

/** A Host header without its port. */
function hostName(host: string | undefined): string | undefined {
  return host?.toLowerCase().replace(/:\d+$/, '');
}
