// Certificates for tests, made when they run: no key is kept in the repository. Used by
// tls.test.ts; it needs the openssl program, and says so where there is none.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsFiles } from '../src/index.ts';

/** Why no certificate can be made here; undefined where one can. */
export const opensslMissing = ((): string | undefined => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no openssl program';
  }
})();

/** A folder with self-signed pairs, and the two files that a server reads. */
export class SelfSigned {
  readonly files: TlsFiles;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tickwire-tls-'));

  /** Makes a pair for each common name and puts the first one in place. */
  constructor(names: readonly string[]) {
    this.files = { certFile: this.path('server.crt'), keyFile: this.path('server.key') };
    for (const name of names) {
      const out = ['-keyout', this.path(`${name}.key`), '-out', this.path(`${name}.crt`)];
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      const request = ['req', '-x509', ...key, ...out, '-subj', `/CN=${name}`, '-days', '2'];
      execFileSync('openssl', request, { stdio: 'ignore' });
    }
    this.put(names[0]);
  }

  path(file: string): string {
    return join(this.#folder, file);
  }

  /** The pair of a name takes the place that the server reads. */
  put(name: string, keyOf = name): void {
    copyFileSync(this.path(`${name}.crt`), this.files.certFile);
    copyFileSync(this.path(`${keyOf}.key`), this.files.keyFile);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
