import {
  bool,
  defineGame,
  fixed,
  type Game,
  int,
  OWNER,
  type StateHeader,
} from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { Playback } from './playback.ts';

const SPEED = 60;
const TICK_MS = 1000 / 30;
const game = defineGame({
  tickRate: 30,
  entities: { ship: { x: fixed(-10_000, 10_000, 1 / 16).smooth() } },
  input: { dx: int(-1, 1), fire: bool().press() },
  events: { hit: { hard: int(0, 9) } },
  step: {
    ship(me, { dx }, { dt }) {
      me.x += dx * SPEED * dt;
    },
  },
}) as unknown as Game;
const X = game.kinds[0].byName.get('x')!.column;
const SEAT = 1;
const MINE = 1;
const OTHER = 2;
/** One way, ms. */
const WAY_MS = 40;

/** A playback and the server it hears of, at an even 60 frames a second. */
class Scene {
  nowMs = 1000;
  readonly held = { dx: 0, fire: false };
  readonly events: unknown[] = [];
  /** Inputs that were sent: tick and whether fire was pressed. */
  readonly sent: [tick: number, fire: boolean][] = [];
  readonly playback: Playback;
  /** Tick that the last inputs were said to be made at sight of. */
  sawTick = 0;
  #tick = 99;
  #speaks = true;
  #waiting: number[] = [];

  constructor(sample = true) {
    this.playback = new Playback(game, {
      sample: sample ? () => this.held : undefined,
      happened: (_, payload) => this.events.push(payload.hard),
    });
    this.welcome('room', 100, false);
    expect(this.add(7, SEAT)).toBe(MINE);
    expect(this.add(8, 0)).toBe(OTHER);
    this.pong(5);
  }

  get table() {
    return this.playback.received.tables[0];
  }

  /** The server's fractional tick now: 100 at 1000 ms. */
  get serverTick(): number {
    return 100 + (this.nowMs - 1000) / TICK_MS;
  }

  welcome(roomId: string, tick: number, same: boolean): void {
    const rest = { resumeKey: '', serverTimeMs: 0, roomId, sendEvery: 1, packed: false };
    this.playback.received.seat = SEAT;
    this.playback.welcomed({ seat: SEAT, tick, ...rest }, same, same);
  }

  add(id: number, owner: number): number {
    const row = this.table.add(id);
    this.table.values[OWNER][row] = owner;
    return row;
  }

  pong(times: number): void {
    const { nowMs } = this;
    for (let i = 0; i < times; i++)
      this.playback.clock.addPong({
        sentMs: nowMs - 2 * WAY_MS,
        receivedMs: nowMs,
        remoteTick: this.serverTick - WAY_MS / TICK_MS,
      });
  }

  state(tick: number): void {
    const { received } = this.playback;
    const dTick = tick - this.#tick;
    this.#tick = tick;
    received.tick = tick;
    this.table.values[X][OTHER] = tick * 2;
    const header: StateHeader = {
      dTick,
      inTime: dTick,
      marginTicks: 1,
      everything: false,
      sentAt: 0,
    };
    this.playback.stated(tick, header, this.nowMs);
    this.#advance();
  }

  /** The page does not run for so long; what comes waits. */
  sleep(ms: number): void {
    this.nowMs += ms;
  }

  /** The line says nothing, and then everything at once. */
  set speaks(speaks: boolean) {
    this.#speaks = speaks;
  }

  run(ms: number): number[] {
    const shown: number[] = [];
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 1000 / 60) {
      const last = Math.floor(this.serverTick - WAY_MS / TICK_MS);
      const newest = this.#waiting.at(-1) ?? this.#tick;
      for (let tick = newest + 1; tick <= last; tick++) this.#waiting.push(tick);
      if (this.#speaks) for (const tick of this.#waiting.splice(0)) this.state(tick);
      shown.push(this.look().tick);
    }
    return shown;
  }

