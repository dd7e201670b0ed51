// What a room's definition says of who is told what: who sees, how it is spelled, how much fits.
// Called once by room.ts, which hands the answer to replication; the only reader of a definition's
// interest, sees, wire and budget.
import type { Game, Row } from '@tickwire/protocol';
import type { BudgetOptions } from './budget.ts';
import { isPacked, type RoomDefinition, type RoomLimits } from './define-room.ts';
import type { ReplicationOptions } from './replication.ts';
import type { RoomSeat } from './seat.ts';
import { Visibility } from './visibility.ts';
import type { World } from './world.ts';

/** As soon as anybody could wish for what creeps over the edge of sight. */
const DEFAULT_LOOK_MS = 100;

type Definition = RoomDefinition<Game, unknown, unknown>;

/** `room` is what `sees` is given. */
export function sharingOf(
  definition: Definition,
  game: Game,
  world: World,
  room: unknown,
  limits: RoomLimits,
): ReplicationOptions {
  return {
    visibility: visibilityOf(definition, game, world, room),
    limits,
    priors: isPacked(definition) ? game.priors : undefined,
    // What odds are learnt from, they tell: nothing that some seats may not know.
    learns: definition.sees === undefined,
    arrivalWeights: spreads(definition) ? weightsOf(definition, game) : undefined,
    budget: budgetOf(definition, game),
  };
}

/** Where the room says what is near, or how much fits, it need not be there all at once. */
function spreads({ interest, budget }: Definition): boolean {
  return interest !== undefined || budget !== undefined;
}

function visibilityOf(
  { interest, sees, budget, sendEvery = 1 }: Definition,
  { tickRate }: Game,
  world: World,
  room: unknown,
): Visibility<RoomSeat> | undefined {
  if (!interest && !sees && !budget) return undefined;
  const { lookMs = DEFAULT_LOOK_MS } = interest ?? {};
  return new Visibility<RoomSeat>(world, {
    around: interest && ((seat) => interest.around(seat as never) as Row | undefined),
    radius: interest?.radius ?? 0,
    far: interest?.far,
    lookEvery: Math.max(Math.floor((lookMs / 1000) * (tickRate / sendEvery)), 1),
    sees: sees && ((seat, row) => sees(seat as never, row as never, room as never)),
  });
}

function budgetOf(definition: Definition, game: Game): BudgetOptions | undefined {
  const { budget, sendEvery = 1 } = definition;
  return (
    budget && {
      bytesPerSecond: budget.bytesPerSecond,
      sendSeconds: sendEvery / game.tickRate,
      weights: weightsOf(definition, game),
    }
  );
}

/** By kind: how much more it matters than others. */
function weightsOf({ budget }: Definition, game: Game): Float64Array {
  const weights: Readonly<Record<string, number | undefined>> = budget?.weights ?? {};
  return Float64Array.from(game.kinds, ({ name }) => weights[name] ?? 1);
}
