// Empties dist before a build, so that a file renamed or removed in src leaves nothing behind.
// Called by `npm run build`; tsc rebuilds everything because its build info lives in dist too.
import { rmSync } from 'node:fs';

for (const name of ['protocol', 'server', 'client']) {
  rmSync(new URL(`../${name}/dist`, import.meta.url), { recursive: true, force: true });
}
