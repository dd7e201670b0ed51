// The certificate of a server that ends TLS itself: two PEM files, checked before a transport takes
// them, and watched for their renewal. Used by the transports and by serve(). Trap: a renewal
// writes one file after the other, so a pair that does not fit is an error now and may be good at
// the next look.

import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { UsageError } from '@tickwire/protocol';

/** PEM files. `certFile` holds the server's certificate first, then those between it and a root. */
export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

/** As `node:https` takes them. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Older ones are broken (RFC 8996); uWebSockets.js offers none of them either. */
export const MIN_TLS_VERSION = 'TLSv1.2';

/** Throws UsageError if a file cannot be read, is no PEM, or the key is another certificate's. */
export function readCertificate({ certFile, keyFile }: TlsFiles): Certificate {
  try {
    const certificate = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    createSecureContext(certificate);
    return certificate;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(
      `tls: certFile ${certFile} and keyFile ${keyFile} are no pair of PEM files (${why}); give ` +
        'the certificate chain and the private key that belongs to it',
      { cause },
    );
  }
}

/**
 * Calls `changed` when a file was written or replaced, links followed, up to `everyMs` later.
 * Answers how to stop. Looks at times of change by itself: a watch on a name is lost with the file.
 */
export function watchCertificate(
  files: TlsFiles,
  everyMs: number,
  changed: () => void,
): () => void {
  const paths = [files.certFile, files.keyFile];
  for (const path of paths) watchFile(path, { interval: everyMs, persistent: false }, changed);
  return () => {
    for (const path of paths) unwatchFile(path, changed);
  };
}
