// The canvas and the scenes on it: one over the whole window, or two side by side for the split
// view. Owns pixi's renderer; it draws when told, never by itself, so that a frame of the page is
// one frame of everything.

// Pixi builds its uniform uploads with `new Function` unless this stand-in is loaded; our pages
// forbid eval.
import 'pixi.js/unsafe-eval';
import { Container, Graphics, WebGLRenderer } from 'pixi.js';
import { COLORS } from './palette.ts';
import { Scene } from './scene.ts';
import { paintTextures } from './textures.ts';

/** Densest screen drawn in full: beyond 2, phones pay with their battery for what nobody sees. */
const MOST_DENSITY = 2;

/** Frames a second below which the picture is made coarser, and what it then aims at. */
const TOO_SLOW = 26;
const WANTED = 40;

/** The coarsest it gets: names must still be read. */
const COARSEST = 0.6;

/** Milliseconds between two looks at the frame rate: long enough that a hiccup is no reason. */
const LOOK_EVERY_MS = 2000;

export class Stage {
  /** What Tickwire shows. In the split view the right half. */
  readonly main: Scene;
  /** Newest snapshots as they come. In the split view the left half. */
  readonly raw: Scene;
  readonly #renderer: WebGLRenderer;
  readonly #root = new Container();
  readonly #divider = new Graphics();
  #split = false;
  #lookedAtMs = 0;
  #frames = 0;
  #width = 0;
  #height = 0;

  private constructor(renderer: WebGLRenderer) {
    this.#renderer = renderer;
    const textures = paintTextures();
    this.main = new Scene(textures);
    this.raw = new Scene(textures);
    this.#root.addChild(this.raw.root, this.main.root, this.#divider);
    this.split = false;
  }

  /** Makes the canvas inside `parent`. Rejects if the browser has no WebGL. */
  static async create(parent: HTMLElement): Promise<Stage> {
    const renderer = new WebGLRenderer();
    await renderer.init({
      background: COLORS.void,
      // Sprites have soft edges of their own and walls run along the axes: smoothing every edge
      // would double the work for nothing one sees.
      antialias: false,
      autoDensity: true,
      resolution: Math.min(MOST_DENSITY, window.devicePixelRatio || 1),
      width: window.innerWidth,
      height: window.innerHeight,
    });
    parent.append(renderer.canvas);
    return new Stage(renderer);
  }

  get split(): boolean {
    return this.#split;
  }

  set split(on: boolean) {
    this.#split = on;
    this.raw.root.visible = on;
    this.#divider.visible = on;
    this.#arrange();
  }

  get canvas(): HTMLCanvasElement {
    return this.#renderer.canvas;
  }

  /** Follows the window's size; costs nothing while it stays the same. */
  fit(): void {
    if (this.#width === window.innerWidth && this.#height === window.innerHeight) return;
    this.#width = window.innerWidth;
    this.#height = window.innerHeight;
    this.#renderer.resize(this.#width, this.#height);
    this.#arrange();
  }

  /**
   * Called once a frame. Draws coarser on a machine that does not keep up: blurred and smooth is
   * playable, sharp and jerky is not, and a browser that draws all the time answers late.
   */
  ease(nowMs: number): void {
    this.#frames += 1;
    const passedMs = nowMs - this.#lookedAtMs;
    if (passedMs < LOOK_EVERY_MS) return;
    const rate = (this.#frames * 1000) / passedMs;
    const asleep = passedMs > 2 * LOOK_EVERY_MS;
    this.#lookedAtMs = nowMs;
    this.#frames = 0;
    const { resolution } = this.#renderer;
    if (asleep || rate > TOO_SLOW || resolution <= COARSEST) return;
    // The time of a frame goes with its pixels, which go with the square of the resolution.
    this.#renderer.resolution = Math.max(COARSEST, resolution * Math.sqrt(rate / WANTED));
    this.#renderer.resize(this.#width, this.#height);
  }

  #arrange(): void {
    const { innerWidth: width, innerHeight: height } = window;
    if (!this.#split) {
      this.main.place(0, 0, width, height, false);
      return;
    }
    // Upright screens are cut across, so that both parts stay wide enough to play in.
    const upright = height > width;
    const halfWidth = upright ? width : width / 2;
    const halfHeight = upright ? height / 2 : height;
    this.raw.place(0, 0, halfWidth, halfHeight, true);
    const x = upright ? 0 : halfWidth;
    const y = upright ? halfHeight : 0;
    this.main.place(x, y, halfWidth, halfHeight, true);
    this.#divider.clear();
    if (upright) this.#divider.rect(0, halfHeight - 1, width, 2).fill(0x8fb4ff);
    else this.#divider.rect(halfWidth - 1, 0, 2, height).fill(0x8fb4ff);
  }

  render(): void {
    this.#renderer.render(this.#root);
  }
}
