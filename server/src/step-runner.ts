// The steps of a tick as the truth: runs the game's own `step` on rows of the world, with what a
// step may ask for. Called by room.ts, for what seats own and for what the game steps itself. Trap:
// a row that is spawned in a step takes its first step in the next tick, as it does in the owner's
// browser; a list of owned rows is never changed while it is walked, only replaced.
import { type Game, type Row, type StepContext, spawnable } from '@tickwire/protocol';
import type { World } from './world.ts';

type RunStep = (self: Row, input: unknown, context: unknown) => void;
type Context = Pick<StepContext, 'dt' | 'replaying'> & {
  tick: number;
  near: World['near'];
  spawn: (kind: string, init: Readonly<Record<string, unknown>>) => Row;
};

export class StepRunner {
  readonly #game: Game;
  readonly #world: World;
  readonly #context: Context;
  /** Who owns what is spawned. */
  #owner = 0;

  constructor(game: Game, world: World) {
    this.#game = game;
    this.#world = world;
    this.#context = {
      dt: 1 / game.tickRate,
      tick: 0,
      replaying: false,
      near: world.near.bind(world),
      spawn: (kind, init) => world.spawn(spawnable(game, kind).name, init, this.#owner),
    };
  }

  /** One step of a row of a kind that has a step. */
  run(row: Row, input: unknown): void {
    this.#owner = row.owner;
    this.#context.tick = this.#world.tick;
    const step = this.#game.steps[row.$table.plan.index] as RunStep;
    step(row, input, this.#context);
  }

  /** One step of all that a seat owns. */
  runOwned(seat: number, input: unknown): void {
    const owned = this.#world.owned.get(seat);
    if (!owned) return;
    for (let i = 0; i < owned.length; i++) {
      const row = owned[i];
      if (row.alive && this.#game.steps[row.$table.plan.index]) this.run(row, input);
    }
  }
}
