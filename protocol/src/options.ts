// Names that a game's author gives: an option or a hook that nobody reads would be passed over in
// silence where no compiler looks at it. Called by whatever takes options. Trap: a name that is
// there and undefined is judged as well.
import { UsageError } from './errors.ts';

/** Share of a name that may be typed otherwise before it is taken for another: `onJoin`, `join`. */
const MOST_EDITS = 1 / 2;

/**
 * Throws UsageError for the first name of `given` that `known` does not hold. It says the nearest
 * one, or all where none is near. `taker` begins the message: what the names are given to.
 */
export function checkNames(taker: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const nearest = nearestOf(name, known);
    const cure = nearest ? `did you mean ${nearest}?` : `it takes ${known.join(', ') || 'none'}`;
    throw new UsageError(`${taker} has no ${name}: ${cure}`);
  }
}

function nearestOf(name: string, known: readonly string[]): string | undefined {
  let least = name.length * MOST_EDITS;
  let nearest: string | undefined;
  for (const each of known) {
    const edits = editsBetween(name.toLowerCase(), each.toLowerCase());
    if (edits > least || (edits === least && nearest)) continue;
    least = edits;
    nearest = each;
  }
  return nearest;
}

/** Letters put in, left out or replaced that make `b` of `a` (Levenshtein). */
function editsBetween(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const edits = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      edits.push(Math.min(replaced, above[j] + 1, edits[j - 1] + 1));
    }
    above = edits;
  }
  return above[b.length];
}
