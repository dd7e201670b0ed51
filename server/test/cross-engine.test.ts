// Two engines need not agree in the last bit of Math.sin and its like. Here the page's differs by
// one unit in the last place in every result, in either direction, for minutes of play; the
// server's does not. Nobody may see it: no correction is counted, and no picture jumps. Trap: both
// ends run in one process, so Math is this file's while a page steps and the machine's while the
// room does.

import type { GameClient } from '@tickwire/client';
import { angle, bool, defineGame, fixed, Random } from '@tickwire/protocol';
import { CLEAR_LINE } from '@tickwire/protocol/simulator';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineRoom } from '../src/index.ts';
import { Stepper } from './stepper.ts';

const FRAME_MS = 1000 / 60;
const MINUTES = 3;
/** The functions whose last bit ECMAScript leaves to the engine, and which games use. */
const INEXACT = ['sin', 'cos', 'tan', 'atan2', 'hypot', 'exp', 'pow', 'log'] as const;
const ACCELERATION = 400;
const DRAG = 2;

const place = () => fixed(-10_000, 10_000, 1 / 16).smooth();

/** A step of all that is inexact: it turns, thrusts, drags, circles a planet and shoots. */
const game = defineGame({
  tickRate: 60,
  entities: {
    ship: { x: place(), y: place(), turn: angle(10).smooth(), vx: place(), vy: place() },
    bolt: { x: place(), y: place(), turn: angle(10).smooth() },
  },
  input: { aim: angle(8), thrust: bool(), fire: bool().press() },
  step: {
    ship(self, { aim, thrust, fire }, { dt, spawn }) {
      const off = Math.atan2(Math.sin(aim - self.turn), Math.cos(aim - self.turn));
      self.turn += off * (1 - Math.exp(-6 * dt));
      const far = Math.max(Math.hypot(self.x, self.y), 50);
      const pull = 80_000 / far ** 1.5;
      self.vx += ((thrust ? Math.cos(self.turn) * ACCELERATION : 0) - (self.x / far) * pull) * dt;
      self.vy += ((thrust ? Math.sin(self.turn) * ACCELERATION : 0) - (self.y / far) * pull) * dt;
      self.vx *= Math.exp(-DRAG * dt);
      self.vy *= Math.exp(-DRAG * dt);
      self.x += self.vx * dt;
      self.y += self.vy * dt;
      if (fire) spawn('bolt', { x: self.x, y: self.y, turn: self.turn });
    },
    bolt(self, _, { dt }) {
      self.x += Math.cos(self.turn) * 500 * dt;
      self.y += Math.sin(self.turn) * 500 * dt;
    },
  },
});
type G = typeof game;

const room = () =>
  defineRoom<G>(game, {
    join: (room, seat) => void room.spawn('ship', { x: 900, y: 100 }, seat),
    tick(room) {
      for (const bolt of room.all('bolt')) if (Math.abs(bolt.x) > 1500) room.despawn(bolt);
      for (const bolt of room.all('bolt')) if (Math.abs(bolt.y) > 1500) room.despawn(bolt);
    },
  });

const exact = Object.fromEntries(INEXACT.map((name) => [name, Math[name]]));
const bits = new DataView(new ArrayBuffer(8));
let isPage = false;
let perturbed = 0;
let stepper: Stepper;

/** The neighbour of a number, above or below. */
function neighbour(value: number, up: boolean): number {
  if (!Number.isFinite(value) || value === 0) return value;
  bits.setFloat64(0, value);
  bits.setBigUint64(0, bits.getBigUint64(0) + (up ? 1n : -1n));
  return bits.getFloat64(0);
}

beforeEach(() => {
  const random = new Random(7);
  perturbed = 0;
  for (const name of INEXACT)
    (Math as unknown as Record<string, unknown>)[name] = (...of: number[]) => {
      const value = (exact[name] as (...of: number[]) => number)(...of);
      if (!isPage) return value;
      perturbed++;
      return neighbour(value, random.next() < 0.5);
    };
});

afterEach(async () => {
  Object.assign(Math, exact);
  await stepper.close();
});

/** Marks what the page computes: its timers, its messages and its pictures are outside the room. */
function divide(): void {
  const truth = stepper.room('field');
  const run = truth.run.bind(truth);
  truth.run = (nowMs) => {
    isPage = false;
    const ticks = run(nowMs);
    isPage = true;
    return ticks;
  };
  isPage = true;
}

interface Seen {
  corrections: number;
  /** Longest way between two pictures, beyond what the speed explains; world units. */
  jump: number;
  perturbed: number;
  bolts: number;
}

async function play(client: GameClient<G>, input: { aim: number; thrust: boolean; fire: boolean }) {
  const random = new Random(3);
  const seen: Seen = { corrections: 0, jump: 0, perturbed: 0, bolts: 0 };
  let last: { x: number; y: number } | undefined;
  for (let frame = 0; frame < MINUTES * 60 * 60; frame++) {
    if (frame % 31 === 0) input.aim = random.next() * Math.PI * 2;
    if (frame % 13 === 0) input.thrust = random.next() < 0.7;
    input.fire = frame % 40 === 0;
    await stepper.advance(FRAME_MS);
    const view = client.view();
    seen.bolts += view.entered('bolt').length;
    const { x, y, vx, vy } = view.mine('ship')!;
    if (last) {
      const way = Math.sqrt((x - last.x) ** 2 + (y - last.y) ** 2);
      seen.jump = Math.max(seen.jump, way - (Math.sqrt(vx * vx + vy * vy) + 20) / 60);
    }
    last = { x, y };
  }
  seen.corrections = client.stats.corrections;
  seen.perturbed = perturbed;
  return seen;
}

describe('a page whose Math differs in the last place', () => {
  test(`is not corrected in ${MINUTES} minutes of play, nor does its picture jump`, async () => {
    stepper = await Stepper.start({ rooms: { field: room() } });
    const input = { aim: 0, thrust: false, fire: false };
    const line = { ...CLEAR_LINE, latencyMs: 60 };
    const { client } = await stepper.join(game, {
      room: 'field',
      sample: () => ({ ...input }),
      up: line,
      down: line,
    });
    divide();
    await stepper.advance(2000);
    const { corrections, jump, perturbed: results, bolts } = await play(client, input);
    expect(results).toBeGreaterThan(100_000);
    expect(bolts).toBeGreaterThan(200);
    expect(corrections).toBe(0);
    expect(jump).toBeLessThan(1 / 16);
  }, 60_000);
});
