// What a room learns of its own traffic: nothing too early, nothing that costs more than it saves,
// and always what a TABLES frame can tell.
import {
  BitList,
  type CodingTables,
  changedTables,
  defineGame,
  fixed,
  int,
  ODDS,
  Random,
  tableChanges,
} from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { TableLearner } from './table-learner.ts';

const game = defineGame({ entities: { ship: { x: fixed(0, 99, 1).smooth(), n: int(0, 9) } } });
const { priors } = game;
const FLAG = game.kinds[0].fields[2].contexts.flags;

/** A body of `answers` answers of one context, of which a share are ones. */
function bodyOf(context: number, share: number, answers = 100): BitList {
  const body = new BitList();
  for (let i = 0; i < answers; i++) body.push(context, i < share * answers ? 1 : 0);
  return body;
}

/** The first tables that `learner` offers after at most so many such bodies. */
function learn(
  learner: TableLearner,
  current: CodingTables,
  body: BitList,
  bodies: number,
): CodingTables | undefined {
  for (let i = 0; i < bodies; i++) {
    learner.note(body);
    const better = learner.review(current);
    if (better) return better;
  }
  return undefined;
}

describe('a learner', () => {
  test('offers odds near what it saw, as the next version, and leaves the others', () => {
    const better = learn(new TableLearner(priors), priors, bodyOf(FLAG, 0.02), 100)!;
    expect(better.version).toBe(1);
    expect(better.odds[FLAG] / 4096).toBeGreaterThan(0.015);
    expect(better.odds[FLAG] / 4096).toBeLessThan(0.025);
    better.odds.forEach((odds, c) => {
      if (c !== FLAG) expect(odds).toBe(priors.odds[c]);
    });
  });

  test('offers nothing after fewer than ten bodies, however clear they are', () => {
    const learner = new TableLearner(priors);
    const body = bodyOf(FLAG, 0, 10_000);
    expect(learn(learner, priors, body, 9)).toBeUndefined();
    expect(learn(learner, priors, body, 1)).toBeDefined();
  });

  test('offers nothing where traffic is as expected, or too little to be worth its bytes', () => {
    const share = priors.odds[FLAG] / 4096;
    const usual = bodyOf(FLAG, share, 1000);
    expect(learn(new TableLearner(priors), priors, usual, 300)).toBeUndefined();
    const rare = new TableLearner(priors);
    rare.note(bodyOf(FLAG, 1, 3));
    expect(learn(rare, priors, new BitList(), 300)).toBeUndefined();
  });

  test('turns round when the traffic does', () => {
    const learner = new TableLearner(priors);
    const before = learn(learner, priors, bodyOf(FLAG, 0.02), 100)!;
    expect(before.odds[FLAG] / 4096).toBeLessThan(0.03);
    let tables = before;
    for (let i = 0; i < 3000; i++) {
      learner.note(bodyOf(FLAG, 0.98));
      tables = learner.review(tables) ?? tables;
    }
    expect(tables.odds[FLAG] / 4096).toBeGreaterThan(0.9);
    expect(tables.version).toBeGreaterThan(before.version);
  });

  test('learns nothing of even bits', () => {
    const body = new BitList();
    for (let i = 0; i < 50; i++) body.pushEven(0xffff_ffff, 32);
    expect(learn(new TableLearner(priors), priors, body, 300)).toBeUndefined();
  });

  test.each([1, 2, 3, 4, 5])(
    'is followed by TABLES, step by step and from nothing (seed %i)',
    (seed) => {
      const random = new Random(seed);
      const learner = new TableLearner(priors);
      let tables = priors;
      let told = priors.odds;
      let reviews = 0;
      for (let i = 0; i < 2500; i++) {
        const body = new BitList();
        // Moods change: what was rare is common for a while, and then as the declaration has it.
        const mood = Math.floor(i / 300) % 3;
        for (let k = 0; k < 40; k++) {
          const context = random.integer(priors.odds.length);
          const share = mood === 0 ? 0.02 : mood === 1 ? 0.97 : priors.odds[context] / 4096;
          body.push(context, random.next() < share ? 1 : 0);
        }
        learner.note(body);
        const better = learner.review(tables);
        if (!better) continue;
        reviews++;
        told = changedTables(tableChanges(better.odds, tables.odds), told);
        expect(told).toEqual(better.odds);
        expect(changedTables(tableChanges(better.odds, priors.odds), priors.odds)).toEqual(told);
        expect(told.every((odds) => ODDS.includes(odds))).toBe(true);
        tables = better;
      }
      expect(reviews).toBeGreaterThan(1);
    },
  );
});
