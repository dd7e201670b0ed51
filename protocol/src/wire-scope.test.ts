// Who gets a byte of a field: all who see the entity, its owner alone, or nobody. Bodies are read
// by msgpackr, so that a number in the wrong one is found wherever it hides.
import { Unpackr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { heldBy, Stage, type Viewer } from '../test/stage.ts';
import { fixed, int, list, text } from './builders.ts';
import { defineGame } from './game.ts';
import type { LiveTable } from './live-table.ts';

describe('who gets a field', () => {
  const OWNED = 777_123;
  const SECRET = 888_321;
  const wide = () => int(0, 1_000_000);
  const game = defineGame({
    entities: {
      plain: {
        n: wide().ownerOnly(),
        s: wide().serverOnly(),
        tag: text(20).serverOnly(),
        bag: list(wide(), 4).ownerOnly(),
      },
      stepped: { n: wide().ownerOnly(), s: wide().serverOnly(), x: fixed(0, 9, 1) },
    },
    step: { stepped() {} },
  });
  const leaves = (bytes: Uint8Array | undefined): unknown[] =>
    bytes ? (new Unpackr({ useRecords: false }).unpack(bytes) as unknown[]).flat(9) : [];
  const everything = (seat: Viewer) => [...leaves(seat.last.shared), ...leaves(seat.last.own)];
  const stageOf = (mode: 'shared' | 'per-seat') => {
    const stage = new Stage(game);
    const owner = stage.join(1, mode);
    const other = stage.join(2, mode);
    const init = { n: OWNED, s: SECRET, tag: 'not-for-you', bag: [OWNED] };
    const row = stage.spawn('plain', init, 1);
    stage.spawn('stepped', { n: OWNED, s: SECRET, x: 0.3 }, 1);
    stage.send();
    return { stage, owner, other, row };
  };

  test.each(['shared', 'per-seat'] as const)(
    '[S9, O1] ownerOnly is in the own body of its owner and nowhere else (%s)',
    (mode) => {
      const { owner, other, row } = stageOf(mode);
      expect(leaves(owner.last.own).filter((n) => n === OWNED)).toHaveLength(3);
      expect(leaves(owner.last.shared)).not.toContain(OWNED);
      expect(everything(other)).not.toContain(OWNED);
      expect(other.last.own).toBeUndefined();
      expect(heldBy(owner, 0, row)).toMatchObject({ n: OWNED, bag: [OWNED] });
      expect(heldBy(other, 0, row)).toMatchObject({ n: 0, bag: [] });
    },
  );

  test.each(['shared', 'per-seat'] as const)('[S9] serverOnly is in no byte (%s)', (mode) => {
    const { stage, owner, other, row } = stageOf(mode);
    row.s = SECRET - 1;
    stage.send();
    for (const seat of [owner, other]) expect(seat.last).toMatchObject({ shared: undefined });
    const again = stageOf(mode);
    for (const seat of [again.owner, again.other]) {
      expect(everything(seat)).not.toContain(SECRET);
      expect(everything(seat)).not.toContain('not-for-you');
      expect(heldBy(seat, 0, again.row)).toMatchObject({ s: 0, tag: '' });
    }
  });

  test('[O1, O2] the owner of a stepped kind gets the exact number, others the rounded', () => {
    const { stage, owner, other } = stageOf('shared');
    const column = stage.tables[1].plan.byName.get('x')!.column;
    expect(owner.received.tables[1].values[column][1]).toBe(0.3);
    expect(other.received.tables[1].values[column][1]).toBe(0);
    expect(leaves(owner.last.own)).toContain(0.3);
  });

  test('[O1] a number that is none reaches its owner as what everybody gets', () => {
    const { stage, owner } = stageOf('shared');
    const live: LiveTable = stage.tables[1];
    const { column } = live.plan.byName.get('x')!;
    live.values[column][1] = Number.NaN;
    live.dirty[1] = -1;
    stage.send();
    expect(owner.received.tables[1].values[column][1]).toBe(0);
    stage.send();
    expect(owner.last.own).toBeUndefined();
  });
});
