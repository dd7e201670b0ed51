// A room of the arena that goes on in another process: what it computes from its checkpoint is what
// it would have computed, with its bots, its scores and its timers. Run by hand, without a line.
import { expect, test } from 'vitest';
import { checkpointOf, restoreRoom } from '../../../server/src/checkpoint.ts';
import type { GameRoom, RoomOptions } from '../../../server/src/room.ts';
import { EPOCH_MS, openRoom, optionsOf, portrait } from '../../../server/test/menagerie.ts';
import { arena } from '../src/game.ts';
import { arenaRoom } from '../src/server/field.ts';
import type { Match } from '../src/server/match.ts';

const TICK_MS = 1000 / arena.tickRate;
const BOTS = 16;
const line = { send() {}, cork: (run: () => void) => run(), close() {}, move() {} };

/** A room with its own clock. */
class Played {
  #nowMs: number;
  readonly clocks = { now: () => this.#nowMs, wallClockMs: () => EPOCH_MS + this.#nowMs };
  readonly room: GameRoom;

  constructor(startMs: number, make: (options: RoomOptions, clocks: Played['clocks']) => GameRoom) {
    this.#nowMs = startMs;
    const definition = arenaRoom({ bots: BOTS, keep: false });
    this.room = make(optionsOf(definition, { now: this.clocks.now }), this.clocks);
  }

  run(ticks: number): void {
    for (let i = 0; i < ticks; i++) this.room.run((this.#nowMs += TICK_MS));
  }

  save(): Uint8Array {
    return checkpointOf(this.room, [], { clocks: this.clocks, isFinal: true });
  }

  get match(): Match {
    return this.room.data as Match;
  }

  get kills(): number {
    return [...this.match.cards.values()].reduce((sum, { kills }) => sum + kills, 0);
  }

  /** What decides about what comes, and who has what score. */
  get state(): object {
    // That two lost their line is told once more than it would have been.
    const portrayed = portrait(this.room) as { data: unknown; emitted: number };
    const { data: _, emitted: __, ...state } = portrayed;
    const { cards, bots, allowances, wantedBots } = this.match;
    const scores = [...cards].map(([id, { name, score, kills }]) => [id, name, score, kills]);
    const minds = [...bots].map(([id, { mind }]) => [id, mind]);
    return { ...state, scores, minds, allowances: [...allowances], wantedBots };
  }
}

test('a match goes on from its checkpoint as it would have gone on', () => {
  const before = new Played(0, (options) => openRoom(options));
  before.room.admit({ name: 'Ada' }, false, line);
  before.room.admit({ name: 'Bob' }, false, line);
  // Until somebody was shot and waits for a new ship.
  const timers = () => before.room.timers.waiting;
  for (let i = 0; i < 200 && JSON.stringify(timers()).includes('respawn') === false; i++)
    before.run(15);
  expect(JSON.stringify(timers())).toContain('respawn');
  const killed = before.kills;
  expect(killed).toBeGreaterThan(0);
  const bytes = before.save();
  const after = new Played(90_000, (options, clocks) => restoreRoom(options, bytes, clocks).room);
  expect(after.state).toEqual(before.state);
  expect(after.match.bots.size).toBe(BOTS);
  for (let i = 0; i < 20; i++) {
    for (const played of [before, after]) played.run(15);
    expect(after.state).toEqual(before.state);
  }
  expect(after.kills).toBeGreaterThan(killed);
});
