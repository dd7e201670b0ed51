// Names and chat lines as the server lets them through: cleaned, cut, and not too many.
// Called by `field.ts` for commands and at the join. The page still shows them by textContent only.

import { CHAT_LENGTH, NAME_LENGTH } from '../rules.ts';

/** How much a seat may still say: a bucket that fills with the room's ticks. */
export interface Allowance {
  lines: number;
  atTick: number;
}

/** Lines a seat can say in one go: a greeting and an answer or two. */
const BURST_LINES = 4;

/**
 * Ticks until one more line is allowed: 1.5 s at 30 Hz, faster than anyone types something worth
 * reading.
 */
const TICKS_PER_LINE = 45;

/**
 * Control, invisible and direction-changing characters: they would let a name pose as another or
 * turn a line round.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

function cleaned(text: string, maxCharacters: number): string {
  const plain = text.normalize('NFC').replace(UNSEEN, ' ').replace(/\s+/gu, ' ').trim();
  return [...plain].slice(0, maxCharacters).join('').trim();
}

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
