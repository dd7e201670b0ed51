// Line plots as SVG, by a writer of our own: panels side by side on one scale, logarithmic unless a
// plot asks for even steps, names of the lines at the right of the last. Knows nothing of what is
// plotted. Files go to bench/plots, which git does not see.
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Line {
  readonly name: string;
  /** By x, ascending. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn boldly, above the others. */
  readonly ours: boolean;
}

export interface Plot {
  readonly title: string;
  /** What the numbers are and what they hold. */
  readonly note: string;
  readonly xTitle: string;
  /** x by its value. Default: each x there is, at equal distances. */
  readonly linearX?: boolean;
  /** y from 0 in even steps. Default: logarithmic. */
  readonly linearY?: boolean;
  readonly panels: readonly { readonly title: string; readonly lines: readonly Line[] }[];
}

const FOLDER = fileURLToPath(new URL('../plots/', import.meta.url));

const PANEL_WIDTH = 270;
const PANEL_HEIGHT = 360;
const PANEL_GAP = 26;
const LEFT = 54;
const TOP = 96;
const BOTTOM = 58;
/** Room for the lines' names. */
const RIGHT = 248;
/** Names stand at least this far apart. */
const NAME_HEIGHT = 16;
/** A dozen names that all want the same place have made room for each other by then. */
const NAME_PASSES = 200;
/** Of the panel's sides, where no point lies. */
const INSET = 18;

/** Ours; then the others in the order of their names. Told apart without red or green. */
const OURS = ['#c2410c', '#d99a1c'];
const OTHERS = ['#0f5c8c', '#56a3d9', '#4d4d4d', '#9a9a9a', '#6b4fa0', '#b39ddb', '#2a7f62'];
const INK = '#222222';
const FAINT = '#e4e4e4';
const QUIET = '#666666';

