// What the player holds, from keyboard, mouse and touch, as the input of a tick. `sample` is read
// by the client at every view, so it answers at once and changes nothing but used-up presses.

import type { Controls } from '../movement.ts';
import { isTyping } from './dom.ts';
import type { Sticks } from './sticks.ts';

/** Keys by position on the board (`code`), so that WASD is where it is on every layout. */
const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  KeyW: [0, -1],
  KeyS: [0, 1],
  KeyA: [-1, 0],
  KeyD: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/** Anything that can take the controls from the player: the autopilot. */
export type Pilot = () => Controls;

export class PlayerControls {
  /** Pointer, CSS pixels. */
  pointerX = window.innerWidth * 0.7;
  pointerY = window.innerHeight / 2;
  /** Steers instead of the player, if set. */
  pilot: Pilot | undefined;
  readonly #held = new Set<string>();
  readonly #sticks: Sticks;
  #fire = false;
  #rocket = false;
  #dash = false;
  #aim = 0;

  constructor(surface: HTMLElement, sticks: Sticks) {
    this.#sticks = sticks;
    window.addEventListener('keydown', (event) => this.#key(event));
    window.addEventListener('keyup', (event) => this.#held.delete(event.code));
    window.addEventListener('blur', () => this.#release());
    surface.addEventListener('pointermove', (event) => this.#point(event));
    surface.addEventListener('pointerdown', (event) => this.#press(event));
    window.addEventListener('pointerup', (event) => {
      if (event.pointerType === 'mouse' && event.button === 0) this.#fire = false;
    });
    surface.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  #key(event: KeyboardEvent): void {
    if (isTyping() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.code in MOVES || event.code === 'Space') event.preventDefault();
    if (event.repeat) return;
    this.#held.add(event.code);
    if (event.code === 'KeyE' || event.code === 'KeyQ') this.#rocket = true;
    if (event.code === 'ShiftLeft' || event.code === 'ShiftRight') this.#dash = true;
  }

  #point(event: PointerEvent): void {
    if (event.pointerType === 'touch') return;
    this.pointerX = event.clientX;
    this.pointerY = event.clientY;
  }

  #press(event: PointerEvent): void {
    if (event.pointerType === 'touch') return;
    this.#point(event);
    if (event.button === 0) this.#fire = true;
    if (event.button === 2) this.#rocket = true;
  }

  /** Nothing is held any more: the window lost the keyboard. */
  #release(): void {
    this.#held.clear();
    this.#fire = false;
  }

  /** Tells where the own ship is on the screen: the aim goes from there to the pointer. */
  aimFrom(screenX: number, screenY: number): void {
    if (this.#sticks.active) {
      this.#aim = this.#sticks.aim;
      return;
    }
    this.#aim = Math.atan2(this.pointerY - screenY, this.pointerX - screenX);
  }

  /** The controls right now. A press is answered once. */
  sample(): Controls {
    if (this.pilot) return this.pilot();
    let dx = this.#sticks.moveX;
    let dy = this.#sticks.moveY;
    if (!isTyping())
      for (const code of this.#held) {
        const move = MOVES[code];
        if (!move) continue;
        dx += move[0];
        dy += move[1];
      }
    const controls: Controls = {
      dx: Math.max(-1, Math.min(1, dx)),
      dy: Math.max(-1, Math.min(1, dy)),
      aim: this.#aim,
      fire: this.#fire || this.#held.has('Space') || this.#sticks.fire,
      rocket: this.#rocket || this.#sticks.takeRocket(),
      dash: this.#dash || this.#sticks.takeDash(),
    };
    this.#rocket = false;
    this.#dash = false;
    return controls;
  }
}
