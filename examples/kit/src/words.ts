// Names and lines of chat as a server lets them through: cleaned, cut, and not too many. Called by
// the rooms of the arena and the lobby for what players type; pages show it as text all the same.

/**
 * Control, invisible and direction-changing characters: they would let a name pose as another or
 * turn a line round.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

/** As it may be shown, in one line; '' if nothing of it is left. */
export function cleaned(text: string, maxCharacters: number): string {
  const plain = text.normalize('NFC').replace(UNSEEN, ' ').replace(/\s+/gu, ' ').trim();
  return [...plain].slice(0, maxCharacters).join('').trim();
}

/** How much somebody may still say: a bucket that fills with the room's ticks. Plain data. */
export interface Allowance {
  lines: number;
  atTick: number;
}

/** Lines in one go: a greeting and an answer or two. */
const BURST_LINES = 4;
/** Until one more is allowed: faster than anyone types something worth reading. */
const SECONDS_PER_LINE = 1.5;

export function newAllowance(tick: number): Allowance {
  return { lines: BURST_LINES, atTick: tick };
}

/** Takes one line from the allowance. False if there is none left. `tickRate` in Hz. */
export function maySpeak(allowance: Allowance, tick: number, tickRate: number): boolean {
  const earned = (tick - allowance.atTick) / (SECONDS_PER_LINE * tickRate);
  allowance.lines = Math.min(BURST_LINES, allowance.lines + earned);
  allowance.atTick = tick;
  if (allowance.lines < 1) return false;
  allowance.lines -= 1;
  return true;
}
