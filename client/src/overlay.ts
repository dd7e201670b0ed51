// How the line and the loops stand, drawn over a game: rtt, jitter, delay, lead, corrections and
// bytes. An export of its own, for development and for a demo's panel; reads GameClient.stats and
// nothing else. Styled by a constructed sheet in a shadow root, which the strictest CSP lets pass
// and the page's own rules do not reach. Trap: it runs on animation frames, so a hidden page draws
// nothing and its numbers per second start afresh.
import type { Stats } from './connect.ts';
import type { Status } from './status.ts';

/** Any game: what connect() gives, whatever its declaration. */
export interface WatchedGame {
  readonly stats: Stats;
  readonly status: Status;
}

export interface OverlayOptions {
  /** Seconds that the graph shows. Default 30. */
  seconds?: number;
}

/** Ms between two updates: four a second can still be read. */
const UPDATE_MS = 250;
/** Numbers per second are taken over this long, ms: shorter and they flicker. */
const RATE_MS = 2000;
/** Least height of the graph, ms: a calm line looks calm. */
const LEAST_SCALE_MS = 100;
/** CSS pixels. */
const GRAPH_HEIGHT = 84;

const RTT = '#5ad1ff';
const JITTER = '#ffb454';
const DELAY = '#c792ea';
const GOOD = '#8bd48b';
const BAD = '#ff7b72';
const FAINT = '#9aa7b5';

const CSS = `
:host { display: block; width: 280px; max-width: 100%; min-width: 0; }
.panel { box-sizing: border-box; padding: 10px 12px; border-radius: 8px;
  background: rgb(12 16 22 / .86); color: #e8edf2; text-align: left;
  font: 12px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  font-variant-numeric: tabular-nums; }
.head { display: flex; justify-content: space-between; gap: 8px; }
.head b { font-weight: 600; }
.reason { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: ${FAINT}; }
canvas { display: block; width: 100%; height: ${GRAPH_HEIGHT}px; margin: 6px 0; }
dl { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; margin: 0; }
dt { color: ${FAINT}; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
dd { margin: 0; text-align: right; white-space: nowrap; }
dl + dl { margin-top: 6px; padding-top: 6px; border-top: 1px solid rgb(255 255 255 / .14); }
.rtt { color: ${RTT}; } .jitter { color: ${JITTER}; } .delay { color: ${DELAY}; }
.good { color: ${GOOD}; } .bad { color: ${BAD}; }
`;

/** What was read at one update. */
interface Sample {
  readonly atMs: number;
  readonly stats: Stats;
  readonly bytes: Readonly<Record<string, number>>;
}

/** Shows a game's overlay inside an element, which decides where it stands and how wide it gets. */
export function mountOverlay(
  game: WatchedGame,
  element: HTMLElement,
  options: OverlayOptions = {},
): { unmount(): void } {
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  const panel = new Panel(root, (options.seconds ?? 30) * 1000);
  element.append(host);

  let frame = 0;
  let updatedMs = -Infinity;
  const tick = (nowMs: number): void => {
    frame = requestAnimationFrame(tick);
    if (nowMs - updatedMs < UPDATE_MS) return;
    updatedMs = nowMs;
    panel.update(game, nowMs);
  };
  frame = requestAnimationFrame(tick);
  return {
    unmount() {
      cancelAnimationFrame(frame);
      host.remove();
    },
  };
}

class Panel {
  readonly #spanMs: number;
  readonly #samples: Sample[] = [];
  readonly #status: HTMLElement;
  readonly #reason: HTMLElement;
  readonly #graph: HTMLCanvasElement;
  readonly #loops: Rows;
  readonly #traffic: Rows;

  constructor(root: ShadowRoot, spanMs: number) {
    this.#spanMs = spanMs;
    const panel = add(root, 'div', 'panel');
    const head = add(panel, 'div', 'head');
    this.#status = add(head, 'b');
    this.#reason = add(head, 'span', 'reason');
    this.#graph = add(panel, 'canvas') as HTMLCanvasElement;
    const loops = add(panel, 'dl');
    loops.title = '(+ in the time of the graph)';
    this.#loops = new Rows(loops);
    this.#traffic = new Rows(add(panel, 'dl'));
  }

  update(game: WatchedGame, nowMs: number): void {
    const { stats, status } = game;
    const { inByFrame, outByFrame } = stats;
    const bytes: Record<string, number> = {};
    for (const [name, count] of Object.entries(inByFrame)) bytes[`${name} in`] = count;
    for (const [name, count] of Object.entries(outByFrame)) bytes[`${name} out`] = count;
    const last = this.#samples.at(-1);
    // A page that was hidden has no picture of the time between.
    if (last && nowMs - last.atMs > RATE_MS) this.#samples.length = 0;
    this.#samples.push({ atMs: nowMs, stats, bytes });
    while (this.#samples[0].atMs < nowMs - this.#spanMs) this.#samples.shift();

    const good = status.state === 'live';
    this.#status.textContent = status.state;
    this.#status.className = good ? 'good' : 'bad';
    this.#reason.textContent = 'reason' in status ? status.reason : '';
    this.#showLoops(stats, this.#since(nowMs - RATE_MS), this.#samples[0]);
    this.#showTraffic(this.#since(nowMs - RATE_MS), this.#samples.at(-1)!);
    draw(this.#graph, this.#samples, nowMs, this.#spanMs);
  }

  /** The oldest sample since `fromMs`. */
  #since(fromMs: number): Sample {
    return this.#samples.find(({ atMs }) => atMs >= fromMs)!;
  }

  #showLoops(stats: Stats, recent: Sample, oldest: Sample): void {
    const { ticks, ticksInTime } = stats;
    const stepped = ticks - recent.stats.ticks;
    const share = stepped > 0 ? (ticksInTime - recent.stats.ticksInTime) / stepped : Number.NaN;
    const frozenMs = stats.frozenMs - oldest.stats.frozenMs;
    const corrections = stats.corrections - oldest.stats.corrections;
    const rows = this.#loops;
    const spectator = ticksInTime === 0;
    rows.set('round trip', `${ms(stats.rttMs)} ± ${ms(stats.jitterMs)}`, 'rtt');
    rows.set('shown delay', ms(stats.shownDelayMs), 'delay');
    rows.set('lead', ticksOf(stats.inputLeadTicks));
    rows.set('margin', ticksOf(stats.inputMarginTicks), stats.inputMarginTicks < 0 ? 'bad' : '');
    rows.set('in time', percent(share), !spectator && share < 0.99 ? 'bad' : '');
    rows.set('corrections', `${stats.corrections} (+${corrections})`);
    rows.set('stood still', `${seconds(stats.frozenMs)} (+${seconds(frozenMs)})`);
    rows.set('jumps', String(stats.jumps));
  }

