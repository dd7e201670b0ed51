// The server's truth drawn beside what is shown: dashed outlines where the newest snapshot has each
// ship, and a thin line to the ship on the screen. The gap is the price of smoothness, made
// visible.

import { Container, Graphics, Sprite } from 'pixi.js';
import type { ArenaView } from './shown.ts';
import { DETAIL, type Textures } from './textures.ts';

export class Ghosts {
  readonly root = new Container({ visible: false });
  readonly #lines = new Graphics();
  readonly #outlines: Sprite[] = [];
  readonly #textures: Textures;

  constructor(textures: Textures) {
    this.#textures = textures;
    this.root.addChild(this.#lines);
  }

  /** Draws the newest snapshot against the shown view, or nothing if it is switched off. */
  draw(shown: ArenaView, newest: ArenaView | undefined): void {
    this.root.visible = newest !== undefined;
    if (!newest) return;
    this.#lines.clear();
    let used = 0;
    for (const row of newest.all('player')) {
      if (!row.flying) continue;
      const outline = this.#outline(used++);
      outline.position.set(row.x, row.y);
      outline.rotation = row.aim;
      const seen = shown.get('player', row.id);
      if (!seen) continue;
      this.#lines.moveTo(seen.x, seen.y).lineTo(row.x, row.y);
    }
    this.#lines.stroke({ color: 0xffffff, width: 1.5, alpha: 0.5 });
    for (let i = used; i < this.#outlines.length; i++) this.#outlines[i].visible = false;
  }

  #outline(index: number): Sprite {
    let outline = this.#outlines[index];
    if (!outline) {
      outline = new Sprite({ texture: this.#textures.ghost, anchor: 0.5, scale: 1 / DETAIL });
      outline.alpha = 0.85;
      this.#outlines.push(outline);
      this.root.addChild(outline);
    }
    outline.visible = true;
    return outline;
  }
}
