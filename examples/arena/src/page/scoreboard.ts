// The table of everyone in the room, best first. Held open with Tab, or by its button on a touch
// screen.

import { make } from '@tickwire/kit/dom';
import { css, hueColor } from './palette.ts';
import type { ShownCard } from './shown.ts';

/** Rows shown; the own row is added below if it is not among them. */
const ROWS = 16;

/** Cards by score, then kills, then fewer deaths, then name: an order that does not flicker. */
export function ranked(cards: Iterable<ShownCard>): ShownCard[] {
  return [...cards].sort(
    (a, b) =>
      b.score - a.score || b.kills - a.kills || a.deaths - b.deaths || (a.name < b.name ? -1 : 1),
  );
}

export class Scoreboard {
  readonly root = make('section', 'scoreboard panel');
  readonly #body = make('tbody');
  readonly #title = make('h2');

  constructor() {
    this.root.hidden = true;
    const table = make('table');
    const head = make('tr');
    for (const title of ['', 'Name', 'Score', 'Kills', 'Deaths'])
      head.append(make('th', '', title));
    const top = make('thead');
    top.append(head);
    table.append(top, this.#body);
    this.root.append(this.#title, table);
  }

  get open(): boolean {
    return !this.root.hidden;
  }

  set open(on: boolean) {
    this.root.hidden = !on;
  }

  /** Fills the table; does nothing while it is closed. */
  draw(order: readonly ShownCard[], selfId: number, room: string): void {
    if (!this.open) return;
    this.#title.textContent = `${order.length} players · room ${room}`;
    const rows: HTMLElement[] = [];
    order.forEach((card, index) => {
      if (index < ROWS || card.player === selfId) rows.push(this.#row(card, index + 1, selfId));
    });
    this.#body.replaceChildren(...rows);
  }

  #row(card: ShownCard, rank: number, selfId: number): HTMLElement {
    const row = make('tr', card.player === selfId ? 'self' : '');
    const name = make('td', 'name', card.name);
    name.style.color = css(hueColor(card.hue));
    if (card.bot) name.append(make('span', 'bot', 'bot'));
    row.append(make('td', 'rank', String(rank)), name);
    for (const value of [card.score, card.kills, card.deaths])
      row.append(make('td', 'number', String(value)));
    return row;
  }
}
