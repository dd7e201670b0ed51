// The side panel: the client's overlay, the network simulator's sliders, and bytes of this match
// against JSON. Opens with ~ or its button. The overlay belongs to one game and is mounted anew
// after a fresh join.

import { mountOverlay } from '@tickwire/client/overlay';
import { make, setText } from '@tickwire/kit/dom';
import { LINE_PROFILES } from '@tickwire/protocol/simulator';
import { arena } from '../game.ts';
import { TICK_RATE } from '../rules.ts';
import { jsonBytes } from './json-cost.ts';
import { CLEAR_OPTIONS, isProfile, type Line, type LineOptions } from './line.ts';
import type { ArenaGame } from './session.ts';

/** A slider: the setting it moves, its words, its range. */
interface Slider {
  key: keyof LineOptions;
  label: string;
  max: number;
  step: number;
  text(value: number): string;
}

const ms = (value: number): string => (value === 0 ? 'off' : `${value} ms`);

const SLIDERS: readonly Slider[] = [
  { key: 'lagMs', label: 'Latency (round trip)', max: 600, step: 10, text: ms },
  { key: 'jitterMs', label: 'Jitter', max: 200, step: 5, text: ms },
  {
    key: 'lossPercent',
    label: 'Loss',
    max: 5,
    step: 0.1,
    text: (value) => (value === 0 ? 'none' : `${value} %`),
  },
  { key: 'stallMs', label: 'Stalls', max: 1000, step: 20, text: ms },
  {
    key: 'bandwidthKbps',
    label: 'Bandwidth',
    max: 1000,
    step: 25,
    text: (value) => (value === 0 ? 'unlimited' : `${value} kbit/s`),
  },
];

/** What the select says where no named line is. */
const AS_IT_IS = 'as it is';
const BY_HAND = 'by hand';

/** Milliseconds between two samples of bytes and of JSON. */
const SAMPLE_MS = 500;

const JSON_EXPLAINED =
  'Left: bytes that really arrived, per second. Right: the rows you see now, written as JSON, ' +
  `times the tick rate (${TICK_RATE} a second), sampled twice a second. ` +
  'No compression on either side.';

const FIELDS = Object.fromEntries(
  Object.entries(arena.declaration.entities).map(([kind, fields]) => [kind, Object.keys(fields)]),
);

export class Panel {
  readonly root = make('aside', 'side panel');
  readonly #line: Line;
  readonly #overlay = make('div', 'overlay');
  readonly #bytes = make('p', 'bytes');
  readonly #named = make('select');
  readonly #inputs = new Map<Slider['key'], { input: HTMLInputElement; value: HTMLElement }>();
  #mounted: { unmount(): void } | undefined;
  #game: ArenaGame | undefined;
  #sampledAt = 0;
  #bytesAt = 0;
  #rate = 0;
  #jsonRate = 0;

  constructor(line: Line, toggles: readonly HTMLElement[]) {
    this.#line = line;
    this.root.hidden = true;
    this.#bytes.title = JSON_EXPLAINED;
    const views = make('div', 'row');
    views.append(...toggles);
    this.root.append(
      make('h2', '', 'Bytes'),
      this.#bytes,
      make('h2', '', 'Make the line worse'),
      this.#select(),
      ...SLIDERS.map((slider) => this.#slider(slider)),
      make('h2', '', 'See what it does'),
      views,
      make('h2', '', 'Line'),
      this.#overlay,
    );
    this.#showSettings();
  }

  get open(): boolean {
    return !this.root.hidden;
  }

  set open(on: boolean) {
    this.root.hidden = !on;
    document.body.classList.toggle('with-panel', on);
    this.#mount();
  }

  /** The game of the moment: called after each join. */
  follow(game: ArenaGame): void {
    this.#game = game;
    this.#bytesAt = game.stats.bytesIn;
    this.#mount();
  }

  #mount(): void {
    this.#mounted?.unmount();
    this.#mounted = undefined;
    if (this.open && this.#game) this.#mounted = mountOverlay(this.#game, this.#overlay);
  }

  /**
   * Once a frame; `nowMs` on any monotonic clock. Measures also while closed, so that opening shows
   * numbers.
   */
  draw(nowMs: number): void {
    const game = this.#game;
    if (!game || nowMs - this.#sampledAt < SAMPLE_MS) return;
    const seconds = Math.min(10, (nowMs - this.#sampledAt) / 1000);
    this.#sampledAt = nowMs;
    const rate = (game.stats.bytesIn - this.#bytesAt) / seconds;
    this.#bytesAt = game.stats.bytesIn;
    // A moving mean over about two seconds: one explosion is not the match.
    this.#rate += (rate - this.#rate) * 0.25;
    if (!this.open) return;
    const json = jsonBytes(game.newest(), game.seat, FIELDS) * TICK_RATE;
    this.#jsonRate = this.#jsonRate === 0 ? json : this.#jsonRate + (json - this.#jsonRate) * 0.25;
    const times = this.#jsonRate / Math.max(1, this.#rate);
    const ours = kilobytes(this.#rate);
    const theirs = `${kilobytes(this.#jsonRate)} KB/s (${times.toFixed(times < 10 ? 1 : 0)} times)`;
    setText(this.#bytes, `This match: ${ours} KB/s; the same as JSON: ${theirs}`);
  }

  /** The named lines; choosing one moves the sliders, moving one makes it a line by hand. */
  #select(): HTMLElement {
    const label = make('label', 'slider');
    const select = this.#named;
    for (const name of [AS_IT_IS, ...Object.keys(LINE_PROFILES), BY_HAND])
      select.append(make('option', '', name));
    select.addEventListener('change', () => {
      const name = select.value;
      if (isProfile(name)) this.#line.use(name);
      else if (name === AS_IT_IS) this.#line.set(CLEAR_OPTIONS);
      this.#showSettings();
      // The keys that steer would choose among the lines.
      select.blur();
    });
    label.append(make('span', '', 'Line'), select);
    return label;
  }

  #slider(slider: Slider): HTMLElement {
    const label = make('label', 'slider');
    const input = make('input');
    const value = make('output');
    input.type = 'range';
    input.min = '0';
    input.max = String(slider.max);
    input.step = String(slider.step);
    input.addEventListener('input', () => {
      this.#apply({ [slider.key]: Number(input.value) });
    });
    input.addEventListener('change', () => input.blur());
    label.append(make('span', '', slider.label), value, input);
    this.#inputs.set(slider.key, { input, value });
    return label;
  }

  #apply(changes: Partial<LineOptions>): void {
    this.#line.set(changes);
    this.#showSettings();
  }

  #showSettings(): void {
    const { name, options } = this.#line;
    const isClear = Object.values(options).every((value) => value === 0);
    this.#named.value = name ?? (isClear ? AS_IT_IS : BY_HAND);
    this.#named.title = name ? LINE_PROFILES[name].reason : '';
    for (const slider of SLIDERS) {
      const parts = this.#inputs.get(slider.key);
      if (!parts) continue;
      const value = options[slider.key];
      parts.input.value = String(value);
      setText(parts.value, slider.text(value));
    }
  }
}

function kilobytes(bytes: number): string {
  const value = bytes / 1000;
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
