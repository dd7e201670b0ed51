// One line at the top that says what is wrong with the line to the server, and what is being done
// about it.

import { make } from '@tickwire/kit/dom';
import { button } from './dom.ts';
import type { SessionState } from './session.ts';

export class Banner {
  readonly root = make('div', 'banner');
  readonly #text = make('span');
  readonly #again: HTMLButtonElement;

  constructor(playAgain: () => void) {
    this.root.setAttribute('role', 'status');
    this.#again = button('', 'Play again', playAgain);
    this.root.append(make('i', 'spinner'), this.#text, this.#again);
    this.show({ kind: 'joining' });
  }

  show(state: SessionState): void {
    this.root.hidden = state.kind === 'live';
    this.root.dataset.kind = state.kind;
    this.#again.hidden = state.kind !== 'refused';
    this.#text.textContent = sentence(state);
  }
}

function sentence(state: SessionState): string {
  switch (state.kind) {
    case 'live':
      return '';
    case 'joining':
      return 'Joining…';
    case 'away':
      return `Server is away, trying again… attempt ${state.attempt}`;
    case 'refused':
      return state.sentence;
  }
}
