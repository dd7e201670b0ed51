// The top of the page: on which shard one is, the button that kills it, and what came of that.
import { button, make, setText } from '@tickwire/kit/dom';
import { panel } from './dom.ts';
import { type Outage, outageText } from './outage.ts';
import type { LobbyClient } from './rooms.ts';

/** Outages that stay on the page. */
const KEPT = 4;

const WHAT_IT_DOES =
  'The process ends at once, without a word to anybody. The other shard claims its rooms within ' +
  'a moment, restores them from checkpoints mostly half a second old, and every page comes back ' +
  'to its seat by itself. The dead one starts again on its port.';

export class Whereabouts {
  readonly root = panel('where', 'Where you are');
  readonly #place = make('p', 'place', 'Looking for a lobby…');
  readonly #kill: HTMLButtonElement;
  readonly #outages = make('ul', 'outages');
  readonly #note = make('p', 'note');

  constructor(kill: () => Promise<unknown>) {
    this.#kill = button('danger', 'kill -9', () => {
      this.#note.textContent = '';
      kill().catch((error: Error) => {
        this.#note.textContent = error.message;
      });
    });
    const what = make('details');
    what.append(make('summary', '', 'What the button does'), WHAT_IT_DOES);
    // On a phone it would stand between the visitor and everything else.
    what.open = innerWidth > 860;
    this.root.append(this.#place, this.#kill, what, this.#note, this.#outages);
    this.draw(undefined);
  }

  draw(client: LobbyClient | undefined, view = client?.view()): void {
    const isLive = client?.status.state === 'live' && view !== undefined && view.state.pid !== 0;
    this.root.classList.toggle('away', !isLive);
    this.#kill.hidden = !(isLive && view.state.mayKill);
    if (isLive) {
      const { port, pid } = view.state;
      setText(this.#place, `${client.room} on shard :${port}`);
      setText(this.#kill, `kill -9 ${pid}`);
    } else if (client) setText(this.#place, `${client.room} · its shard is gone, coming back…`);
  }

  report(outage: Outage): void {
    this.#outages.prepend(make('li', 'outage', outageText(outage)));
    while (this.#outages.childElementCount > KEPT) this.#outages.lastElementChild?.remove();
  }
}
