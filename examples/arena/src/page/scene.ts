// One drawn world: layers from the floor to the name tags, filled each frame from a view of the
// game. The stage has one, or two for the split view; both are given rows and do not know whether
// those are smoothed or raw.

import { Container, Graphics, Sprite } from 'pixi.js';
import { Camera } from './camera.ts';
import { Effects } from './effects.ts';
import { Ghosts } from './ghosts.ts';
import { Ground } from './ground.ts';
import { hueColor } from './palette.ts';
import { Ship } from './ship.ts';
import type { ArenaView, ShownKit, ShownPlayer, ShownShot } from './shown.ts';
import { DETAIL, type Textures } from './textures.ts';
import { WallArt } from './wall-art.ts';

/** What a frame of a scene is drawn from. */
export interface SceneFrame {
  view: ArenaView;
  self: ShownPlayer | undefined;
  /** Names by player id. */
  names: ReadonlyMap<number, string>;
  /** Pointer relative to the own ship, world units: where the camera looks ahead. */
  pointX: number;
  pointY: number;
  /** Seconds since the frame before. */
  dt: number;
}

interface Placed {
  sprite: Sprite;
  frame: number;
}

export class Scene {
  readonly root = new Container();
  readonly camera = new Camera();
  readonly effects: Effects;
  readonly ghosts: Ghosts;
  readonly #world = new Container();
  readonly #mask = new Graphics();
  readonly #textures: Textures;
  readonly #ships = new Map<number, Ship>();
  readonly #shots = new Map<object, Placed>();
  readonly #kits = new Map<object, Placed>();
  readonly #shipLayer = new Container();
  readonly #shotLayer = new Container();
  readonly #kitLayer = new Container();
  readonly #tagLayer = new Container();
  readonly #walls = new WallArt();
  readonly #ground: Ground;
  #width = 0;
  #height = 0;
  #frame = 0;
  #seconds = 0;

  constructor(textures: Textures) {
    this.#textures = textures;
    this.effects = new Effects(textures, this.camera);
    this.ghosts = new Ghosts(textures);
    this.#ground = new Ground(textures);
    this.#world.addChild(
      this.#ground.root,
      this.#kitLayer,
      this.effects.particles.solid,
      this.#shipLayer,
      this.#shotLayer,
      this.effects.root,
      this.#walls.root,
      this.ghosts.root,
      this.#tagLayer,
    );
    this.root.addChild(this.#world);
  }

  /**
   * Gives the scene its part of the screen, CSS pixels. `cut`: there is something beside it to keep
   * clear of.
   */
  place(x: number, y: number, width: number, height: number, cut: boolean): void {
    this.root.position.set(x, y);
    this.#width = width;
    this.#height = height;
    this.camera.fit(width, height);
    // A mask costs a pass of its own: only where it is needed.
    this.root.mask = cut ? this.#mask : null;
    if (!cut) this.#mask.removeFromParent();
    else this.root.addChild(this.#mask.clear().rect(0, 0, width, height).fill(0xffffff));
  }

  /** Where a world point is on the screen, CSS pixels. */
  toScreen(x: number, y: number): { x: number; y: number } {
    const { zoom } = this.camera;
    return {
      x: this.root.x + this.#width / 2 + (x - this.camera.x) * zoom,
      y: this.root.y + this.#height / 2 + (y - this.camera.y) * zoom,
    };
  }

  /** The ship of a player, if it is drawn. */
  ship(id: number): Ship | undefined {
    return this.#ships.get(id);
  }

  draw(frame: SceneFrame): void {
    this.#frame += 1;
    this.#seconds += frame.dt;
    for (const row of frame.view.all('player')) this.#drawShip(row, frame);
    for (const row of frame.view.all('shot')) this.#drawShot(row);
    for (const row of frame.view.all('kit')) this.#drawKit(row);
    this.#dropGone();
    this.effects.advance(frame.dt);
    if (frame.self)
      this.camera.follow(frame.self.x, frame.self.y, frame.pointX, frame.pointY, frame.dt);
    this.#aimCamera();
  }

  #aimCamera(): void {
    const { camera } = this;
    this.#world.scale.set(camera.zoom);
    this.#world.pivot.set(camera.x, camera.y);
    this.#world.position.set(this.#width / 2 + camera.shakeX, this.#height / 2 + camera.shakeY);
    const sight = {
      x: camera.x,
      y: camera.y,
      halfWidth: this.#width / 2 / camera.zoom,
      halfHeight: this.#height / 2 / camera.zoom,
    };
    this.#ground.draw(sight);
    this.#walls.draw(sight);
  }

  #drawShip(row: ShownPlayer, frame: SceneFrame): void {
    let ship = this.#ships.get(row.id);
    if (!ship) {
      ship = new Ship(this.#textures);
      this.#ships.set(row.id, ship);
      this.#shipLayer.addChild(ship.body);
      this.#tagLayer.addChild(ship.tag);
    }
    ship.frame = this.#frame;
    const isSelf = row.id === frame.self?.id;
    ship.show(row, frame.names.get(row.id) ?? '', isSelf, frame.dt);
    if (row.flying) this.effects.thrust(row.x, row.y, ship.vx, ship.vy, row.hue);
  }

  #drawShot(row: ShownShot): void {
    if (row.spent) return;
    const { sprite } = this.#placed(this.#shots, row, () => {
      const made = new Sprite({ texture: this.#textures.rocket, anchor: 0.5, scale: 1 / DETAIL });
      this.#shotLayer.addChild(made);
      return made;
    });
    const angle = Math.atan2(row.vy, row.vx);
    sprite.position.set(row.x, row.y);
    sprite.rotation = angle;
    sprite.tint = hueColor(row.hue);
    this.effects.rocketTrail(row.x, row.y, angle, row.hue);
  }

  #drawKit(row: ShownKit): void {
    const { sprite } = this.#placed(this.#kits, row, () => {
      const made = new Sprite({ texture: this.#textures.kit, anchor: 0.5 });
      this.#kitLayer.addChild(made);
      return made;
    });
    const pulse = row.ready ? 1 + 0.06 * Math.sin(this.#seconds * 4 + row.x) : 0.8;
    sprite.position.set(row.x, row.y);
    sprite.scale.set(pulse / DETAIL);
    sprite.alpha = row.ready ? 1 : 0.15;
  }

  /** By the row: an own rocket's id changes when the server tells of it, its row does not. */
  #placed(list: Map<object, Placed>, row: object, create: () => Sprite): Placed {
    let placed = list.get(row);
    if (!placed) {
      placed = { sprite: create(), frame: 0 };
      list.set(row, placed);
    }
    placed.frame = this.#frame;
    return placed;
  }

  /**
   * Takes away what this frame did not show. Works across a new connection too, whose rows are all
   * new.
   */
  #dropGone(): void {
    for (const [id, ship] of this.#ships) {
      if (ship.frame === this.#frame) continue;
      ship.destroy();
      this.#ships.delete(id);
    }
    for (const list of [this.#shots, this.#kits])
      for (const [row, placed] of list) {
        if (placed.frame === this.#frame) continue;
        placed.sprite.destroy();
        list.delete(row);
      }
  }
}
