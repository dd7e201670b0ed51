// Names and lines as the server lets them through: cleaned, cut, and not too many. Called by the
// rooms for what visitors type; pages show them as text, never as markup.
import { LINE_LENGTH, NAME_LENGTH } from '../rules.ts';

/**
 * Control, invisible and direction-changing characters: they would let a name pose as another or
 * turn a line round.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

function cleaned(text: string, maxCharacters: number): string {
  const plain = text.normalize('NFC').replace(UNSEEN, ' ').replace(/\s+/gu, ' ').trim();
  return [...plain].slice(0, maxCharacters).join('').trim();
}

/** '' if nothing of it is left. */
export function cleanName(name: string): string {
  return cleaned(name, NAME_LENGTH);
}

/** '' if nothing of it is left. */
export function cleanLine(line: string): string {
  return cleaned(line, LINE_LENGTH);
}

/** How much somebody may still say: a bucket that fills with the room's ticks. Plain data. */
export interface Allowance {
  lines: number;
  atTick: number;
}

/** Lines in one go: a greeting and an answer or two. */
const BURST_LINES = 4;
/** Ticks until one more line is allowed: 1.5 s at 10 Hz, faster than anyone types. */
const TICKS_PER_LINE = 15;

export function newAllowance(tick: number): Allowance {
  return { lines: BURST_LINES, atTick: tick };
}

/** Takes one line from the allowance. False if there is none left. */
export function maySpeak(allowance: Allowance, tick: number): boolean {
  const earned = (tick - allowance.atTick) / TICKS_PER_LINE;
  allowance.lines = Math.min(BURST_LINES, allowance.lines + earned);
  allowance.atTick = tick;
  if (allowance.lines < 1) return false;
  allowance.lines -= 1;
  return true;
}
