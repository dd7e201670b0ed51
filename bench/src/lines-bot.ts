// A player of `lines`: a real client on a bad line, and hands that steer, stop and shoot by seeded
// chance. It sees what view() returns and nothing else; its trace also gets what its game's step
// was called with. Trap: its clock runs a little wrong and starts anywhere, as a real one does.
import { connect, type GameClient, type View } from '@tickwire/client';
import { Random } from '@tickwire/protocol';
import { type LineProfile, type LineSettings, profileLines } from '@tickwire/protocol/simulator';
import {
  type LinesGame,
  type LinesInput,
  linesGame,
  MAX_SPEED,
  SEND_EVERY,
  SHIP_RADIUS,
  SHOT_NUMBERS,
  type Ship,
  type StepContext,
  sightOf,
  TICK_MS,
  TICK_RATE,
} from './lines-game.ts';
import { Trace } from './lines-trace.ts';
import type { LinesWorld, Place } from './lines-world.ts';

/** A page draws 60 times a second. */
const FRAME_MS = 1000 / 60;
/** Beyond this from the middle a bot turns home, world units: ranges stay those of a game. */
const HOME_RADIUS = 900;
/** Frames that a bot keeps its course: 0.3 to 1.5 s. */
const COURSE_FRAMES = [18, 90] as const;
/** Frames between two shots, and that the finger stays down: a click lasts 50 to 100 ms. */
const SHOT_FRAMES = [25, 60] as const;
const FINGER_FRAMES = 4;
/** Aimed past the middle by up to so many radii: half of the shots hit, and many are close. */
const AIM_SPREAD = 2;
/** Slower than this is no mover, world units a second. */
const MOVER_SPEED = MAX_SPEED / 8;
/** Frames between two stops to measure the way from key to screen. */
const STOP_FRAMES = 300;
/** A ship that has not moved for so many frames stands; a correction has faded by then. */
const STILL_FRAMES = 12;
/** Clocks of two machines differ by up to so much: common crystals are within 50 ppm. */
const MAX_DRIFT = 50e-6;

interface Seen {
  x: number;
  y: number;
  vx: number;
  vy: number;
}

/** Between two joins, ms: no two bots share a phase of tick and frame. */
const JOIN_GAP_MS = 137;

/** Lets bots in one after the other, and has them draw; answers when the last one comes, ms. */
export function addBots(world: LinesWorld, profile: LineProfile, count: number): number {
  for (let i = 0; i < count; i++) {
    const bot = new Bot(world, i, profileLines(profile, TICK_MS, TICK_MS * SEND_EVERY));
    world.add(bot, i * JOIN_GAP_MS);
    world.every(FRAME_MS, (i * FRAME_MS) / count, () => bot.draw());
  }
  return world.nowMs + count * JOIN_GAP_MS;
}

export class Bot {
  readonly trace = new Trace();
  readonly up: LineSettings;
  readonly down: LineSettings;
  client: GameClient<LinesGame> | undefined;
  readonly #place: Place;
  readonly #random: Random;
  readonly #keys: LinesInput;
  /** Others by id, as last drawn. */
  #seen = new Map<number, Seen>();
  #own: Seen & { angle: number } = { x: 0, y: 0, vx: 0, vy: 0, angle: 0 };
  #frame = 0;
  #courseUntil = 0;
  #shotAt: number;
  #fingerUntil = 0;
  #stopAt: number;
  #still = 0;
  /** Frame at which the key went down for the measure; -1: none is measured. */
  #pressedAt = -1;
  #drawnMs = 0;
  #shot = 0;

  constructor(place: Place, index: number, lines: { up: LineSettings; down: LineSettings }) {
    this.#place = place;
    this.#random = new Random(place.seed * 1000 + index);
    this.up = lines.up;
    this.down = lines.down;
    this.#keys = { steer: 0, thrust: false, brake: false, fire: false, aim: 0, shot: 0 };
    this.#shotAt = 60 + index;
    this.#stopAt = STOP_FRAMES + 30 * index;
  }

