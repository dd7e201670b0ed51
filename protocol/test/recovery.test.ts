// A STATE that fails half way leaves a receiver as it may be; the next one that holds everything
// makes it whole, whatever is left over from before.
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../src/index.ts';
import { game } from './everything.ts';
import { SIGHTS, type Sight, SPELLINGS, type Spelling, Stage } from './stage.ts';
import { differences } from './truth.ts';

const CASES = SPELLINGS.flatMap((wire) =>
  SIGHTS.flatMap((sight) => [true, false].map((everything) => ({ wire, sight, everything }))),
);

describe('a receiver that got a STATE', () => {
  test.each(CASES)(
    '[S2, S7] cut anywhere is whole again after the next ($wire, $sight, everything: $everything)',
    ({ wire, sight, everything }) => {
      const { seat } = secondState(wire, sight, everything);
      const { shared, own } = seat.last;
      let refused = 0;
      for (let end = 0; end < shared!.length + own!.length; end++) {
        const again = secondState(wire, sight, everything);
        const cut = {
          shared: shared!.subarray(0, end),
          own: own!.subarray(0, Math.max(end - shared!.length, 0)),
        };
        try {
          again.seat.read({ ...again.seat.last, ...cut });
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          refused++;
        }
        again.seat.needsEverything = true;
        again.stage.next();
        again.stage.send();
        expect(differences(again.stage, again.seat), `cut at ${end}`).toEqual([]);
      }
      expect(refused).toBeGreaterThan(0);
    },
  );
});

/** A seat before it reads its second STATE, which stands in `last`. */
function secondState(wire: Spelling, sight: Sight, everything: boolean) {
  const stage = new Stage(game, { wire });
  const seat = stage.join(1, sight);
  const ships = [1, 2, 3, 4].map((n) => stage.spawn('ship', { x: n, vy: n, bag: [n] }, n % 2));
  stage.spawn('crate', { position: { x: 1, y: 2, z: 3 } });
  stage.send();
  stage.despawn(ships[1]);
  ships[0].x = 99;
  ships[2].bag.push(9);
  stage.spawn('sign', { words: 'new' }, 1);
  stage.round();
  seat.needsEverything = everything;
  stage.write(seat);
  return { stage, seat };
}
