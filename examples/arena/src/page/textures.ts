// Every picture of the arena, painted at start with a 2D canvas: there are no image files to load.
// Pictures that take a player's colour are painted in white and tinted by pixi; those with a colour
// of their own are not.

import { Texture } from 'pixi.js';
import { between, chance } from './chance.ts';

/**
 * Pixels of a picture for each world unit: sharp up to zoom 2, or zoom 1 on a dense phone screen.
 */
export const DETAIL = 2;

/** Side of one floor picture in world units; it repeats. */
export const FLOOR_TILE = 512;

export interface Textures {
  glow: Texture;
  spark: Texture;
  streak: Texture;
  ring: Texture;
  smoke: Texture;
  shard: Texture;
  shadow: Texture;
  hull: Texture;
  trim: Texture;
  ghost: Texture;
  shield: Texture;
  rocket: Texture;
  kit: Texture;
  floor: Texture;
}

/** Paints on a canvas of `width` x `height` world units whose origin is its centre. */
function paint(
  width: number,
  height: number,
  draw: (brush: CanvasRenderingContext2D) => void,
): Texture {
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * DETAIL);
  canvas.height = Math.round(height * DETAIL);
  const brush = canvas.getContext('2d')!;
  brush.scale(DETAIL, DETAIL);
  brush.translate(width / 2, height / 2);
  draw(brush);
  return Texture.from(canvas);
}

/** A disc that fades out: stops are [share of the radius, opacity]. */
function softDisc(radius: number, stops: ReadonlyArray<readonly [number, number]>, rgb: string) {
  return paint(radius * 2, radius * 2, (brush) => {
    const gradient = brush.createRadialGradient(0, 0, 0, 0, 0, radius);
    for (const [at, opacity] of stops) gradient.addColorStop(at, `rgba(${rgb},${opacity})`);
    brush.fillStyle = gradient;
    brush.fillRect(-radius, -radius, radius * 2, radius * 2);
  });
}

const WHITE = '255,255,255';

export function paintTextures(): Textures {
  return {
    glow: softDisc(
      32,
      [
        [0, 1],
        [0.15, 0.62],
        [0.45, 0.16],
        [1, 0],
      ],
      WHITE,
    ),
    spark: softDisc(
      8,
      [
        [0, 1],
        [0.35, 0.9],
        [1, 0],
      ],
      WHITE,
    ),
    smoke: softDisc(
      24,
      [
        [0, 0.55],
        [0.5, 0.32],
        [1, 0],
      ],
      WHITE,
    ),
    shadow: softDisc(
      34,
      [
        [0, 0.62],
        [0.5, 0.5],
        [1, 0],
      ],
      '0,0,0',
    ),
    streak: paint(64, 8, paintStreak),
    ring: paint(128, 128, paintRing),
    shard: paint(14, 10, paintShard),
    hull: paint(64, 64, paintHull),
    trim: paint(64, 64, paintTrim),
    ghost: paint(64, 64, paintGhost),
    shield: paint(80, 80, paintShield),
    rocket: paint(32, 16, paintRocket),
    kit: paint(48, 48, paintKit),
    floor: paint(FLOOR_TILE, FLOOR_TILE, paintFloor),
  };
}

function paintStreak(brush: CanvasRenderingContext2D): void {
  const along = brush.createLinearGradient(-32, 0, 32, 0);
  along.addColorStop(0, `rgba(${WHITE},0)`);
  along.addColorStop(0.7, `rgba(${WHITE},0.7)`);
  along.addColorStop(1, `rgba(${WHITE},1)`);
  brush.fillStyle = along;
  for (const [half, opacity] of [
    [4, 0.18],
    [2.4, 0.35],
    [1, 1],
  ]) {
    brush.globalAlpha = opacity;
    brush.fillRect(-32, -half, 64, half * 2);
  }
}

function paintRing(brush: CanvasRenderingContext2D): void {
  const gradient = brush.createRadialGradient(0, 0, 46, 0, 0, 63);
  gradient.addColorStop(0, `rgba(${WHITE},0)`);
  gradient.addColorStop(0.75, `rgba(${WHITE},0.4)`);
  gradient.addColorStop(0.88, `rgba(${WHITE},1)`);
  gradient.addColorStop(1, `rgba(${WHITE},0)`);
  brush.fillStyle = gradient;
  brush.fillRect(-64, -64, 128, 128);
}