  async join(): Promise<void> {
    const place = this.#place;
    const drift = (this.#random.next() * 2 - 1) * MAX_DRIFT;
    const startMs = this.#random.next() * 1e6;
    this.trace.connectedMs = place.nowMs;
    const game = linesGame((ship, input, context) => this.#stepped(ship, input, context));
    this.client = await connect(game, {
      ...place.options(this),
      now: () => startMs + place.nowMs * (1 + drift),
      sample: () => this.#keys,
    });
  }

  get seat(): number {
    return this.client?.seat ?? 0;
  }

  /** No more shots: those on their way are still to be judged. */
  holdFire(): void {
    this.#shotAt = Infinity;
  }

  /** One drawn frame: the hands move, then the page looks, then the eyes. */
  draw(): void {
    const { client } = this;
    if (!client) return;
    this.#frame++;
    this.#steer();
    const view = client.view();
    const own = view.mine('ship');
    if (!own) return;
    this.#noteFrame(client, view);
    this.#watchOwn(own);
    this.#aim();
  }

  #steer(): void {
    const keys = this.#keys;
    if (this.#stopAt <= this.#frame) {
      this.#stop();
      return;
    }
    if (this.#frame < this.#courseUntil) return;
    const { x, y, angle } = this.#own;
    this.#courseUntil = this.#frame + between(this.#random, COURSE_FRAMES);
    keys.brake = this.#random.next() < 0.15;
    keys.thrust = !keys.brake && this.#random.next() < 0.7;
    keys.steer = this.#random.integer(3) - 1;
    if (Math.hypot(x, y) < HOME_RADIUS) return;
    const home = Math.atan2(-y, -x) - angle;
    keys.brake = false;
    keys.thrust = Math.cos(home) > 0;
    keys.steer =
      Math.abs(Math.sin(home)) > 0.2 || Math.cos(home) < 0 ? Math.sign(Math.sin(home)) : 0;
    this.#courseUntil = this.#frame + 6;
  }

  /** Brakes until the ship stands, then presses a key and waits for it to move. */
  #stop(): void {
    const keys = this.#keys;
    if (this.#pressedAt >= 0) return;
    const pressed = this.#still >= STILL_FRAMES;
    Object.assign(keys, { brake: !pressed, thrust: pressed, steer: 0 });
    if (pressed) this.#pressedAt = this.#frame;
  }

  #watchOwn(own: Readonly<Ship>): void {
    const before = this.#own;
    const { x, y, vx, vy, angle } = own;
    this.#own = { x, y, vx, vy, angle };
    const moved = x !== before.x || y !== before.y || angle !== before.angle;
    this.#still = moved ? 0 : this.#still + 1;
    if (this.#pressedAt < 0 || !moved) return;
    this.trace.inputFrames.push(this.#frame - this.#pressedAt);
    this.#pressedAt = -1;
    this.#stopAt = this.#frame + STOP_FRAMES;
    this.#courseUntil = this.#frame + COURSE_FRAMES[0];
  }

  #noteFrame(client: GameClient<LinesGame>, view: View<LinesGame>): void {
    const { shownDelayMs, corrections } = client.stats;
    const atMs = this.#place.nowMs;
    const seen = new Map<number, Seen>();
    let [fastest, moving, moved] = [0, 0, 0];
    for (const { id, owner, x, y, vx, vy } of view.all('ship')) {
      if (owner === client.seat) continue;
      seen.set(id, { x, y, vx, vy });
      const before = this.#seen.get(id);
      if (!before) continue;
      const way = Math.hypot(x - before.x, y - before.y);
      fastest = Math.max(fastest, (way * 1000) / (atMs - this.#drawnMs));
      if (Math.hypot(vx, vy) < MOVER_SPEED) continue;
      moving++;
      if (way > 0) moved++;
    }
    this.#seen = seen;
    this.#drawnMs = atMs;
    this.trace.frames.push({
      atMs,
      serverTick: this.#place.serverTick,
      saidServerTick: view.tick + (shownDelayMs * TICK_RATE) / 1000,
      shownTick: view.tick,
      newestTick: client.newest().tick,
      fastest,
      moving,
      moved,
      saidCorrections: corrections,
    });
  }

  /**
   * Now and then: at a mover as it is drawn, a little beside it; the aim is held until the next.
   */
  #aim(): void {
    const keys = this.#keys;
    if (this.#frame >= this.#fingerUntil) keys.fire = false;
    if (this.#frame < this.#shotAt) return;
    const movers = [...this.#seen].filter(([, { vx, vy }]) => Math.hypot(vx, vy) >= MOVER_SPEED);
    if (movers.length === 0) return;
    const [target, { x, y }] = movers[this.#random.integer(movers.length)];
    const away = Math.hypot(x - this.#own.x, y - this.#own.y);
    const beside = (this.#random.next() * 2 - 1) * AIM_SPREAD * SHIP_RADIUS;
    keys.aim = Math.atan2(y - this.#own.y, x - this.#own.x) + Math.atan2(beside, Math.max(away, 1));
    keys.fire = true;
    this.#shot = (this.#shot + 1) % SHOT_NUMBERS;
    keys.shot = this.#shot;
    this.#shotAt = this.#frame + between(this.#random, SHOT_FRAMES);
    this.#fingerUntil = this.#frame + FINGER_FRAMES;
    const firedMs = this.#place.nowMs;
    this.trace.pressesMs.push(firedMs);
    this.trace.shots[this.#shot] = { target, firedMs, taken: false, inTime: false };
  }

  /** After a step of one's own ship in the client: of a new tick, or of one that is replayed. */
  #stepped(ship: Ship, input: Readonly<LinesInput>, { dt, tick, replaying }: StepContext): void {
    // The part of a tick that is drawn is not a tick.
    if (dt < 1 / TICK_RATE) return;
    const { trace } = this;
    trace.predicted[tick] = [ship.x, ship.y, ship.vx, ship.vy, ship.angle];
    const shot = trace.shots[input.shot];
    const target = shot && this.#seen.get(shot.target);
    if (input.fire && target && !shot.saw)
      shot.saw = sightOf(ship, input.aim, target, trace.frames[trace.frames.length - 1].shownTick);
    if (replaying) return;
    if (Number.isNaN(trace.firstInputMs)) trace.firstInputMs = this.#place.nowMs;
    trace.leads[tick] = tick - this.#place.serverTick;
  }
}

function between(random: Random, [least, most]: readonly [number, number]): number {
  return least + random.integer(most - least + 1);
}
