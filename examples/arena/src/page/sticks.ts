// Touch: a stick under each thumb and two buttons. The left one moves, the right one aims and fires
// when pushed out. Sticks appear where the thumb comes down. Nothing is shown until the first
// touch.

import { make } from '@tickwire/kit/dom';

/** Way of a stick from rest to full, CSS pixels: a thumb's comfortable reach. */
const REACH = 52;

/** Share of the reach that is still rest, and from which the right stick fires. */
const REST = 0.16;
const FIRE_AT = 0.5;

interface Stick {
  pointer: number;
  originX: number;
  originY: number;
  x: number;
  y: number;
  base: HTMLElement;
  knob: HTMLElement;
}

export class Sticks {
  /** Becomes true with the first touch. */
  active = false;
  readonly #move: Stick;
  readonly #aim: Stick;
  readonly #root: HTMLElement;
  #angle = 0;
  #rocket = false;
  #dash = false;

  constructor(hud: HTMLElement, surface: HTMLElement) {
    this.#root = make('div', 'sticks');
    this.#root.hidden = true;
    this.#move = this.#makeStick();
    this.#aim = this.#makeStick();
    this.#root.append(
      this.#makeButton('touch-button rocket', 'Rocket', () => (this.#rocket = true)),
      this.#makeButton('touch-button dash', 'Dash', () => (this.#dash = true)),
    );
    hud.append(this.#root);
    surface.addEventListener('pointerdown', (event) => this.#down(event));
    window.addEventListener('pointermove', (event) => this.#moved(event));
    window.addEventListener('pointerup', (event) => this.#up(event));
    window.addEventListener('pointercancel', (event) => this.#up(event));
  }

  get moveX(): number {
    return this.#move.x;
  }

  get moveY(): number {
    return this.#move.y;
  }

  /** Radians; where the right stick was last pushed, else where the left one goes. */
  get aim(): number {
    return this.#angle;
  }

  get fire(): boolean {
    return Math.hypot(this.#aim.x, this.#aim.y) > FIRE_AT;
  }

  /** Whether the rocket button was pressed since this was last asked. */
  takeRocket(): boolean {
    const pressed = this.#rocket;
    this.#rocket = false;
    return pressed;
  }

  takeDash(): boolean {
    const pressed = this.#dash;
    this.#dash = false;
    return pressed;
  }

  #makeStick(): Stick {
    const base = make('div', 'stick');
    const knob = make('div', 'knob');
    base.append(knob);
    base.hidden = true;
    this.#root.append(base);
    return { pointer: -1, originX: 0, originY: 0, x: 0, y: 0, base, knob };
  }

  #makeButton(className: string, text: string, press: () => void): HTMLElement {
    const element = make('button', className, text);
    element.type = 'button';
    element.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      press();
    });
    return element;
  }

  #down(event: PointerEvent): void {
    if (event.pointerType !== 'touch') return;
    event.preventDefault();
    if (!this.active) {
      this.active = true;
      this.#root.hidden = false;
      document.body.classList.add('touch');
    }
    const stick = event.clientX < window.innerWidth / 2 ? this.#move : this.#aim;
    if (stick.pointer !== -1) return;
    stick.pointer = event.pointerId;
    stick.originX = event.clientX;
    stick.originY = event.clientY;
    stick.base.hidden = false;
    stick.base.style.transform = `translate(${event.clientX}px, ${event.clientY}px)`;
    this.#push(stick, event);
  }

  #moved(event: PointerEvent): void {
    for (const stick of [this.#move, this.#aim])
      if (stick.pointer === event.pointerId) this.#push(stick, event);
  }

  #up(event: PointerEvent): void {
    for (const stick of [this.#move, this.#aim]) {
      if (stick.pointer !== event.pointerId) continue;
      stick.pointer = -1;
      stick.x = 0;
      stick.y = 0;
      stick.base.hidden = true;
    }
  }

  #push(stick: Stick, event: PointerEvent): void {
    const dx = (event.clientX - stick.originX) / REACH;
    const dy = (event.clientY - stick.originY) / REACH;
    const length = Math.hypot(dx, dy);
    const scale = length > 1 ? 1 / length : 1;
    const resting = length < REST;
    stick.x = resting ? 0 : dx * scale;
    stick.y = resting ? 0 : dy * scale;
    stick.knob.style.transform = `translate(${dx * scale * REACH}px, ${dy * scale * REACH}px)`;
    const aiming = this.#aim.pointer !== -1;
    if (!resting && (stick === this.#aim || !aiming)) this.#angle = Math.atan2(dy, dx);
  }
}