  look() {
    this.#advance();
    return this.playback.draw(this.nowMs);
  }

  /** As a session does for each picture and after each STATE. */
  #advance(): void {
    this.playback.advance(this.nowMs, (first, ticks, shownTick) => {
      this.sawTick = shownTick;
      for (const [i, wire] of ticks.entries()) this.sent.push([first + i, wire[1] === 1]);
    });
  }
}

function steps(shown: readonly number[]): number[] {
  return shown.slice(1).map((tick, i) => tick - shown[i]);
}

describe('a page that draws', () => {
  test('sends one input for each tick, none twice, ahead of the server', () => {
    const scene = new Scene();
    scene.run(5000);
    const ticks = scene.sent.map(([tick]) => tick);
    expect(ticks.length).toBeGreaterThan(140);
    expect(ticks.every((tick, i) => i === 0 || tick === ticks[i - 1] + 1)).toBe(true);
    expect(ticks.at(-1)).toBeGreaterThan(scene.serverTick - 0.5);
  });

  test('shows its own ship move in the very next picture', () => {
    const scene = new Scene();
    scene.run(2000);
    const before = scene.look().get('ship', 7) as unknown as { x: number };
    const { x } = before;
    scene.held.dx = 1;
    scene.nowMs += 1000 / 60;
    const after = scene.look().mine('ship') as unknown as { x: number };
    expect(after).toBe(before);
    expect(after.x).toBeGreaterThan(x + 0.4);
  });

  test('says of its inputs at sight of which picture they were made', () => {
    const scene = new Scene();
    scene.run(2000);
    for (let i = 0; i < 20; i++) {
      const seen = scene.look().tick;
      scene.nowMs += TICK_MS;
      scene.look();
      expect(scene.sawTick).toBe(seen);
    }
    // Nobody looks: what would be shown.
    scene.nowMs += 400;
    scene.look();
    expect(scene.sawTick).toBe(scene.playback.shownTime.tick);
  });

  test('sends a press once, however short it was held', () => {
    const scene = new Scene();
    scene.run(2000);
    scene.held.fire = true;
    scene.look();
    scene.held.fire = false;
    scene.run(500);
    expect(scene.sent.filter(([, fire]) => fire).length).toBe(1);
  });

  test('[E1] tells events when their tick is shown, in order, each once', () => {
    const scene = new Scene();
    scene.run(1000);
    const tick = Math.floor(scene.serverTick);
    scene.playback.happened(tick, 0, { hard: 1 });
    scene.playback.happened(tick, 0, { hard: 2 });
    scene.look();
    expect(scene.events).toEqual([]);
    scene.run(500);
    expect(scene.events).toEqual([1, 2]);
  });

  test('hoards no events while nothing is shown', () => {
    const scene = new Scene();
    for (let i = 0; i < 3000; i++) scene.playback.happened(1e6, 0, { hard: 1 });
    scene.playback.happened(0, 0, { hard: 9 });
    scene.run(1000);
    expect(scene.events.length).toBeLessThanOrEqual(1024);
  });

  test('makes no input before the server’s clock is known', () => {
    const scene = new Scene();
    const { playback } = scene;
    const unsynced = new Playback(game, { sample: () => scene.held, happened: () => {} });
    expect(playback.clock.synced).toBe(true);
    expect(unsynced.clock.synced).toBe(false);
    let sent = 0;
    for (let now = 0; now < 500; now += 16) unsynced.advance(now, () => sent++);
    expect(sent).toBe(0);
  });

  test('without controls sends nothing and shows its own as it shows others', () => {
    const scene = new Scene(false);
    scene.run(2000);
    expect(scene.sent).toEqual([]);
    expect(scene.playback.prediction.has(0, MINE)).toBe(false);
    expect(scene.look().mine('ship')).toBeDefined();
  });
});

