// The colours of the page, for pixi (numbers) and for the document (CSS text). The twelve hues are
// the players'; everything else is dark, so that a colour always means somebody.

/**
 * One colour for each value of a player's `hue`. Neighbours in the list are far apart in the wheel.
 */
export const HUE_COLORS: readonly number[] = [
  0x4fd8ff, 0xff5d73, 0x8dff6a, 0xffb038, 0xc084ff, 0x3dffc0, 0xff7ad9, 0xffe957, 0x6f9bff,
  0xff8552, 0xb7f53f, 0xe8ecff,
];

/**
 * Edge light of the walls in each quarter of the arena: north-west, north-east, south-east,
 * south-west.
 */
export const QUARTER_COLORS: readonly number[] = [0x3ea8ff, 0xb25cff, 0xff6a55, 0x2fe0a0];

export const COLORS = {
  void: 0x06080d,
  floor: 0x11151f,
  wallTop: 0x2c3448,
  shadow: 0x000000,
  repair: 0x6dffb0,
  warm: 0xffd9a0,
  fire: 0xff8a3c,
  smoke: 0x596075,
  white: 0xffffff,
} as const;

/** The pixi colour of a hue; hues outside the list wrap. */
export function hueColor(hue: number): number {
  return HUE_COLORS[hue % HUE_COLORS.length];
}

/** A number colour as CSS text. */
export function css(color: number): string {
  return `#${color.toString(16).padStart(6, '0')}`;
}

/** A colour between two: 0 is `from`, 1 is `to`. */
export function blend(from: number, to: number, share: number): number {
  let mixed = 0;
  for (let shift = 0; shift <= 16; shift += 8) {
    const a = (from >> shift) & 255;
    const b = (to >> shift) & 255;
    mixed |= Math.round(a + (b - a) * share) << shift;
  }
  return mixed;
}
