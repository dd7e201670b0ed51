// Draws the field of a duel: coins, squares with their names, and what floats up where a coin was
// taken. One canvas that fits its box, in world units.

import { make } from '@tickwire/kit/dom';
import { COIN_SIZE, FIELD, PLAYER_SIZE } from '../rules.ts';
import type { DuelClient, Push } from './rooms.ts';

type DuelView = ReturnType<DuelClient['view']>;

/** By hue: of squares, names and scores. */
export const COLORS = ['#5ee6ff', '#ffb84d', '#c79bff', '#7dff9a'];
const GOLD = '#ffd75e';
const PALE = '#dfe7f7';

/** Ms that a `+1` is to be seen, and world units that it rises. */
const FLOAT_MS = 700;
const FLOAT_RISE = 46;

interface Float {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly color: string;
  readonly bornMs: number;
}

export class FieldCanvas {
  readonly canvas = make('canvas', 'field');
  readonly #pen = this.canvas.getContext('2d')!;
  #floats: Float[] = [];

  /** Where in the field a point of the window is. */
  toWorld = (x: number, y: number): Push => {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    const scale = FIELD / Math.max(width, 1);
    return { x: (x - left) * scale, y: (y - top) * scale };
  };

  taken({ x, y }: Push, worth: number, hue: number): void {
    const float = { x, y, text: `+${worth}`, color: COLORS[hue], bornMs: performance.now() };
    this.#floats.push(float);
  }

  draw(view: DuelView, nowMs: number): void {
    const pen = this.#pen;
    this.#fit();
    pen.clearRect(0, 0, FIELD, FIELD);
    this.#drawGrid();
    for (const { position, golden } of view.all('coin')) this.#drawCoin(position, golden, nowMs);
    const mine = view.mine('player');
    for (const player of view.all('player')) {
      const { x, y } = player.position;
      pen.globalAlpha = 1;
      pen.fillStyle = COLORS[player.hue];
      this.#square(x, y, PLAYER_SIZE, 8);
      pen.fill();
      if (player.id === mine?.id) {
        pen.lineWidth = 3;
        pen.strokeStyle = '#fff';
        pen.stroke();
      }
      this.#text(player.name, x, y - PLAYER_SIZE / 2 - 9, 15, PALE);
    }
    this.#floats = this.#floats.filter(({ bornMs }) => nowMs - bornMs < FLOAT_MS);
    for (const { x, y, text, color, bornMs } of this.#floats) {
      const age = (nowMs - bornMs) / FLOAT_MS;
      pen.globalAlpha = 1 - age;
      this.#text(text, x, y - PLAYER_SIZE - age * FLOAT_RISE, 22, color);
    }
    pen.globalAlpha = 1;
  }

  /** As many pixels as the screen has. */
  #fit(): void {
    const pixels = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (this.canvas.width !== pixels) this.canvas.width = this.canvas.height = pixels;
    this.#pen.setTransform(pixels / FIELD, 0, 0, pixels / FIELD, 0, 0);
  }

  #drawGrid(): void {
    const pen = this.#pen;
    pen.strokeStyle = 'rgb(150 180 240 / 7%)';
    pen.lineWidth = 1;
    pen.beginPath();
    for (let at = 64; at < FIELD; at += 64) {
      pen.moveTo(at, 0);
      pen.lineTo(at, FIELD);
      pen.moveTo(0, at);
      pen.lineTo(FIELD, at);
    }
    pen.stroke();
  }

  #drawCoin({ x, y }: Push, golden: boolean, nowMs: number): void {
    const pen = this.#pen;
    // They breathe, so that the eye finds them.
    const size = COIN_SIZE * (1 + 0.08 * Math.sin(nowMs / 180 + x));
    pen.fillStyle = golden ? GOLD : PALE;
    pen.shadowColor = pen.fillStyle;
    pen.shadowBlur = golden ? 22 : 8;
    this.#square(x, y, size, 5);
    pen.fill();
    pen.shadowBlur = 0;
  }

  #square(x: number, y: number, size: number, corner: number): void {
    this.#pen.beginPath();
    this.#pen.roundRect(x - size / 2, y - size / 2, size, size, corner);
  }

  #text(text: string, x: number, y: number, size: number, color: string): void {
    const pen = this.#pen;
    pen.font = `600 ${size}px system-ui, sans-serif`;
    pen.textAlign = 'center';
    pen.fillStyle = color;
    pen.fillText(text, x, y);
  }
}
