// The walls as blocks with height: tops lifted towards the viewer, sides between top and floor, an
// edge of light. Tops are one container scaled a little about the camera, which costs nothing; the
// few visible sides are drawn anew every frame. Collision uses the floor outline, so nothing here
// changes where a wall is.

import { Container, Graphics, GraphicsContext } from 'pixi.js';
import { ARENA_SIZE } from '../rules.ts';
import { BORDERS, type Box, WALLS } from '../walls.ts';
import { type Sight, sees } from './camera.ts';
import { blend, COLORS, QUARTER_COLORS } from './palette.ts';

/** How much larger the tops are than the floor: the height of the walls. */
const LIFT = 1.055;

/** How far the ground outside the border is drawn, world units. */
const OUTSIDE = 900;

/** Shade of each side: light comes from the north-west. */
const SHADES = { north: 0x4a5674, west: 0x414c68, south: 0x1b2131, east: 0x202739 } as const;

/** How far the light of an edge shines and a lifted top is pushed out, world units. */
const REACH = 60;

/** Shared by both scenes of a split view. */
let tops: readonly GraphicsContext[] | undefined;
let outside: GraphicsContext | undefined;

function quarterColor(box: Box): number {
  const east = box.x + box.width / 2 > ARENA_SIZE / 2;
  const south = box.y + box.height / 2 > ARENA_SIZE / 2;
  return QUARTER_COLORS[south ? (east ? 2 : 3) : east ? 1 : 0];
}

/**
 * The border's edge, and dark ground with faint ribs beyond, as far as a camera in a corner sees.
 */
function paintOutside(): GraphicsContext {
  const context = new GraphicsContext();
  const far = ARENA_SIZE + 2 * OUTSIDE;
  context
    .rect(-OUTSIDE, -OUTSIDE, far, OUTSIDE)
    .rect(-OUTSIDE, ARENA_SIZE, far, OUTSIDE)
    .rect(-OUTSIDE, 0, OUTSIDE, ARENA_SIZE)
    .rect(ARENA_SIZE, 0, OUTSIDE, ARENA_SIZE)
    .fill(0x0b0f18);
  for (let out = 40; out < OUTSIDE; out += 56)
    context
      .rect(-out, -out, ARENA_SIZE + 2 * out, ARENA_SIZE + 2 * out)
      .stroke({ color: 0x6d86b8, width: 2, alpha: 0.16 * (1 - out / OUTSIDE) });
  context
    .rect(0, 0, ARENA_SIZE, ARENA_SIZE)
    .stroke({ color: 0x6d86b8, width: 4, alpha: 0.8 })
    .rect(-8, -8, ARENA_SIZE + 16, ARENA_SIZE + 16)
    .stroke({ color: 0x6d86b8, width: 10, alpha: 0.12 });
  return context;
}

function paintTop(box: Box): GraphicsContext {
  const context = new GraphicsContext();
  const color = quarterColor(box);
  const { x, y, width, height } = box;
  context.rect(x, y, width, height).fill(COLORS.wallTop);
  context.rect(x + 6, y + 6, width - 12, height - 12).fill(0x39435c);
  context.rect(x + 6, y + 6, width - 12, 2).fill({ color: 0xffffff, alpha: 0.1 });
  context.rect(x + 6, y + height - 8, width - 12, 2).fill({ color: 0x000000, alpha: 0.35 });
  // Seams, so that a long wall has a scale.
  const across = width >= height;
  for (let at = 64; at < Math.max(width, height) - 32; at += 64)
    context
      .rect(
        across ? x + at : x + 8,
        across ? y + 8 : y + at,
        across ? 2 : width - 16,
        across ? height - 16 : 2,
      )
      .fill({ color: 0x000000, alpha: 0.28 });
  for (const [inset, lineWidth, alpha] of [
    [0, 9, 0.1],
    [0, 5, 0.18],
    [1, 2, 0.95],
  ])
    context
      .rect(x + inset, y + inset, width - inset * 2, height - inset * 2)
      .stroke({ color, width: lineWidth, alpha });
  return context;
}

export class WallArt {
  readonly root = new Container();
  readonly #sides = new Graphics();
  readonly #lifted = new Container();
  readonly #tops: readonly Graphics[];

  constructor() {
    tops ??= WALLS.map(paintTop);
    outside ??= paintOutside();
    this.#tops = tops.map((context) => new Graphics(context));
    this.#lifted.addChild(...this.#tops, new Graphics(outside));
    this.root.addChild(this.#sides, this.#lifted);
  }

  draw(sight: Readonly<Sight>): void {
    const { x, y } = sight;
    this.#lifted.scale.set(LIFT);
    this.#lifted.position.set(x * (1 - LIFT), y * (1 - LIFT));
    this.#sides.clear();
    WALLS.forEach((wall, index) => {
      const seen = sees(sight, wall, REACH);
      this.#tops[index].visible = seen;
      if (seen) this.#drawSides(wall, x, y);
    });
    for (const border of BORDERS) this.#drawSides(border, x, y);
  }

  /**
   * The sides that face the camera's outside: top edges move away from the camera, uncovering none
   * or two sides.
   */
  #drawSides(box: Box, x: number, y: number): void {
    const left = box.x;
    const right = box.x + box.width;
    const top = box.y;
    const bottom = box.y + box.height;
    const up = (at: number, centre: number): number => centre + (at - centre) * LIFT;
    const lit = quarterColor(box);
    const side = (ax: number, ay: number, bx: number, by: number, shade: number): void => {
      this.#sides
        .poly([ax, ay, bx, by, up(bx, x), up(by, y), up(ax, x), up(ay, y)])
        .fill(blend(shade, lit, 0.1));
    };
    if (top > y) side(left, top, right, top, SHADES.north);
    if (bottom < y) side(left, bottom, right, bottom, SHADES.south);
    if (left > x) side(left, top, left, bottom, SHADES.west);
    if (right < x) side(right, top, right, bottom, SHADES.east);
  }
}
