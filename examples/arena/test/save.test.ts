// A match of the arena that goes on in another process: what it computes from its checkpoint is
// what it would have computed, with its bots, its scores and its timers. Run by hand, without a
// line.
import { DEFAULT_LIMITS } from '@tickwire/server';
import { checkpointOf, GameRoom, type RoomOptions, restoreRoom } from '@tickwire/server/parts';
import { expect, test } from 'vitest';
import { arena } from '../src/game.ts';
import { arenaRoom } from '../src/server/field.ts';
import type { Match } from '../src/server/match.ts';

const TICK_MS = 1000 / arena.tickRate;
/** Half a second. */
const STRIDE = 15;
const BOTS = 16;
const FIELDS = {
  player: ['x', 'y', 'vx', 'vy', 'aim', 'hp', 'flying', 'gunWait', 'shieldTicks', 'calmTicks'],
  shot: ['x', 'y', 'vx', 'vy', 'by', 'life'],
  kit: ['x', 'y', 'ready'],
  card: ['player', 'name', 'score', 'kills', 'deaths', 'radarX', 'radarY', 'flying'],
};
const line = { send() {}, cork: (run: () => void) => run(), close() {}, move() {} };

/** A room with a clock of its own. */
class Played {
  readonly room: GameRoom;
  readonly #clocks: { now: () => number; wallClockMs: () => number };
  #nowMs: number;

  /** `saved`: goes on from it. */
  constructor(startMs: number, saved?: Uint8Array) {
    this.#nowMs = startMs;
    this.#clocks = { now: () => this.#nowMs, wallClockMs: () => this.#nowMs };
    const fail = (details: object) => {
      throw new Error(JSON.stringify(details));
    };
    const options: RoomOptions = {
      id: 'field-1',
      kind: 'field',
      definition: arenaRoom({ bots: BOTS, keep: false }),
      limits: DEFAULT_LIMITS,
      log: { info: () => {}, warn: fail, error: fail },
      pulse: { begin() {}, end() {}, stop() {} },
      seed: 7,
      findDesyncs: false,
      now: this.#clocks.now,
      left: () => {},
      ended: () => {},
    };
    this.room = saved ? restoreRoom(options, saved, this.#clocks).room : new GameRoom(options);
  }

  run(ticks: number): void {
    for (let i = 0; i < ticks; i++) this.room.run((this.#nowMs += TICK_MS));
  }

  save(): Uint8Array {
    return checkpointOf(this.room, [], { clocks: this.#clocks, isFinal: true });
  }

  /** What decides about all that comes. */
  get state(): object {
    const { room } = this;
    const rows = Object.entries(FIELDS).map(([kind, fields]) => {
      const all = [...room.all(kind)] as unknown as Record<string, unknown>[];
      return all.map((row) => ['id', ...fields].map((field) => row[field]));
    });
    const { cards, bots, allowances, wantedBots } = this.match;
    return {
      now: [room.tick, room.chance.state, room.timers.waiting, wantedBots],
      rows,
      cards: [...cards].map(([player, { id }]) => [player, id]),
      minds: [...bots].map(([player, { mind }]) => [player, mind]),
      allowances: [...allowances],
    };
  }

  get match(): Match {
    return this.room.data as Match;
  }

  get kills(): number {
    return [...this.match.cards.values()].reduce((sum, { kills }) => sum + kills, 0);
  }

  /** Somebody was shot, and comes back in a while. */
  get isMissing(): boolean {
    return [...this.match.cards.values()].some(({ flying }) => !flying);
  }
}

test('a match goes on from its checkpoint as it would have gone on', () => {
  const before = new Played(0);
  before.room.admit({ name: 'Ada' }, false, line);
  before.room.admit({ name: 'Bob' }, false, line);
  before.run(STRIDE);
  while (!before.isMissing) before.run(STRIDE);
  const after = new Played(90_000, before.save());
  expect(after.match.bots.size).toBe(BOTS);
  expect(after.state).toEqual(before.state);
  const { kills } = after;
  expect(kills).toBeGreaterThan(0);
  for (let i = 0; i < 20; i++) {
    for (const played of [before, after]) played.run(STRIDE);
    expect(after.state).toEqual(before.state);
  }
  expect(after.kills).toBeGreaterThan(kills);
});
