// Lines that come and go: the kill feed under the map and the chat log. Text only; names are
// strangers' words.

import { make } from '@tickwire/kit/dom';
import { css, hueColor } from './palette.ts';

/** A part of a line: plain, or coloured by a player's hue. */
export interface Part {
  text: string;
  hue?: number;
}

export class Feed {
  readonly root: HTMLElement;
  readonly #most: number;
  readonly #stayMs: number;

  /** Keeps at most `most` lines, each for `stayMs` milliseconds. */
  constructor(className: string, most: number, stayMs: number) {
    this.root = make('div', className);
    this.#most = most;
    this.#stayMs = stayMs;
  }

  add(parts: readonly Part[], className = ''): void {
    const line = make('p', className);
    for (const part of parts) {
      const piece = make('span', '', part.text);
      if (part.hue !== undefined) piece.style.color = css(hueColor(part.hue));
      line.append(piece);
    }
    this.root.append(line);
    while (this.root.childElementCount > this.#most) this.root.firstElementChild?.remove();
    setTimeout(() => line.remove(), this.#stayMs);
  }
}
