// One player's ship on the screen: shadow, engine glow, hull, tinted trim, shield, and the name and
// bar above it. A scene keeps one for each player it shows and tells it every frame where its row
// is.

import { Container, Sprite, Text, Texture } from 'pixi.js';
import { MAX_HP } from '../rules.ts';
import { hueColor } from './palette.ts';
import type { ShownPlayer } from './shown.ts';
import { DETAIL, type Textures } from './textures.ts';

/**
 * Ships are drawn a little larger than they are hit: a grazing shot that misses looks like luck,
 * not like a fault.
 */
const LARGER = 1.16;

/** Width and height of the hit point bar, world units. */
const BAR_WIDTH = 44;
const BAR_HEIGHT = 5;

/** Seconds a ship flashes white after a hit. */
const FLASH_SECONDS = 0.12;

/** Seconds the gun takes to slide back after a shot, and how far it slides, world units. */
const RECOIL_SECONDS = 0.09;
const RECOIL = 4;

export class Ship {
  /** Parts that the ground and walls may cover. */
  readonly body = new Container();
  /** Name and bar: above walls, never rotated. */
  readonly tag = new Container();
  readonly #hull: Container;
  readonly #trim: Sprite;
  readonly #glow: Sprite;
  readonly #flashLight: Sprite;
  readonly #shield: Sprite;
  readonly #bar: Sprite;
  readonly #name: Text;
  /** Shown velocity, units/s, from one frame to the next: others' velocities are not sent. */
  vx = 0;
  vy = 0;
  #flash = 0;
  #recoil = 0;
  #age = 0;
  #placed = false;
  /** Frame it was last shown in; the scene drops those left behind. */
  frame = 0;

  constructor(textures: Textures) {
    const part = (texture: Texture, scale = LARGER / DETAIL): Sprite =>
      new Sprite({ texture, anchor: 0.5, scale });
    const shadow = part(textures.shadow);
    shadow.position.set(7, 11);
    this.#glow = part(textures.glow, 1.1);
    this.#glow.blendMode = 'add';
    this.#hull = new Container();
    this.#trim = part(textures.trim);
    this.#flashLight = part(textures.glow, 0.7);
    this.#flashLight.blendMode = 'add';
    this.#shield = part(textures.shield);
    this.#shield.blendMode = 'add';
    this.#hull.addChild(part(textures.hull), this.#trim);
    this.body.addChild(shadow, this.#glow, this.#hull, this.#flashLight, this.#shield);

    this.#name = new Text({
      text: '',
      anchor: { x: 0.5, y: 1 },
      resolution: 2,
      style: {
        fontFamily: 'system-ui, "Segoe UI", Roboto, sans-serif',
        fontSize: 14,
        fontWeight: '600',
        fill: 0xffffff,
        stroke: { color: 0x05070c, width: 4, join: 'round' },
      },
    });
    this.#name.y = -38;
    const back = new Sprite({ texture: Texture.WHITE, tint: 0x05070c, alpha: 0.75 });
    back.setSize(BAR_WIDTH + 3, BAR_HEIGHT + 3);
    back.position.set(-BAR_WIDTH / 2 - 1.5, -36.5);
    this.#bar = new Sprite({ texture: Texture.WHITE });
    this.#bar.position.set(-BAR_WIDTH / 2, -35);
    this.tag.addChild(this.#name, back, this.#bar);
  }

  /** Shows the ship as its row is now. */
  show(row: ShownPlayer, name: string, isSelf: boolean, dt: number): void {
    this.#age += dt;
    const visible = row.flying;
    this.body.visible = visible;
    this.tag.visible = visible;
    this.#measure(row, dt);
    this.body.position.set(row.x, row.y);
    this.tag.position.set(row.x, row.y);
    this.#flash = Math.max(0, this.#flash - dt);
    this.#recoil = Math.max(0, this.#recoil - dt);
    const back = (this.#recoil / RECOIL_SECONDS) * RECOIL;
    this.#hull.rotation = row.aim;
    this.#hull.position.set(-Math.cos(row.aim) * back, -Math.sin(row.aim) * back);
    const color = hueColor(row.hue);
    this.#trim.tint = color;
    this.#glow.tint = color;
    this.#glow.alpha = 0.3 + 0.05 * Math.sin(this.#age * 5);
    this.#flashLight.alpha = this.#flash / FLASH_SECONDS;
    this.#shield.visible = row.shield;
    this.#shield.tint = color;
    this.#shield.alpha = 0.55 + 0.3 * Math.sin(this.#age * 12);
    this.#shield.rotation = this.#age * 2;
    this.#showTag(row, name, isSelf, color);
  }

  /** The white flash of being hit. */
  flash(): void {
    this.#flash = FLASH_SECONDS;
  }

  recoil(): void {
    this.#recoil = RECOIL_SECONDS;
  }

  #measure(row: ShownPlayer, dt: number): void {
    const far = Math.hypot(row.x - this.body.x, row.y - this.body.y) > 200;
    if (this.#placed && dt > 0 && !far) {
      // A third of the newest speed: one frame's quotient is noise at high frame rates.
      this.vx += ((row.x - this.body.x) / dt - this.vx) * 0.33;
      this.vy += ((row.y - this.body.y) / dt - this.vy) * 0.33;
    } else if (far) this.vx = this.vy = 0;
    this.#placed = true;
  }

  #showTag(row: ShownPlayer, name: string, isSelf: boolean, color: number): void {
    const text = isSelf ? '' : name;
    if (this.#name.text !== text) this.#name.text = text;
    const share = Math.max(0, row.hp / MAX_HP);
    this.#bar.setSize(Math.max(0.01, BAR_WIDTH * share), BAR_HEIGHT);
    this.#bar.tint = share > 0.35 ? color : 0xff4a4a;
  }

  destroy(): void {
    this.body.destroy({ children: true });
    this.tag.destroy({ children: true });
  }
}