/** Writes `bench/plots/NAME.svg`; answers its path from where the bench was called. */
export function writePlot(name: string, plot: Plot): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}${name}.svg`;
  writeFileSync(path, svgOf(plot));
  return relative(process.cwd(), path);
}

/** Even steps of a scale: about so many. */
const STEPS = 6;
/** A line of more points than this is drawn without dots. */
const MOST_DOTS = 60;

/** Where values lie on the page. */
interface Scales {
  /** Named on each axis; the ends of the y axis are among them. */
  readonly xTicks: readonly number[];
  readonly ticks: readonly number[];
  x(value: number): number;
  y(value: number): number;
}

export function svgOf(plot: Plot): string {
  const { panels, title, note } = plot;
  const lines = panels.flatMap((panel) => panel.lines);
  const width = LEFT + panels.length * (PANEL_WIDTH + PANEL_GAP) - PANEL_GAP + RIGHT;
  const height = TOP + PANEL_HEIGHT + BOTTOM;
  const scales = scalesOf(plot, lines);
  const colours = coloursOf(lines);
  const parts = panels.map((panel, i) => {
    const left = LEFT + i * (PANEL_WIDTH + PANEL_GAP);
    const last = i === panels.length - 1 ? names(panel.lines, scales, colours) : '';
    const tickNames = i === 0 ? yNames(scales) : '';
    return (
      `<g transform="translate(${left} ${TOP})">${grid(panel.title, scales)}${tickNames}` +
      `${panel.lines.map((line) => lineOf(line, scales, colours)).join('')}${last}</g>`
    );
  });
  const middle = LEFT + (width - LEFT - RIGHT) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"`,
    ` viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(LEFT, 28, title, 'font-size="17" font-weight="bold"'),
    text(LEFT, 48, note, `fill="${QUIET}"`),
    ...parts,
    text(middle, height - 14, plot.xTitle, `text-anchor="middle" fill="${QUIET}"`),
    '</svg>\n',
  ].join('\n');
}

function scalesOf({ linearX, linearY }: Plot, lines: readonly Line[]): Scales {
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const most = Math.max(...ys);
  const ticks = linearY ? evenTicks(0, most) : ticksOf(Math.min(...ys), most);
  const along = linearY ? (value: number) => value : Math.log;
  const low = along(ticks[0]);
  const high = along(ticks[ticks.length - 1]);
  const xs = xsOf(lines);
  const y = (value: number) => PANEL_HEIGHT * (1 - (along(value) - low) / (high - low));
  const width = PANEL_WIDTH - 2 * INSET;
  if (!linearX) {
    const step = width / Math.max(xs.length - 1, 1);
    return { xTicks: xs, ticks, x: (value) => INSET + xs.indexOf(value) * step, y };
  }
  const xTicks = evenTicks(xs[0], xs[xs.length - 1]);
  const first = xTicks[0];
  const span = xTicks[xTicks.length - 1] - first;
  return { xTicks, ticks, x: (value) => INSET + ((value - first) / span) * width, y };
}

/** Multiples of 1, 2 or 5 times a power of ten, from below `least` to above `most`. */
function evenTicks(least: number, most: number): number[] {
  const wanted = (most - least || 1) / STEPS;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * ([1, 2, 5].find((digit) => digit * power >= wanted) ?? 10);
  const first = Math.floor(least / step);
  const count = Math.max(Math.ceil(most / step), first + 1) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

/** Every x there is, ascending: they stand at equal distances. */
function xsOf(lines: readonly Line[]): number[] {
  const xs = new Set(lines.flatMap(({ points }) => points.map(([x]) => x)));
  return [...xs].sort((a, b) => a - b);
}

/** 1, 2 and 5 times powers of ten, from below the least to above the greatest. */
function ticksOf(least: number, most: number): number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most * 10; power++)
    for (const digit of [1, 2, 5]) all.push(Number((digit * 10 ** power).toPrecision(1)));
  const from = all.findLastIndex((tick) => tick <= least);
  const to = all.findIndex((tick) => tick >= most);
  return all.slice(Math.max(from, 0), to + 1);
}

function coloursOf(lines: readonly Line[]): Map<string, string> {
  const colours = new Map<string, string>();
  const next = { ours: 0, others: 0 };
  for (const { name, ours } of lines) {
    if (colours.has(name)) continue;
    const palette = ours ? OURS : OTHERS;
    colours.set(name, palette[(ours ? next.ours++ : next.others++) % palette.length]);
  }
  return colours;
}

function grid(title: string, { xTicks, ticks, x, y }: Scales): string {
  const across = ticks.map((tick) => rule(0, y(tick), PANEL_WIDTH, y(tick)));
  const names = xTicks.map((value) => {
    const label = value.toLocaleString('en');
    return text(x(value), PANEL_HEIGHT + 18, label, `text-anchor="middle" fill="${QUIET}"`);
  });
  return text(0, -14, title, 'font-weight="bold"') + across.join('') + names.join('');
}

function yNames({ ticks, y }: Scales): string {
  return ticks
    .map((tick) => text(-8, y(tick) + 4, String(tick), `text-anchor="end" fill="${QUIET}"`))
    .join('');
}

function lineOf(line: Line, { x, y }: Scales, colours: Map<string, string>): string {
  const colour = colours.get(line.name);
  const places = line.points.map(([px, py]) => [x(px).toFixed(1), y(py).toFixed(1)]);
  const thick = line.ours ? 3 : 1.5;
  const path = places.map((place) => place.join(',')).join(' ');
  const dotted = places.length > MOST_DOTS ? [] : places;
  const dots = dotted.map(
    ([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="${thick + 1}" fill="${colour}"/>`,
  );
  const stroke = `fill="none" stroke="${colour}" stroke-width="${thick}"`;
  return `<polyline points="${path}" ${stroke} stroke-linejoin="round"/>${dots.join('')}`;
}

/** Each line's name and last value; names that would lie on each other move apart. */
function names(lines: readonly Line[], { y }: Scales, colours: Map<string, string>): string {
  const placed = lines
    .map((line) => ({ line, at: y(line.points[line.points.length - 1][1]) }))
    .sort((a, b) => a.at - b.at);
  for (let pass = 0; pass < NAME_PASSES; pass++)
    for (let i = 1; i < placed.length; i++) {
      const short = NAME_HEIGHT - (placed[i].at - placed[i - 1].at);
      if (short <= 0) continue;
      placed[i - 1].at -= short / 2;
      placed[i].at += short / 2;
    }
  return placed
    .map(({ line, at }) => {
      const value = line.points[line.points.length - 1][1];
      const label = `${line.name}: ${Number(value.toPrecision(2))}`;
      const weight = line.ours ? ' font-weight="bold"' : '';
      return text(PANEL_WIDTH + 8, at + 4, label, `fill="${colours.get(line.name)}"${weight}`);
    })
    .join('');
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  const at = `x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}"`;
  return `<line ${at} stroke="${FAINT}"/>`;
}

function text(x: number, y: number, said: string, attributes = ''): string {
  const escaped = said.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  const fill = attributes.includes('fill=') ? '' : ` fill="${INK}"`;
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${fill} ${attributes}>${escaped}</text>`;
}
