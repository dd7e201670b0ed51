// The short-lived things: sparks, flashes, smoke, rings, shards. A fixed pool of sprites, reused
// oldest first. `effects.ts` says what an explosion is made of; here is only how one particle lives
// and dies.

import { Container, Sprite, type Texture } from 'pixi.js';

/**
 * Most particles at once. About five explosions in one view; the oldest go first and nobody counts.
 */
const POOL = 700;

/** How a particle starts and ends. Speeds in units/s, times in seconds. */
export interface Birth {
  texture: Texture;
  x: number;
  y: number;
  vx?: number;
  vy?: number;
  /** Share of the speed lost in a second, as a rate. */
  drag?: number;
  life: number;
  tint: number;
  alpha?: number;
  scale: number;
  /** Scale at the end of its life. */
  endScale?: number;
  /** Stretch along its rotation. */
  stretch?: number;
  rotation?: number;
  spin?: number;
  /** Adds light (default) or covers (smoke, shards). */
  solid?: boolean;
}

interface Particle {
  sprite: Sprite;
  vx: number;
  vy: number;
  drag: number;
  age: number;
  life: number;
  alpha: number;
  scale: number;
  endScale: number;
  stretch: number;
  spin: number;
}

export class Particles {
  /** Smoke and shards, below the ships' light. */
  readonly solid = new Container();
  /** Everything that glows. */
  readonly light = new Container();
  readonly #pool: Particle[] = [];
  #next = 0;

  constructor(texture: Texture) {
    for (let i = 0; i < POOL; i++) {
      const sprite = new Sprite({ texture, anchor: 0.5, visible: false });
      this.light.addChild(sprite);
      this.#pool.push({
        sprite,
        vx: 0,
        vy: 0,
        drag: 0,
        age: 0,
        life: 0,
        alpha: 1,
        scale: 1,
        endScale: 1,
        stretch: 1,
        spin: 0,
      });
    }
  }

  /** Starts one. */
  add(birth: Birth): void {
    const particle = this.#pool[this.#next];
    this.#next = (this.#next + 1) % POOL;
    const { sprite } = particle;
    const layer = birth.solid ? this.solid : this.light;
    if (sprite.parent !== layer) layer.addChild(sprite);
    sprite.texture = birth.texture;
    sprite.blendMode = birth.solid ? 'normal' : 'add';
    sprite.position.set(birth.x, birth.y);
    sprite.rotation = birth.rotation ?? 0;
    sprite.tint = birth.tint;
    sprite.visible = true;
    particle.vx = birth.vx ?? 0;
    particle.vy = birth.vy ?? 0;
    particle.drag = birth.drag ?? 0;
    particle.age = 0;
    particle.life = birth.life;
    particle.alpha = birth.alpha ?? 1;
    particle.scale = birth.scale;
    particle.endScale = birth.endScale ?? birth.scale;
    particle.stretch = birth.stretch ?? 1;
    particle.spin = birth.spin ?? 0;
    this.#show(particle, 0);
  }

  /** Moves all of them on by `dt` seconds. */
  advance(dt: number): void {
    for (const particle of this.#pool) {
      if (!particle.sprite.visible) continue;
      particle.age += dt;
      const share = particle.age / particle.life;
      if (share >= 1) {
        particle.sprite.visible = false;
        continue;
      }
      const kept = Math.max(0, 1 - particle.drag * dt);
      particle.vx *= kept;
      particle.vy *= kept;
      particle.sprite.x += particle.vx * dt;
      particle.sprite.y += particle.vy * dt;
      particle.sprite.rotation += particle.spin * dt;
      this.#show(particle, share);
    }
  }

  #show(particle: Particle, share: number): void {
    const scale = particle.scale + (particle.endScale - particle.scale) * share;
    particle.sprite.scale.set(scale * particle.stretch, scale);
    particle.sprite.alpha = particle.alpha * (1 - share * share);
  }

  clear(): void {
    for (const particle of this.#pool) particle.sprite.visible = false;
  }
}
