// The player's own numbers on the screen: hit points, weapons, score and rank, line, crosshair, and
// who destroyed them. Written every frame through setText and transforms, so that a frame without
// change touches nothing.

import { make, setText } from '@tickwire/kit/dom';
import { DASH_WAIT, GUN_WAIT, MAX_HP, RESPAWN_WAIT, ROCKET_WAIT, TICK_RATE } from '../rules.ts';
import { css, hueColor } from './palette.ts';
import type { OwnPlayer, ShownCard } from './shown.ts';

/** What the HUD is drawn from. */
export interface HudFrame {
  self: OwnPlayer | undefined;
  card: ShownCard | undefined;
  rank: number;
  players: number;
  rttMs: number;
  framesPerSecond: number;
  nowMs: number;
}

/** Milliseconds the red edge and the hit cross stay. */
const HURT_MS = 450;
const HIT_MS = 130;

/** Milliseconds the line about the keys stays on the screen. */
const HINT_MS = 14_000;

class Gauge {
  readonly root: HTMLElement;
  readonly #fill = make('i');

  constructor(className: string, label: string) {
    this.root = make('div', `gauge ${className}`);
    this.root.append(this.#fill, make('span', '', label));
  }

  /** 0..1 */
  set(share: number): void {
    this.#fill.style.transform = `scaleX(${Math.max(0, Math.min(1, share)).toFixed(3)})`;
    this.root.classList.toggle('ready', share >= 1);
  }
}

export class Hud {
  readonly vitals = make('div', 'vitals');
  readonly standing = make('div', 'standing panel');
  readonly line = make('div', 'line');
  readonly overlay = make('div', 'screen-edge');
  readonly crosshair = make('div', 'crosshair');
  readonly death = make('div', 'death');
  readonly hint = make('div', 'hint');
  readonly #hp = make('b', 'hp-number');
  readonly #hpBar = make('i');
  readonly #gun = new Gauge('gun', 'Gun');
  readonly #rocket = new Gauge('rocket', 'Rocket');
  readonly #dash = new Gauge('dash', 'Dash');
  readonly #score = make('b');
  readonly #rank = make('span');
  readonly #deathText = make('h2');
  readonly #deathCount = make('p');
  #hurtAt = Number.NEGATIVE_INFINITY;
  #hitAt = Number.NEGATIVE_INFINITY;
  #diedAt = 0;
  #wasFlying = true;
  #killer = '';

  constructor() {
    const bar = make('div', 'hp-bar');
    bar.append(this.#hpBar);
    const hp = make('div', 'hp');
    hp.append(this.#hp, bar);
    const gauges = make('div', 'gauges');
    gauges.append(this.#gun.root, this.#rocket.root, this.#dash.root);
    this.vitals.append(hp, gauges);
    this.standing.append(this.#score, this.#rank);
    this.death.append(this.#deathText, this.#deathCount);
    this.death.hidden = true;
    this.hint.textContent = matchMedia('(pointer: coarse)').matches
      ? 'Left thumb moves · right thumb aims and fires'
      : 'WASD moves · mouse aims and fires · right click: rocket · Shift: dash · M: menu · ~: line';
    setTimeout(() => this.hint.classList.add('gone'), HINT_MS);
  }

  /** The own ship was hit. */
  hurt(nowMs: number): void {
    this.#hurtAt = nowMs;
  }

  /** The own shot hit somebody. */
  hit(nowMs: number): void {
    this.#hitAt = nowMs;
  }

  /** Who destroyed the own ship; '' for oneself. */
  killedBy(name: string): void {
    this.#killer = name;
  }

  draw(frame: HudFrame): void {
    const { self, card } = frame;
    this.vitals.hidden = this.crosshair.hidden = !self;
    if (self) this.#drawSelf(self, frame.nowMs);
    this.standing.hidden = !card;
    this.hint.hidden = !self;
    if (card) {
      setText(this.#score, String(card.score));
      setText(
        this.#rank,
        `rank ${frame.rank} of ${frame.players} · ${card.kills} / ${card.deaths}`,
      );
    }
    setText(this.line, `${Math.round(frame.rttMs)} ms · ${Math.round(frame.framesPerSecond)} fps`);
    this.overlay.style.opacity = fade(frame.nowMs - this.#hurtAt, HURT_MS);
    this.crosshair.classList.toggle('hit', frame.nowMs - this.#hitAt < HIT_MS);
  }

  #drawSelf(self: OwnPlayer, nowMs: number): void {
    const share = self.hp / MAX_HP;
    setText(this.#hp, String(Math.round(self.hp)));
    this.#hpBar.style.transform = `scaleX(${share})`;
    this.#hpBar.style.background = share > 0.35 ? css(hueColor(self.hue)) : '#ff4a4a';
    this.#gun.set(1 - self.gunWait / GUN_WAIT);
    this.#rocket.set(1 - self.rocketWait / ROCKET_WAIT);
    this.#dash.set(1 - self.dashWait / DASH_WAIT);
    if (this.#wasFlying && !self.flying) this.#diedAt = nowMs;
    if (!this.#wasFlying && self.flying) this.#killer = '';
    this.#wasFlying = self.flying;
    this.death.hidden = self.flying;
    if (self.flying) return;
    const left = RESPAWN_WAIT / TICK_RATE - (nowMs - this.#diedAt) / 1000;
    setText(this.#deathText, this.#killer ? `Destroyed by ${this.#killer}` : 'Destroyed');
    setText(this.#deathCount, `Back in ${Math.max(0, left).toFixed(1)} s`);
  }
}

function fade(sinceMs: number, overMs: number): string {
  return Math.max(0, 1 - sinceMs / overMs).toFixed(2);
}
