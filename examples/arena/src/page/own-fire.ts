// The own gun's flash and tracer on the frame of the click. The predicted ship counts its shots;
// when the count goes on, the shot is drawn from what is shown now. Whether it hit is the server's
// to say (event `hurt`).

import { GUN_RANGE, SHIP_RADIUS } from '../rules.ts';
import { rayToCircle, rayToWall } from '../walls.ts';
import type { Scene } from './scene.ts';
import type { ArenaView, OwnPlayer } from './shown.ts';
import type { Sound } from './sound.ts';

/** Distance from the centre to the muzzle, as the server has it. */
const MUZZLE = SHIP_RADIUS + 8;

/** A count that went on by more than this in one frame is not fire but a new ship or a gap. */
const MOST_SHOTS = 3;

export class OwnFire {
  #id = 0;
  #guns = 0;
  #rockets = 0;
  #dashWait = 0;

  /** Once a frame with the predicted ship. */
  watch(self: OwnPlayer | undefined, view: ArenaView, scene: Scene, sound: Sound): void {
    if (!self) return;
    const guns = (self.gunCount - this.#guns) & 255;
    const rockets = (self.rocketCount - this.#rockets) & 255;
    const dashed = self.dashWait > this.#dashWait + 1;
    const known = this.#id === self.id;
    this.#id = self.id;
    this.#guns = self.gunCount;
    this.#rockets = self.rocketCount;
    this.#dashWait = self.dashWait;
    if (!known || !self.flying) return;
    if (guns > 0 && guns <= MOST_SHOTS) this.#shoot(self, view, scene, sound);
    if (rockets > 0 && rockets <= MOST_SHOTS) {
      scene.camera.knock(0.12, self.x, self.y);
      sound.play('rocket');
    }
    if (dashed) sound.play('dash');
  }

  #shoot(self: OwnPlayer, view: ArenaView, scene: Scene, sound: Sound): void {
    const dx = Math.cos(self.aim);
    const dy = Math.sin(self.aim);
    const wall = rayToWall(self.x, self.y, dx, dy, GUN_RANGE);
    let distance = wall;
    for (const ship of view.all('player')) {
      if (ship.id === self.id || !ship.flying) continue;
      distance = Math.min(distance, rayToCircle(self.x, self.y, dx, dy, ship, SHIP_RADIUS));
    }
    const muzzle = Math.min(MUZZLE, distance);
    scene.effects.shot(
      self.x + dx * muzzle,
      self.y + dy * muzzle,
      self.x + dx * distance,
      self.y + dy * distance,
      self.hue,
      distance < wall,
    );
    scene.ship(self.id)?.recoil();
    scene.camera.knock(0.05, self.x, self.y);
    sound.play('gun');
  }
}
