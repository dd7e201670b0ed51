// The chat: a log of the last lines and a field that opens with Enter. The server cleans and counts
// lines; a line it refuses comes back as a sentence in the log.

import { make } from '@tickwire/kit/dom';
import { CHAT_LENGTH } from '../rules.ts';
import { Feed } from './feed.ts';

/** Lines kept on the screen, and how long each, ms. */
const LINES = 7;
const STAY_MS = 14_000;

/** Sends a line; answers '' or why not. */
export type Say = (line: string) => Promise<string>;

export class Chat {
  readonly root = make('div', 'chat');
  readonly #log = new Feed('log', LINES, STAY_MS);
  readonly #field = make('input');
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
    this.#field.type = 'text';
    this.#field.maxLength = CHAT_LENGTH;
    this.#field.placeholder = 'Say something to the room…';
    this.#field.setAttribute('aria-label', 'Chat');
    this.#field.hidden = true;
    this.#field.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Enter') void this.#send();
      if (event.key === 'Escape') this.close();
    });
    this.#field.addEventListener('blur', () => this.close());
    this.root.append(this.#log.root, this.#field);
  }

  open(): void {
    this.#field.hidden = false;
    this.#field.focus();
  }

  close(): void {
    this.#field.hidden = true;
    this.#field.value = '';
    this.#field.blur();
  }

  async #send(): Promise<void> {
    const line = this.#field.value.trim();
    this.close();
    if (line === '') return;
    const refusal = await this.#say(line);
    if (refusal) this.notice(refusal);
  }

  /** Somebody's line. */
  line(name: string, hue: number, text: string): void {
    this.#log.add([{ text: `${name}: `, hue }, { text }]);
  }

  /** Something the room says. */
  notice(text: string): void {
    this.#log.add([{ text }], 'notice');
  }
}
