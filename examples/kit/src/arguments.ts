// What somebody gave a server on its command line or in its environment, and what is wrong with it
// in a sentence. Used by the servers of the arena and the lobby before they start anything.

/** `name` as it was given: `--port`, or PORT. Throws an Error that says what it takes. */
export function wholeNumber(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${name} takes a whole number from ${least} to ${most}, not "${text}".`);
}
