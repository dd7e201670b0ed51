// What shots, hits, bursts and births look like: recipes of particles, tracers and camera knocks.
// Told by the page when an event is shown; one for each scene. Sounds are made elsewhere
// (`sound.ts`).

import { Container, Sprite } from 'pixi.js';
import type { Camera } from './camera.ts';
import { between } from './chance.ts';
import { COLORS, hueColor } from './palette.ts';
import { Particles } from './particles.ts';
import { DETAIL, type Textures } from './textures.ts';

/** Seconds a tracer is seen: a bright line that is gone before the next shot. */
const TRACER_SECONDS = 0.13;

/** Tracers at once; 64 players fire at most 480 a second between them, few of them in one view. */
const TRACERS = 80;

interface Tracer {
  sprite: Sprite;
  age: number;
}

export class Effects {
  readonly root = new Container();
  readonly particles: Particles;
  readonly #camera: Camera;
  readonly #textures: Textures;
  readonly #tracers: Tracer[] = [];
  #nextTracer = 0;

  constructor(textures: Textures, camera: Camera) {
    this.#textures = textures;
    this.#camera = camera;
    this.particles = new Particles(textures.spark);
    const lines = new Container();
    for (let i = 0; i < TRACERS; i++) {
      const sprite = new Sprite({
        texture: textures.streak,
        anchor: { x: 0, y: 0.5 },
        visible: false,
      });
      sprite.blendMode = 'add';
      lines.addChild(sprite);
      this.#tracers.push({ sprite, age: 0 });
    }
    this.root.addChild(lines, this.particles.light);
  }

  advance(dt: number): void {
    this.particles.advance(dt);
    for (const tracer of this.#tracers) {
      if (!tracer.sprite.visible) continue;
      tracer.age += dt;
      const left = 1 - tracer.age / TRACER_SECONDS;
      tracer.sprite.visible = left > 0;
      tracer.sprite.alpha = left * 0.9;
    }
  }

  /** A shot of the gun, from muzzle to end. */
  shot(x: number, y: number, toX: number, toY: number, hue: number, hit: boolean): void {
    const color = hueColor(hue);
    const angle = Math.atan2(toY - y, toX - x);
    const tracer = this.#tracers[this.#nextTracer];
    this.#nextTracer = (this.#nextTracer + 1) % TRACERS;
    tracer.age = 0;
    tracer.sprite.visible = true;
    tracer.sprite.position.set(x, y);
    tracer.sprite.rotation = angle;
    tracer.sprite.tint = color;
    tracer.sprite.setSize(Math.hypot(toX - x, toY - y), 7);
    this.#muzzle(x, y, angle, color);
    if (hit) this.#sparks(toX, toY, angle + Math.PI, COLORS.warm, 9, 260);
    else this.#sparks(toX, toY, angle + Math.PI, color, 5, 170);
  }