describe('a page that slept', () => {
  test('for ten seconds is where it should be at once, and nothing is played fast', () => {
    const scene = new Scene();
    scene.run(3000);
    const behind = scene.playback.shownTime.delayMs;
    scene.sleep(10_000);
    const shown = scene.run(3000);
    expect(scene.playback.shownTime.jumps).toBe(1);
    const [first, ...rest] = steps(shown);
    expect(first).toBeLessThan(2);
    expect(rest.every((step) => step >= 0 && step < 0.56)).toBe(true);
    expect(scene.playback.shownTime.delayMs).toBeLessThan(behind + 30);
  });

  test('sends no input for the time it slept', () => {
    const scene = new Scene();
    scene.run(3000);
    const before = scene.sent.length;
    scene.sleep(10_000);
    scene.run(1000);
    expect(scene.sent.length - before).toBeLessThan(40);
    const ticks = scene.sent.map(([tick]) => tick);
    expect(ticks.every((tick, i) => i === 0 || tick > ticks[i - 1])).toBe(true);
  });

  test('keeps the delay and the lead it had: the line was not at fault', () => {
    const scene = new Scene();
    scene.run(5000);
    const { delayMs } = scene.playback.shownTime;
    const { lead } = scene.playback.inputTime;
    for (let i = 0; i < 20; i++) {
      scene.sleep(600);
      scene.run(1000);
    }
    scene.run(2000);
    expect(scene.playback.shownTime.delayMs).toBeLessThan(delayMs + 10);
    expect(Math.abs(scene.playback.inputTime.lead - lead)).toBeLessThan(1);
  });
});

describe('a line that stalls', () => {
  test('for 600 ms is caught up with smoothly; the picture neither jumps nor runs back', () => {
    const scene = new Scene();
    scene.run(5000);
    scene.speaks = false;
    const during = scene.run(600);
    scene.speaks = true;
    const after = scene.run(10_000);
    for (const step of steps([...during, ...after])) {
      expect(step).toBeGreaterThanOrEqual(0);
      expect(step).toBeLessThan(0.56);
    }
    expect(scene.playback.shownTime.jumps).toBe(0);
    expect(scene.playback.shownTime.frozenMs).toBeGreaterThan(300);
  });
});

describe('a new connection', () => {
  test('to the same room goes on; rows stay the same objects', () => {
    const scene = new Scene();
    scene.run(2000);
    const row = scene.look().get('ship', 8);
    scene.playback.interrupted();
    const sent = scene.sent.length;
    scene.speaks = false;
    scene.run(500);
    expect(scene.sent.length).toBe(sent);
    scene.speaks = true;
    scene.welcome('room', Math.floor(scene.serverTick), true);
    scene.run(500);
    expect(scene.look().get('ship', 8)).toBe(row);
    expect(scene.sent.length).toBeGreaterThan(sent);
  });

  test('to another room begins again: everybody enters anew', () => {
    const scene = new Scene();
    scene.run(2000);
    const row = scene.look().get('ship', 8);
    scene.welcome('another', 100, false);
    expect(scene.playback.tick).toBe(0);
    scene.add(8, 0);
    scene.pong(5);
    scene.state(Math.floor(scene.serverTick) + 1);
    const view = scene.look();
    expect((view.left('ship') as unknown[]).includes(row)).toBe(true);
    expect(view.get('ship', 8)).not.toBe(row);
  });

  test('shows the newest snapshot as it came, where that is asked for', () => {
    const scene = new Scene();
    scene.run(2000);
    const newest = scene.playback.drawNewest();
    const row = newest.get('ship', 8) as unknown as { x: number };
    expect(newest.tick).toBe(scene.playback.tick);
    expect(row.x).toBe(newest.tick * 2);
    scene.run(500);
    scene.playback.drawNewest();
    expect(row.x).toBe(newest.tick * 2);
    const shown = scene.look().get('ship', 8) as unknown as { x: number };
    expect(shown.x).toBeCloseTo(scene.playback.shownTime.tick * 2, 6);
  });
});
