// What every HTTP answer tells a browser, so that no answer depends on who wrote it: added by the
// transports to answers of handlers and to refusals of their own. Trap: what an answer says itself
// wins, so a page may bring its own Content-Security-Policy.

import type { HttpResponse } from './transport.ts';

/** An answer that is no page loads nothing and stands in no frame. */
const DEFAULT_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // Room ids stand in paths.
  'referrer-policy': 'no-referrer',
};

/**
 * A year, as the preload lists ask; subdomains are the operator's to decide (RFC 6797 6.1). A
 * browser heeds it only over TLS without errors, so a self-signed certificate binds nobody.
 */
const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' };

/** `secure`: TLS lies between the browser and us, ended here or at a trusted proxy. */
export function withSecurityHeaders(response: HttpResponse, secure: boolean): HttpResponse {
  const headers = {
    ...DEFAULT_HEADERS,
    ...(secure ? STRICT_TRANSPORT : {}),
    ...response.headers,
  };
  return { ...response, headers };
}
