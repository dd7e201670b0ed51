// The own gun's flash and tracer on the frame of the click. The predicted ship counts its shots;
// when the count goes on, the shot is drawn from what is shown now. Whether it hit is the server's
// to say (event `hurt`). Own rockets burst here when they meet a wall: their step says so at once.

import { GUN_RANGE, MUZZLE, SHIP_RADIUS } from '../rules.ts';
import { rayToCircle, rayToWall } from '../walls.ts';
import type { Scene } from './scene.ts';
import type { ArenaView, OwnPlayer, ShownShot } from './shown.ts';
import type { Sound } from './sound.ts';

/** A count that went on by more than this in one frame is not fire but a new ship or a gap. */
const MOST_SHOTS = 3;

/** Own bursts whose event is still to come: no more than rockets can be on their way. */
const MOST_BURSTS = 8;

/** Units between a burst as predicted and as told: the event's place is rounded to an eighth. */
const SAME_PLACE = 1;

export class OwnFire {
  #id = 0;
  #guns = 0;
  #rockets = 0;
  #dashWait = 0;
  /** Own rockets that have burst, and where. */
  readonly #burst = new Map<ShownShot, { readonly x: number; readonly y: number }>();

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
    for (const shot of view.all('shot'))
      if (shot.spent && !this.#burst.has(shot)) this.#burstAt(shot, scene, sound);
  }

  /** True once for a burst that was shown from here: its event has nothing to add. */
  hasShown(x: number, y: number): boolean {
    for (const [shot, at] of this.#burst)
      if (Math.hypot(at.x - x, at.y - y) < SAME_PLACE) return this.#burst.delete(shot);
    return false;
  }

  #burstAt(shot: ShownShot, scene: Scene, sound: Sound): void {
    const { x, y, hue } = shot;
    const [oldest] = this.#burst.keys();
    if (oldest && this.#burst.size >= MOST_BURSTS) this.#burst.delete(oldest);
    this.#burst.set(shot, { x, y });
    scene.effects.burst(x, y, hue);
    sound.play('burst', x, y);
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
