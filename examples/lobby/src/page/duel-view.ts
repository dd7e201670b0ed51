// A duel over the page: the field, the scores, the clock, and the button that kills the duel's own
// shard. Open as long as its session lives; a line that breaks leaves the picture standing.

import { button, make, setText } from '@tickwire/kit/dom';
import { duel } from '../duel-game.ts';
import { GOLDEN_WORTH } from '../rules.ts';
import { Controls } from './controls.ts';
import { Rows } from './dom.ts';
import { COLORS, FieldCanvas } from './field-canvas.ts';
import { type Outage, OutageWatch } from './outage.ts';
import { type DuelClient, ended } from './rooms.ts';

type View = ReturnType<DuelClient['view']>;

interface Score {
  readonly id: number;
  readonly name: string;
  readonly hue: number;
  readonly score: number;
}

export class DuelView {
  readonly root = make('section', 'duel');
  readonly #field = new FieldCanvas();
  readonly #controls = new Controls(this.#field.canvas, this.#field.toWorld);
  readonly #scores: Rows<Score>;
  readonly #clock = make('p', 'clock');
  readonly #place = make('p', 'place');
  readonly #note = make('p', 'note');
  readonly #kill: HTMLButtonElement;
  readonly #report: (outage: Outage) => void;
  /** For tests: the session, and a hand on the controls. */
  client: DuelClient | undefined;

  constructor(report: (outage: Outage) => void) {
    this.#report = report;
    const scores = make('ul', 'scores');
    this.#scores = new Rows(scores, ({ id }) => id, scoreOf, fillScore);
    this.#kill = button('danger', 'kill -9', () => {
      setText(this.#note, '');
      this.client?.call('kill', {}).catch((error: Error) => setText(this.#note, error.message));
    });
    const top = make('header', 'row');
    const leave = button('', 'Leave', () => this.client?.leave());
    top.append(scores, leave);
    const bottom = make('footer', 'row');
    bottom.append(this.#place, this.#kill);
    const box = make('div', 'box');
    box.append(this.#field.canvas, this.#clock, this.#note);
    this.root.append(top, box, bottom);
    this.root.hidden = true;
  }

  readonly sample = this.#controls.sample;

  /** Resolves when the duel is over, or left. */
  async play(client: DuelClient): Promise<void> {
    this.client = client;
    this.#controls.release();
    client.on('taken', ({ at, golden, hue }) => {
      this.#field.taken(at, golden ? GOLDEN_WORTH : 1, hue);
    });
    const watch = new OutageWatch(client, this.#report);
    let isOver = false;
    const draw = (nowMs: number) => {
      if (isOver) return;
      requestAnimationFrame(draw);
      this.#draw(client, watch, nowMs);
    };
    setText(this.#note, '');
    this.root.hidden = false;
    requestAnimationFrame(draw);
    await ended(client);
    isOver = true;
    this.root.hidden = true;
    this.client = undefined;
  }

  #draw(client: DuelClient, watch: OutageWatch, nowMs: number): void {
    const view = client.view();
    const mine = view.mine('player');
    if (mine) Object.assign(this.#controls.self, { x: mine.position.x, y: mine.position.y });
    watch.look(view.state, mine?.score);
    this.#field.draw(view, nowMs);
    this.#scores.draw([...view.all('player')].sort((a, b) => a.hue - b.hue));
    const isLive = client.status.state === 'live';
    const { port, pid, mayKill } = view.state;
    this.root.classList.toggle('away', !isLive);
    setText(this.#clock, isLive ? clockText(view) : 'Its shard is gone. Coming back…');
    this.#clock.classList.toggle('big', isLive && view.state.phase !== 'playing');
    setText(this.#place, `shard :${port}`);
    setText(this.#kill, `kill -9 ${pid}`);
    this.#kill.hidden = !isLive || !mayKill;
  }
}

function clockText(view: View): string {
  const { phase, endTick } = view.state;
  const seconds = Math.max(0, Math.ceil((endTick - view.tick) / duel.tickRate));
  switch (phase) {
    case 'waiting':
      return 'The others are on their way…';
    case 'ready':
      return `${seconds}`;
    case 'playing':
      return `${seconds} s`;
    case 'over':
      return resultText([...view.all('player')]);
  }
}

function resultText(players: readonly { name: string; score: number }[]): string {
  const best = Math.max(...players.map(({ score }) => score));
  const winners = players.filter(({ score }) => score === best);
  return winners.length === 1 ? `${winners[0].name} wins` : 'A draw';
}

function scoreOf({ hue }: Score): HTMLElement {
  const li = make('li', 'score');
  li.style.setProperty('--hue', COLORS[hue]);
  li.append(make('span'), make('span', 'points'));
  return li;
}

function fillScore(li: HTMLElement, { name, score }: Score): void {
  setText(li.children[0], name);
  setText(li.children[1], String(score));
}