function paintShard(brush: CanvasRenderingContext2D): void {
  brush.fillStyle = '#fff';
  brush.beginPath();
  brush.moveTo(-6, 3);
  brush.lineTo(5, 4);
  brush.lineTo(2, -4);
  brush.closePath();
  brush.fill();
}

/** Outline of a ship's body, nose to the right. */
function bodyPath(brush: CanvasRenderingContext2D): void {
  brush.beginPath();
  brush.moveTo(23, 0);
  brush.lineTo(9, -10);
  brush.lineTo(-12, -11);
  brush.lineTo(-18, -4);
  brush.lineTo(-18, 4);
  brush.lineTo(-12, 11);
  brush.lineTo(9, 10);
  brush.closePath();
}

/** One of the two side pods; `side` is -1 or 1. */
function podPath(brush: CanvasRenderingContext2D, side: number): void {
  brush.beginPath();
  brush.roundRect(-17, side * 14 - 4.5, 26, 9, 4);
}

function paintHull(brush: CanvasRenderingContext2D): void {
  brush.lineJoin = 'round';
  for (const side of [-1, 1]) {
    const pod = brush.createLinearGradient(0, side * 14 - 5, 0, side * 14 + 5);
    pod.addColorStop(0, '#4d5872');
    pod.addColorStop(1, '#1a2030');
    podPath(brush, side);
    brush.fillStyle = pod;
    brush.fill();
    brush.strokeStyle = '#0a0d14';
    brush.lineWidth = 1.2;
    brush.stroke();
  }
  // The gun: a twin barrel through the nose.
  brush.fillStyle = '#0d111a';
  brush.fillRect(12, -3.4, 17, 6.8);
  brush.fillStyle = '#7b88a6';
  brush.fillRect(13, -2.6, 15.5, 1.8);
  brush.fillRect(13, 0.8, 15.5, 1.8);
  const body = brush.createLinearGradient(0, -12, 0, 12);
  body.addColorStop(0, '#5b6885');
  body.addColorStop(0.45, '#303a50');
  body.addColorStop(1, '#161b28');
  bodyPath(brush);
  brush.fillStyle = body;
  brush.fill();
  brush.strokeStyle = '#080b12';
  brush.lineWidth = 1.6;
  brush.stroke();
}

function paintTrim(brush: CanvasRenderingContext2D): void {
  brush.lineJoin = 'round';
  brush.strokeStyle = '#fff';
  brush.lineWidth = 1.5;
  brush.save();
  brush.scale(0.86, 0.86);
  bodyPath(brush);
  brush.stroke();
  brush.restore();
  brush.fillStyle = '#fff';
  for (const side of [-1, 1]) {
    brush.beginPath();
    brush.roundRect(-14, side * 14 - 1.6, 18, 3.2, 1.6);
    brush.fill();
  }
  const dome = brush.createRadialGradient(-2, -2, 0.5, 0, 0, 6.5);
  dome.addColorStop(0, '#ffffff');
  dome.addColorStop(0.6, '#d8d8d8');
  dome.addColorStop(1, '#8a8a8a');
  brush.fillStyle = dome;
  brush.beginPath();
  brush.arc(0, 0, 6, 0, Math.PI * 2);
  brush.fill();
}

function paintGhost(brush: CanvasRenderingContext2D): void {
  brush.strokeStyle = '#fff';
  brush.lineWidth = 1.4;
  brush.setLineDash([4, 3]);
  bodyPath(brush);
  brush.stroke();
  brush.setLineDash([]);
  brush.beginPath();
  brush.arc(0, 0, 2.5, 0, Math.PI * 2);
  brush.fillStyle = '#fff';
  brush.fill();
}

function paintShield(brush: CanvasRenderingContext2D): void {
  const gradient = brush.createRadialGradient(0, 0, 20, 0, 0, 36);
  gradient.addColorStop(0, `rgba(${WHITE},0)`);
  gradient.addColorStop(0.8, `rgba(${WHITE},0.3)`);
  gradient.addColorStop(0.93, `rgba(${WHITE},0.95)`);
  gradient.addColorStop(1, `rgba(${WHITE},0)`);
  brush.fillStyle = gradient;
  brush.fillRect(-40, -40, 80, 80);
}

