// The small map: walls, repair kits, everyone on the radar (once a second, coarse) and those in
// sight (exact).

import { make } from '@tickwire/kit/dom';
import { ARENA_SIZE, RADAR_CELLS } from '../rules.ts';
import { WALLS } from '../walls.ts';
import { css, hueColor, QUARTER_COLORS } from './palette.ts';
import type { ArenaView, ShownPlayer } from './shown.ts';

/** Side in CSS pixels; the stylesheet may show it smaller. */
const SIDE = 176;

/** Canvas pixels for each CSS pixel: sharp on dense screens, cheap on all. */
const DENSITY = 2;

const SCALE = SIDE / ARENA_SIZE;

export class Minimap {
  readonly root: HTMLCanvasElement;
  readonly #brush: CanvasRenderingContext2D;
  readonly #backdrop: HTMLCanvasElement;

  constructor() {
    this.root = make('canvas', 'minimap');
    this.root.width = this.root.height = SIDE * DENSITY;
    this.#brush = this.root.getContext('2d')!;
    this.#brush.scale(DENSITY, DENSITY);
    this.#backdrop = paintBackdrop();
  }

  draw(view: ArenaView, self: ShownPlayer | undefined): void {
    const brush = this.#brush;
    brush.clearRect(0, 0, SIDE, SIDE);
    brush.drawImage(this.#backdrop, 0, 0, SIDE, SIDE);
    for (const kit of view.all('kit')) {
      if (!kit.ready) continue;
      brush.fillStyle = '#6dffb0';
      brush.fillRect(kit.x * SCALE - 1.5, kit.y * SCALE - 1.5, 3, 3);
    }
    const exact = new Set<number>();
    for (const player of view.all('player')) {
      exact.add(player.id);
      if (player.flying && player.id !== self?.id) this.#dot(player.x, player.y, player.hue, 2.6);
    }
    const cell = ARENA_SIZE / RADAR_CELLS;
    brush.globalAlpha = 0.65;
    for (const card of view.all('card')) {
      if (!card.flying || exact.has(card.player)) continue;
      this.#dot((card.radarX + 0.5) * cell, (card.radarY + 0.5) * cell, card.hue, 1.9);
    }
    brush.globalAlpha = 1;
    if (self?.flying) this.#arrow(self);
  }

  #dot(x: number, y: number, hue: number, radius: number): void {
    this.#brush.fillStyle = css(hueColor(hue));
    this.#brush.beginPath();
    this.#brush.arc(x * SCALE, y * SCALE, radius, 0, Math.PI * 2);
    this.#brush.fill();
  }

  #arrow(self: ShownPlayer): void {
    const brush = this.#brush;
    brush.save();
    brush.translate(self.x * SCALE, self.y * SCALE);
    brush.rotate(self.aim);
    brush.fillStyle = '#ffffff';
    brush.beginPath();
    brush.moveTo(7, 0);
    brush.lineTo(-4.5, -4.5);
    brush.lineTo(-2, 0);
    brush.lineTo(-4.5, 4.5);
    brush.fill();
    brush.restore();
  }
}

function paintBackdrop(): HTMLCanvasElement {
  const canvas = make('canvas');
  canvas.width = canvas.height = SIDE * DENSITY;
  const brush = canvas.getContext('2d')!;
  brush.scale(DENSITY, DENSITY);
  const half = SIDE / 2;
  QUARTER_COLORS.forEach((color, quarter) => {
    brush.globalAlpha = 0.1;
    brush.fillStyle = css(color);
    brush.fillRect(quarter === 1 || quarter === 2 ? half : 0, quarter >= 2 ? half : 0, half, half);
  });
  brush.globalAlpha = 1;
  brush.fillStyle = '#6c7b9e';
  for (const wall of WALLS)
    brush.fillRect(
      wall.x * SCALE,
      wall.y * SCALE,
      Math.max(1.5, wall.width * SCALE),
      Math.max(1.5, wall.height * SCALE),
    );
  return canvas;
}