  #muzzle(x: number, y: number, angle: number, color: number): void {
    const { glow, streak } = this.#textures;
    this.particles.add({ texture: glow, x, y, life: 0.09, tint: color, scale: 0.8 / DETAIL });
    this.particles.add({
      texture: streak,
      x: x + Math.cos(angle) * 8,
      y: y + Math.sin(angle) * 8,
      life: 0.07,
      tint: COLORS.warm,
      scale: 1.1 / DETAIL,
      stretch: 0.5,
      rotation: angle + Math.PI,
    });
  }

  #sparks(x: number, y: number, angle: number, tint: number, count: number, speed: number): void {
    const { glow, streak } = this.#textures;
    this.particles.add({ texture: glow, x, y, life: 0.12, tint, scale: 0.55 / DETAIL });
    for (let i = 0; i < count; i++) {
      const heading = angle + between(-0.9, 0.9);
      const fast = between(speed * 0.4, speed * 1.4);
      this.particles.add({
        texture: streak,
        x,
        y,
        vx: Math.cos(heading) * fast,
        vy: Math.sin(heading) * fast,
        drag: 5,
        life: between(0.15, 0.4),
        tint,
        scale: 0.7 / DETAIL,
        endScale: 0.2 / DETAIL,
        stretch: 0.35,
        rotation: heading,
      });
    }
  }

  /** The puff behind a rocket in flight; called each frame for each rocket. */
  rocketTrail(x: number, y: number, angle: number, hue: number): void {
    const { glow, smoke } = this.#textures;
    const backX = x - Math.cos(angle) * 12;
    const backY = y - Math.sin(angle) * 12;
    this.particles.add({
      texture: smoke,
      x: backX,
      y: backY,
      vx: between(-14, 14),
      vy: between(-14, 14),
      life: between(0.4, 0.8),
      tint: COLORS.smoke,
      alpha: 0.5,
      scale: 0.25 / DETAIL,
      endScale: 0.9 / DETAIL,
      solid: true,
    });
    const tint = hueColor(hue);
    this.particles.add({
      texture: glow,
      x: backX,
      y: backY,
      life: 0.16,
      tint,
      scale: 0.5 / DETAIL,
    });
  }

  /** The engine's breath behind a moving ship. */
  thrust(x: number, y: number, vx: number, vy: number, hue: number): void {
    const speed = Math.hypot(vx, vy);
    if (speed < 60) return;
    this.particles.add({
      texture: this.#textures.spark,
      x: x - (vx / speed) * 18 + between(-5, 5),
      y: y - (vy / speed) * 18 + between(-5, 5),
      vx: -vx * 0.2,
      vy: -vy * 0.2,
      life: between(0.18, 0.36),
      tint: hueColor(hue),
      alpha: Math.min(0.7, speed / 600),
      scale: 1.1 / DETAIL,
      endScale: 0.2 / DETAIL,
    });
  }

  /** A rocket's end. */
  burst(x: number, y: number, hue: number): void {
    this.#blast(x, y, hueColor(hue), 0.8);
    this.#camera.knock(0.5, x, y);
  }

  /** A ship's end. */
  wreck(x: number, y: number, hue: number): void {
    const color = hueColor(hue);
    this.#blast(x, y, color, 1.25);
    for (let i = 0; i < 16; i++) {
      const heading = between(-Math.PI, Math.PI);
      const speed = between(60, 330);
      this.particles.add({
        texture: this.#textures.shard,
        x,
        y,
        vx: Math.cos(heading) * speed,
        vy: Math.sin(heading) * speed,
        drag: 2.2,
        life: between(0.7, 1.5),
        tint: i % 3 === 0 ? color : 0x3a4358,
        scale: between(0.7, 1.6) / DETAIL,
        rotation: heading,
        spin: between(-9, 9),
        solid: true,
      });
    }
    this.#camera.knock(0.75, x, y);
  }

  #blast(x: number, y: number, color: number, size: number): void {
    const { glow, ring, smoke } = this.#textures;
    const at = { x, y };
    this.particles.add({
      texture: glow,
      ...at,
      life: 0.22,
      tint: 0xffffff,
      scale: (4.4 * size) / DETAIL,
      endScale: (2 * size) / DETAIL,
    });
    this.particles.add({
      texture: glow,
      ...at,
      life: 0.55,
      tint: COLORS.fire,
      alpha: 0.9,
      scale: (3 * size) / DETAIL,
      endScale: (5 * size) / DETAIL,
    });
    this.particles.add({
      texture: ring,
      ...at,
      life: 0.38,
      tint: color,
      alpha: 0.7,
      scale: (0.25 * size) / DETAIL,
      endScale: (2 * size) / DETAIL,
    });
    for (let i = 0; i < 9; i++) {
      const heading = between(-Math.PI, Math.PI);
      const speed = between(20, 110) * size;
      this.particles.add({
        texture: smoke,
        x: x + Math.cos(heading) * 12,
        y: y + Math.sin(heading) * 12,
        vx: Math.cos(heading) * speed,
        vy: Math.sin(heading) * speed,
        drag: 2,
        life: between(0.6, 1.3),
        tint: COLORS.smoke,
        alpha: 0.5,
        scale: (0.8 * size) / DETAIL,
        endScale: (2.1 * size) / DETAIL,
        solid: true,
      });
    }
    this.#sparks(x, y, between(-Math.PI, Math.PI), COLORS.fire, 12, 520 * size);
    this.#sparks(x, y, between(-Math.PI, Math.PI), COLORS.warm, 12, 420 * size);
  }

  /** A new ship. */
  born(x: number, y: number, hue: number): void {
    const { glow, ring } = this.#textures;
    const tint = hueColor(hue);
    this.particles.add({
      texture: ring,
      x,
      y,
      life: 0.5,
      tint,
      scale: 1.6 / DETAIL,
      endScale: 0.2 / DETAIL,
    });
    this.particles.add({
      texture: glow,
      x,
      y,
      life: 0.5,
      tint,
      scale: 0.6 / DETAIL,
      endScale: 3 / DETAIL,
    });
  }

  /** A repair kit taken. */
  mended(x: number, y: number): void {
    const { ring, spark } = this.#textures;
    const tint = COLORS.repair;
    this.particles.add({
      texture: ring,
      x,
      y,
      life: 0.4,
      tint,
      scale: 0.2 / DETAIL,
      endScale: 1.1 / DETAIL,
    });
    for (let i = 0; i < 14; i++)
      this.particles.add({
        texture: spark,
        x: x + between(-18, 18),
        y: y + between(-18, 18),
        vy: between(-90, -30),
        life: between(0.4, 0.9),
        tint,
        scale: between(0.6, 1.2) / DETAIL,
        endScale: 0.1,
      });
  }
}
