// A chat: lines that are rows of a room, and a field to say something. For the lobby and for a
// party.

import { button, make } from '@tickwire/kit/dom';
import { LINE_LENGTH } from '../rules.ts';
import { field, panel, Rows } from './dom.ts';

/** A row of a chat. */
export interface Line {
  readonly id: number;
  readonly mark: 'said' | 'news';
  readonly name: string;
  readonly text: string;
  /** Of the shard where it was said. */
  readonly port?: number;
}

/** How far from the end, px, a reader still wants to be taken along. */
const NEAR_END = 60;

export class Chat {
  readonly root: HTMLElement;
  readonly #lines = make('div', 'lines');
  readonly #rows = new Rows<Line>(this.#lines, ({ id }) => id, lineOf);
  readonly #note = make('p', 'note');

  /** `say` rejects with what is to be told. */
  constructor(title: string, hint: string, say: (line: string) => Promise<unknown>) {
    this.root = panel('chat', title);
    const send = async (text: string) => {
      const line = text.trim();
      if (line === '') return;
      input.value = '';
      this.#note.textContent = '';
      await say(line).catch((error: Error) => {
        this.#note.textContent = error.message;
        input.value ||= line;
      });
    };
    const input = field(hint, LINE_LENGTH, (text) => void send(text));
    const row = make('div', 'row');
    row.append(
      input,
      button('', 'Say', () => void send(input.value)),
    );
    this.#lines.setAttribute('role', 'log');
    this.root.append(this.#lines, this.#note, row);
  }

  draw(lines: Iterable<Line>): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#lines;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    const isNew = this.#rows.draw([...lines].sort((a, b) => a.id - b.id));
    if (isNew && isAtEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
  }
}

function lineOf({ mark, name, port, text }: Line): HTMLElement {
  const line = make('p', mark);
  if (name) line.append(make('b', '', name), ' ');
  if (mark === 'said' && port) line.append(make('small', '', `:${port}`), ' ');
  line.append(text);
  return line;
}
