// Names and chat lines as the arena lets them through. Called by `field.ts` for commands and at the
// join. The page still shows them by textContent only.
import { cleaned } from '@tickwire/kit/words';
import { CHAT_LENGTH, NAME_LENGTH } from '../rules.ts';

/** A name as it may be shown; '' if nothing of it is left. At most NAME_LENGTH characters. */
export function cleanName(name: string): string {
  return cleaned(name, NAME_LENGTH);
}

/** A chat line as it may be shown; '' if nothing of it is left. */
export function cleanLine(line: string): string {
  return cleaned(line, CHAT_LENGTH);
}

/** The name itself, or with the first free number behind it if somebody has it. */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) {
    const ending = ` ${number}`;
    const stem = [...name].slice(0, NAME_LENGTH - ending.length).join('');
    const next = stem + ending;
    if (!taken.has(next)) return next;
  }
}
