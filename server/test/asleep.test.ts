// {S21} A page that did not run while its line did, in virtual time: what came meanwhile waits for
// it and is read in as many parts as the browser likes, with pictures in between. Whatever its
// clock did, others stand where they stood until the present is known, and are there at once. Trap:
// the server stops sending to who acknowledges nothing, so what waits may end seconds ago.
import type { GameClient } from '@tickwire/client';
import type { Link } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { arcade, game, SPEED } from './arcade.ts';
import { Stepper } from './stepper.ts';

const FRAME_MS = 1000 / 60;
const STEADY = { latencyMs: 30, jitterMs: 0, stallMs: 0, stallEveryMs: 0, bandwidthKbps: 0 };
/** More ticks than these between two pictures, and thrice those of the time, are a hop. */
const LEAST_HOP_TICKS = 5;
/** What a picture may go on by at once after a sleep, ms: what is guessed and what came last. */
const MOST_GONE_ON_MS = 100;

let stepper: Stepper;
afterEach(() => stepper.close());

/** What stops with a page: its timers, its ears, and its clock where that is one that `stands`. */
class Page {
  asleep = false;
  readonly #stands: boolean;
  readonly #timers: (() => void)[] = [];
  readonly #unread: (() => void)[] = [];
  #stoodMs = 0;

  constructor(stands: boolean) {
    this.#stands = stands;
  }

  now = () => stepper.nowMs - this.#stoodMs;

  later = (ms: number, run: () => void) =>
    stepper.later(ms, () => {
      if (this.asleep) this.#timers.push(run);
      else run();
    });

  /** Messages wait from the moment it sleeps until all that waited are read. */
  link = (line: Link): Link => {
    const ears: Link = {
      send: (bytes) => line.send(bytes),
      close: (code, reason) => line.close(code, reason),
      onMessage: null,
      onClose: null,
      get bufferedBytes() {
        return line.bufferedBytes;
      },
    };
    line.onMessage = (bytes) => {
      const copy = bytes.slice();
      this.#unread.push(() => ears.onMessage?.(copy));
      if (!this.asleep && this.#unread.length === 1) this.read(1);
    };
    line.onClose = (code, reason) => ears.onClose?.(code, reason);
    return ears;
  };

  get unread(): number {
    return this.#unread.length;
  }

  async sleep(ms: number): Promise<void> {
    this.asleep = true;
    await stepper.advance(ms);
    this.asleep = false;
    if (this.#stands) this.#stoodMs += ms;
  }

  /** Reads so many of the messages that wait, then runs the timers that do. */
  read(most = Number.POSITIVE_INFINITY): void {
    for (const read of this.#unread.splice(0, most)) read();
    for (const run of this.#timers.splice(0)) run();
  }
}

interface Picture {
  atMs: number;
  /** Shown tick, and where somebody who walks is drawn. */
  tick: number;
  x: number;
}

/** Draws for `ms`. */
async function draw(client: GameClient<typeof game>, id: number, ms: number): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const endMs = stepper.nowMs + ms; stepper.nowMs < endMs; ) {
    await stepper.advance(FRAME_MS);
    const view = client.view();
    pictures.push({ atMs: stepper.nowMs, tick: view.tick, x: view.get('ship', id as never)!.x });
  }
  return pictures;
}

/** From picture to picture: whether the shown tick hopped or ran back, and the walker leapt. */
function steps(pictures: readonly Picture[]) {
  return pictures.slice(1).map(({ atMs, tick, x }, i) => {
    const before = pictures[i];
    const ms = Math.min(atMs - before.atMs, MOST_GONE_ON_MS);
    const most = Math.max(LEAST_HOP_TICKS, (3 * ms * game.tickRate) / 1000);
    const ticks = tick - before.tick;
    const walked = ((x - before.x) / SPEED) * game.tickRate;
    return { hops: ticks > most, back: ticks < 0, leaps: Math.abs(walked) > most };
  });
}

describe.each([
  ['runs', false],
  ['stands', true],
])('{S21} a page whose clock %s while it sleeps', (_, stands) => {
  test.each([
    [20_000, 1, 16],
    [20_000, 2, 16],
    [20_000, 2, 300],
    [20_000, 3, 100],
    [20_000, 7, 16],
    [20_000, 7, 100],
    [3_000, 2, 100],
    [3_000, 7, 16],
  ])('for %i ms hops once, read in %i parts with %i ms between', async (ms, parts, pauseMs) => {
    stepper = await Stepper.start({ rooms: { field: arcade() } });
    const walks = () => ({ dx: 1, dy: 0, fire: false });
    const walker = await stepper.join(game, { room: 'field', sample: walks });
    const id = walker.client.newest().mine('ship')!.id;
    const page = new Page(stands);
    const { client } = await stepper.join(game, {
      room: 'field',
      sample: () => ({ dx: 0, dy: 0, fire: false }),
      up: STEADY,
      down: STEADY,
      now: page.now,
      later: page.later,
      link: page.link,
    });
    const before = await draw(client, id, 10_000);
    const { inputLeadTicks, shownDelayMs } = client.stats;
    await page.sleep(ms);
    const part = Math.ceil(page.unread / parts);
    const pictures = before.slice(-1);
    for (let i = 1; i <= parts; i++) {
      page.read(i < parts ? part : undefined);
      pictures.push(...(await draw(client, id, pauseMs)));
    }
    pictures.push(...(await draw(client, id, 2000)));
    const after = steps(pictures);
    expect(after.filter(({ hops }) => hops).length).toBe(1);
    expect(after.filter(({ leaps }) => leaps).length).toBe(1);
    expect(after.some(({ back }) => back)).toBe(false);
    // The line was not at fault.
    expect(client.stats.shownDelayMs).toBeLessThan(shownDelayMs + 100);
    expect(client.stats.inputLeadTicks).toBeLessThan(inputLeadTicks + 4);
  });
});