  #showTraffic(from: Sample, to: Sample): void {
    const seconds = Math.max(to.atMs - from.atMs, UPDATE_MS) / 1000;
    const rate = (now: number, before: number) => (now - before) / seconds;
    const { bytesIn, bytesOut } = to.stats;
    const before = from.stats;
    this.#traffic.set('in', perSecond(rate(bytesIn, before.bytesIn)));
    this.#traffic.set('out', perSecond(rate(bytesOut, before.bytesOut)));
    for (const name of Object.keys(to.bytes).sort())
      this.#traffic.set(`· ${name}`, perSecond(rate(to.bytes[name], from.bytes[name] ?? 0)));
  }
}

/** Names and values, one line each; made when first set. */
class Rows {
  readonly #list: HTMLElement;
  readonly #values = new Map<string, HTMLElement>();

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  set(name: string, value: string, look = ''): void {
    let shown = this.#values.get(name);
    if (!shown) {
      add(this.#list, 'dt').textContent = name;
      shown = add(this.#list, 'dd');
      this.#values.set(name, shown);
    }
    if (shown.textContent !== value) shown.textContent = value;
    if (shown.className !== look) shown.className = look;
  }
}

function draw(
  canvas: HTMLCanvasElement,
  samples: readonly Sample[],
  nowMs: number,
  spanMs: number,
): void {
  const pen = canvas.getContext('2d');
  const width = canvas.clientWidth;
  if (!pen || width === 0) return;
  const scale = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(GRAPH_HEIGHT * scale);
  pen.scale(scale, scale);

  let most = LEAST_SCALE_MS;
  for (const { stats } of samples) most = Math.max(most, stats.rttMs, stats.shownDelayMs);
  const topMs = Math.ceil((most * 1.1) / 50) * 50;
  const x = (atMs: number) => width * (1 - (nowMs - atMs) / spanMs);
  const y = (value: number) => GRAPH_HEIGHT - 1 - (GRAPH_HEIGHT - 16) * (value / topMs);

  pen.fillStyle = 'rgb(255 255 255 / .05)';
  pen.fillRect(0, 0, width, GRAPH_HEIGHT);
  pen.fillStyle = 'rgb(255 255 255 / .14)';
  for (const part of [0.5, 1]) pen.fillRect(0, y(topMs * part), width, 1);

  const path = (value: (stats: Stats) => number) => {
    pen.beginPath();
    for (const { atMs, stats } of samples) pen.lineTo(x(atMs), y(value(stats)));
  };
  path((stats) => stats.jitterMs);
  pen.lineTo(x(samples.at(-1)!.atMs), GRAPH_HEIGHT);
  pen.lineTo(x(samples[0].atMs), GRAPH_HEIGHT);
  pen.fillStyle = `${JITTER}88`;
  pen.fill();
  pen.lineWidth = 1.5;
  pen.strokeStyle = DELAY;
  path((stats) => stats.shownDelayMs);
  pen.stroke();
  pen.strokeStyle = RTT;
  path((stats) => stats.rttMs);
  pen.stroke();
  legend(pen, width, `${spanMs / 1000} s, ${topMs} ms`);
}

function legend(pen: CanvasRenderingContext2D, width: number, label: string): void {
  pen.font = '11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace';
  let left = 4;
  for (const [name, colour] of [
    ['rtt', RTT],
    ['jitter', JITTER],
    ['delay', DELAY],
  ]) {
    pen.fillStyle = colour;
    pen.fillText(name, left, 11);
    left += pen.measureText(name).width + 8;
  }
  pen.fillStyle = FAINT;
  const right = width - pen.measureText(label).width - 4;
  if (right > left) pen.fillText(label, right, 11);
}

function add(parent: ParentNode, tag: string, look = ''): HTMLElement {
  const made = document.createElement(tag);
  if (look) made.className = look;
  parent.append(made);
  return made;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function seconds(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}

function ticksOf(value: number): string {
  return Number.isNaN(value) ? '–' : `${value.toFixed(1)} ticks`;
}

function percent(share: number): string {
  return Number.isNaN(share) ? '–' : `${(share * 100).toFixed(share < 0.9995 ? 1 : 0)} %`;
}

function perSecond(bytes: number): string {
  return bytes < 1000 ? `${Math.round(bytes)} B/s` : `${(bytes / 1000).toFixed(1)} KB/s`;
}
