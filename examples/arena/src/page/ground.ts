// What lies under everything: the floor, its markings, and the shadows the walls throw on it.
// Never changes, so it is built once; of the shadows only those in sight are drawn.

import { Container, Graphics, GraphicsContext, TilingSprite } from 'pixi.js';
import { ARENA_SIZE } from '../rules.ts';
import { type Box, WALLS } from '../walls.ts';
import { type Sight, sees } from './camera.ts';
import { blend, COLORS, QUARTER_COLORS } from './palette.ts';
import { DETAIL, FLOOR_TILE, type Textures } from './textures.ts';

/** Steps of the soft edge of a shadow. More look no softer on a moving floor. */
const SHADOW_STEPS = 5;

/** How far a shadow falls to the south-east, world units. */
const SHADOW_FALL = 22;

/** How much of its quarter's colour the floor takes on, 0..1. */
const QUARTER_TINT = 0.3;

/** Farthest a shadow reaches out from its wall, world units. */
const SHADOW_REACH = 40;

/** Shared by both scenes of a split view. */
let markings: GraphicsContext | undefined;
let shadows: readonly GraphicsContext[] | undefined;

export class Ground {
  readonly root = new Container();
  readonly #shadows: readonly Graphics[];

  constructor(textures: Textures) {
    const half = ARENA_SIZE / 2;
    QUARTER_COLORS.forEach((color, quarter) => {
      const floor = new TilingSprite({ texture: textures.floor, width: half, height: half });
      floor.position.set(...cornerOf(quarter));
      floor.tileScale.set(1 / DETAIL);
      // A breath of the quarter's colour: one knows where one is.
      floor.tint = blend(COLORS.white, color, QUARTER_TINT);
      this.root.addChild(floor);
    });
    markings ??= paintMarkings();
    shadows ??= WALLS.map(paintShadow);
    this.#shadows = shadows.map((context) => new Graphics(context));
    this.root.addChild(new Graphics(markings), ...this.#shadows);
  }

  /** Leaves out what is not in sight: soft shadows are many triangles. */
  draw(sight: Readonly<Sight>): void {
    WALLS.forEach((wall, index) => {
      this.#shadows[index].visible = sees(sight, wall, SHADOW_REACH);
    });
  }
}

function paintShadow(wall: Box): GraphicsContext {
  const context = new GraphicsContext();
  for (let step = 0; step < SHADOW_STEPS; step++) {
    const grow = 12 - (step / (SHADOW_STEPS - 1)) * 16;
    context
      .roundRect(
        wall.x + SHADOW_FALL * 0.6 - grow,
        wall.y + SHADOW_FALL - grow,
        wall.width + grow * 2,
        wall.height + grow * 2,
        14,
      )
      .fill({ color: COLORS.shadow, alpha: 0.13 });
  }
  return context;
}

function paintMarkings(): GraphicsContext {
  const context = new GraphicsContext();
  markQuarters(context);
  centreMark(context);
  paintWays(context);
  return context;
}

/** North-west corner of a quarter; they are counted clockwise from the north-west one. */
function cornerOf(quarter: number): [x: number, y: number] {
  const half = ARENA_SIZE / 2;
  return [quarter === 1 || quarter === 2 ? half : 0, quarter >= 2 ? half : 0];
}

/** Rings in the middle of each quarter, in its colour, and the cross between them. */
function markQuarters(context: GraphicsContext): void {
  const half = ARENA_SIZE / 2;
  QUARTER_COLORS.forEach((color, quarter) => {
    const [x, y] = cornerOf(quarter);
    for (let ring = 0; ring < 3; ring++)
      context
        .circle(x + half / 2, y + half / 2, 150 + ring * 26)
        .stroke({ color, alpha: 0.22 - ring * 0.05, width: 6 - ring * 1.5 });
  });
  context
    .rect(half - 2, 0, 4, ARENA_SIZE)
    .rect(0, half - 2, ARENA_SIZE, 4)
    .fill({ color: 0x8fb4ff, alpha: 0.09 });
}

function centreMark(context: GraphicsContext): void {
  const half = ARENA_SIZE / 2;
  context.circle(half, half, 190).fill({ color: 0x000000, alpha: 0.25 });
  for (const [radius, width, alpha] of [
    [190, 5, 0.3],
    [164, 2, 0.22],
    [70, 3, 0.3],
  ])
    context.circle(half, half, radius).stroke({ color: 0xa9c4ff, alpha, width });
  for (let turn = 0; turn < 12; turn++) {
    const angle = (turn / 12) * Math.PI * 2;
    const long = turn % 3 === 0 ? 60 : 24;
    context
      .moveTo(half + Math.cos(angle) * (160 - long), half + Math.sin(angle) * (160 - long))
      .lineTo(half + Math.cos(angle) * 160, half + Math.sin(angle) * 160)
      .stroke({ color: 0xa9c4ff, alpha: 0.3, width: 3 });
  }
}

/** Chevrons on the ways to the centre, and hazard stripes along the border. */
function paintWays(context: GraphicsContext): void {
  const half = ARENA_SIZE / 2;
  for (let distance = 420; distance < half - 200; distance += FLOOR_TILE) {
    for (let turn = 0; turn < 4; turn++) {
      const dx = [1, 0, -1, 0][turn];
      const dy = [0, 1, 0, -1][turn];
      const x = half - dx * distance;
      const y = half - dy * distance;
      for (let i = 0; i < 3; i++)
        chevron(context, x + dx * i * 26, y + dy * i * 26, dx, dy, 0.14 + i * 0.06);
    }
  }
  for (let at = 0; at < ARENA_SIZE; at += 64) {
    for (const [x, y] of [
      [at, 0],
      [at, ARENA_SIZE - 10],
      [0, at],
      [ARENA_SIZE - 10, at],
    ])
      context
        .rect(x, y, y === at && x !== at ? 10 : 32, y === at && x !== at ? 32 : 10)
        .fill({ color: 0xffc857, alpha: 0.13 });
  }
}

function chevron(
  context: GraphicsContext,
  x: number,
  y: number,
  dx: number,
  dy: number,
  alpha: number,
): void {
  context
    .moveTo(x - dx * 14 - dy * 22, y - dy * 14 + dx * 22)
    .lineTo(x, y)
    .lineTo(x - dx * 14 + dy * 22, y - dy * 14 - dx * 22)
    .stroke({ color: 0xa9c4ff, alpha, width: 4 });
}
