// Writes vectors.json anew: npx tsx --conditions=source protocol/conformance/make-vectors.ts. Run
// it when the wire was changed on purpose; vectors.test.ts fails until it was.
import { writeFileSync } from 'node:fs';
import { textOfVectors } from './text-of-vectors.ts';

const text = textOfVectors();
writeFileSync(new URL('./vectors.json', import.meta.url), text);
console.log(`vectors.json: ${text.length} characters`);