function paintRocket(brush: CanvasRenderingContext2D): void {
  brush.fillStyle = '#e9edf8';
  brush.beginPath();
  brush.moveTo(13, 0);
  brush.quadraticCurveTo(8, -4.5, 2, -4.5);
  brush.lineTo(-9, -4.5);
  brush.lineTo(-9, 4.5);
  brush.lineTo(2, 4.5);
  brush.quadraticCurveTo(8, 4.5, 13, 0);
  brush.fill();
  brush.fillStyle = '#3a4258';
  brush.fillRect(-9, -4.5, 4, 9);
  brush.fillStyle = '#9aa5c0';
  brush.fillRect(-12, -7, 5, 3.2);
  brush.fillRect(-12, 3.8, 5, 3.2);
}

function paintKit(brush: CanvasRenderingContext2D): void {
  brush.fillStyle = '#0c1a18';
  brush.strokeStyle = '#6dffb0';
  brush.lineWidth = 2;
  brush.beginPath();
  brush.roundRect(-15, -15, 30, 30, 8);
  brush.fill();
  brush.stroke();
  brush.fillStyle = '#6dffb0';
  brush.beginPath();
  brush.roundRect(-9, -3, 18, 6, 2);
  brush.roundRect(-3, -9, 6, 18, 2);
  brush.fill();
}

/** Four by four dark plates with seams, rivets, scratches and a little grain. */
function paintFloor(brush: CanvasRenderingContext2D): void {
  const half = FLOOR_TILE / 2;
  const plate = FLOOR_TILE / 4;
  brush.fillStyle = '#212839';
  brush.fillRect(-half, -half, FLOOR_TILE, FLOOR_TILE);
  for (let row = 0; row < 4; row++)
    for (let column = 0; column < 4; column++)
      paintPlate(brush, -half + column * plate, -half + row * plate, plate);
  for (let i = 0; i < 2600; i++) {
    brush.fillStyle = chance() < 0.5 ? 'rgba(255,255,255,0.018)' : 'rgba(0,0,0,0.10)';
    brush.fillRect(between(-half, half), between(-half, half), between(0.5, 2), between(0.5, 2));
  }
  // The coarse grid that repeats with the tile: it gives speed something to be seen against.
  brush.strokeStyle = 'rgba(130,170,240,0.26)';
  brush.lineWidth = 1.5;
  brush.strokeRect(-half, -half, FLOOR_TILE, FLOOR_TILE);
}

function paintPlate(brush: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  const light = between(-1, 1);
  brush.fillStyle =
    light > 0 ? `rgba(150,180,235,${light * 0.06})` : `rgba(0,0,0,${-light * 0.22})`;
  brush.fillRect(x + 1, y + 1, size - 2, size - 2);
  brush.fillStyle = 'rgba(0,0,0,0.42)';
  brush.fillRect(x, y, size, 1.5);
  brush.fillRect(x, y, 1.5, size);
  brush.fillStyle = 'rgba(170,195,240,0.10)';
  brush.fillRect(x + 1.5, y + 1.5, size - 2, 1);
  brush.fillRect(x + 1.5, y + 1.5, 1, size - 2);
  brush.fillStyle = 'rgba(170,195,240,0.2)';
  for (const [dx, dy] of [
    [9, 9],
    [size - 9, 9],
    [9, size - 9],
    [size - 9, size - 9],
  ]) {
    brush.beginPath();
    brush.arc(x + dx, y + dy, 1.4, 0, Math.PI * 2);
    brush.fill();
  }
  if (chance() < 0.18) paintVent(brush, x + size * 0.28, y + size * 0.32, size * 0.44);
}

function paintVent(brush: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  for (let slot = 0; slot < 5; slot++) {
    brush.fillStyle = 'rgba(0,0,0,0.4)';
    brush.fillRect(x, y + slot * 10, size, 4);
    brush.fillStyle = 'rgba(170,195,240,0.06)';
    brush.fillRect(x, y + slot * 10 + 4, size, 1);
  }
}
