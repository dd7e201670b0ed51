// What pushes one's square: arrow keys or WASD, or the pointer, towards which it goes. Read by the
// client at every frame and tick.
import type { Push } from './rooms.ts';

const KEYS: Readonly<Record<string, Push>> = {
  ArrowLeft: { x: -1, y: 0 },
  KeyA: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  KeyD: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  KeyW: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
  KeyS: { x: 0, y: 1 },
};

/** World units from the pointer at which one begins to slow down. */
const SLOW_WITHIN = 40;

export class Controls {
  /** Where one's square was last drawn, world units. */
  readonly self = { x: 0, y: 0 };
  readonly #held = new Map<string, Push>();
  #target: Push | undefined;

  /** `toWorld`: the point of the field under a point of the window. */
  constructor(canvas: HTMLCanvasElement, toWorld: (x: number, y: number) => Push) {
    const follow = ({ clientX, clientY }: PointerEvent) => {
      this.#target = toWorld(clientX, clientY);
    };
    canvas.addEventListener('pointerdown', follow);
    canvas.addEventListener('pointermove', follow);
    canvas.addEventListener('pointerleave', () => {
      this.#target = undefined;
    });
    addEventListener('keydown', ({ code, target }) => {
      const push = KEYS[code];
      if (!push || target instanceof HTMLInputElement) return;
      this.#held.set(code, push);
      this.#target = undefined;
    });
    addEventListener('keyup', ({ code }) => this.#held.delete(code));
    addEventListener('blur', () => this.release());
  }

  release(): void {
    this.#held.clear();
    this.#target = undefined;
  }

  /** No faster in a slanting direction. */
  readonly sample = (): { push: Push } => {
    let [x, y] = [0, 0];
    for (const push of this.#held.values()) [x, y] = [x + push.x, y + push.y];
    if (this.#target) {
      x = (this.#target.x - this.self.x) / SLOW_WITHIN;
      y = (this.#target.y - this.self.y) / SLOW_WITHIN;
    }
    const length = Math.max(Math.hypot(x, y), 1);
    return { push: { x: x / length, y: y / length } };
  };
}
