// Who is let in where a directory answers late, in a time of its own.
import { describe, expect, test } from 'vitest';
import { AnswerTimes } from './answer-times.ts';
import { AwakeClock } from './awake.ts';
import { type Directory, DirectoryError } from './directory.ts';

let nowMs = 0;
const STEP_MS = 20;

/** Answers after `tookMs` each, for so long. */
function answered(answers: AnswerTimes, tookMs: number, forMs: number): void {
  for (const endMs = nowMs + forMs; nowMs < endMs; nowMs += STEP_MS) answers.note(tookMs);
}

const newTimes = () => new AnswerTimes(() => nowMs);

describe('those who join', () => {
  test('are all let in where answers come soon, and where one was late', () => {
    const answers = newTimes();
    answered(answers, 20, 2_000);
    expect(answers.share('join')).toBe(1);
    answers.note(1_000);
    answered(answers, 20, 60);
    expect(answers.share('join')).toBe(1);
  });

  test('are fewer and fewer while answers take too long, and more when they do not', () => {
    const answers = newTimes();
    const shares: number[] = [];
    for (let i = 0; i < 4; i++) {
      answered(answers, 400, 1_000);
      shares.push(answers.share('join'));
    }
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares[0]).toBeGreaterThan(0.3);
    expect(shares[3]).toBeLessThan(0.1);
    // Not all at once: those who were refused come again.
    answered(answers, 20, 2_000);
    expect(answers.share('join')).toBeLessThan(0.2);
    answered(answers, 20, 15_000);
    expect(answers.share('join')).toBe(1);
  });

  test('are refused before those who come back, who are refused before the deadline', () => {
    const answers = newTimes();
    answered(answers, 500, 10_000);
    expect(answers.share('join')).toBeLessThan(0.02);
    expect(answers.share('back')).toBe(1);
    answered(answers, 900, 8_000);
    expect([answers.share('join'), answers.share('back') < 0.02]).toEqual([0, true]);
  });
});

describe('while a question waits', () => {
  /** The share that is let in after it, and how late the directory was then. */
  async function asked(process: 'runs' | 'stands'): Promise<readonly number[]> {
    const awake = new AwakeClock(() => nowMs);
    awake.runs();
    const answers = new AnswerTimes(() => awake.ms);
    let answer = () => {};
    const room = () =>
      new Promise<undefined>((resolve) => {
        answer = () => resolve(undefined);
      });
    const waiting = answers.of({ room } as Partial<Directory> as Directory).room('r1');
    if (process === 'stands') nowMs += 5_000;
    else
      for (const endMs = nowMs + 5_000; nowMs < endMs; nowMs += 50) {
        awake.runs();
        answers.share('join');
      }
    awake.runs();
    const late = answers.nowMs;
    answer();
    await waiting;
    return [answers.share('join'), late];
  }

  test('nobody is refused for a pause of this process, for it heard nothing', async () => {
    expect(await asked('stands')).toEqual([1, 100]);
  });

  test('they are refused where it ran and heard nothing', async () => {
    expect(await asked('runs')).toEqual([0, 5_000]);
  });
});

describe('a directory whose answers are noted', () => {
  test('answers, and refuses, as it does', async () => {
    class Kept {
      readonly #secret = new Uint8Array(1);
      get leaseMs() {
        return 2_000;
      }
      async secret() {
        return this.#secret;
      }
      async room(id: string) {
        throw new DirectoryError('failed', id);
      }
    }
    const kept = new Kept() as Partial<Directory> as Directory;
    const noted = newTimes().of(kept);
    expect(noted.leaseMs).toBe(2_000);
    expect(await noted.secret()).toBe(await kept.secret());
    await expect(noted.room('r1')).rejects.toThrow('r1');
  });

  test('is late as soon as a question waits for long', async () => {
    const answers = newTimes();
    let answer = () => {};
    const kept = {
      room: () =>
        new Promise<undefined>((resolve) => {
          answer = () => resolve(undefined);
        }),
    };
    const asked = answers.of(kept as Partial<Directory> as Directory).room('r1');
    nowMs += 720;
    expect([answers.nowMs, answers.share('join')]).toEqual([720, 0]);
    answer();
    await asked;
    expect(answers.nowMs).toBeLessThan(350);
  });

  test('that refuses as late was as late as its deadline, unless it is away', async () => {
    const refusing = (code: 'late' | 'unreachable') => ({
      async room() {
        throw new DirectoryError(code, 'no answer');
      },
    });
    for (const [code, meanMs] of [
      ['unreachable', 0],
      ['late', 250],
    ] as const) {
      const answers = newTimes();
      nowMs += 1_000;
      const noted = answers.of(refusing(code) as Partial<Directory> as Directory);
      await expect(noted.room('r1')).rejects.toThrow('no answer');
      expect(answers.nowMs).toBe(meanMs);
    }
  });
});

describe('a directory in parts', () => {
  /** Everybody asks for one part's rooms or for another's; each takes so long. */
  async function shares(isParted: boolean, ofA: number, ofB: number): Promise<readonly number[]> {
    const answers = newTimes();
    const open: { readonly dueMs: number; readonly answer: () => void }[] = [];
    const within = (ms: number) =>
      new Promise<void>((answer) => void open.push({ dueMs: nowMs + ms, answer }));
    const late = async (ms: number) => {
      await within(Math.min(ms, 1_000));
      const error = new DirectoryError('late', 'no answer');
      error.isSilent = true;
      if (ms >= 1_000) throw error;
    };
    const kept = {
      isParted,
      renew: () => within(Math.min(Math.max(ofA, ofB), 1_000)),
      room: (id: string) => late(id === 'a' ? ofA : ofB),
    };
    const noted = answers.of(kept as never as Directory);
    for (const endMs = nowMs + 5_000; nowMs < endMs; nowMs += STEP_MS) {
      if (nowMs % 700 === 0) void noted.renew([]);
      noted.room(nowMs % 60 === 0 ? 'b' : 'a').catch(() => {});
      for (const one of open.filter(({ dueMs }) => dueMs <= nowMs)) {
        open.splice(open.indexOf(one), 1);
        one.answer();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return [answers.share('join'), answers.share('back')];
  }

  test('lets all in while one of them is away without a word', async () => {
    expect(await shares(true, 2, 5_000)).toEqual([1, 1]);
    expect((await shares(false, 2, 5_000))[0]).toBeLessThan(0.02);
  });

  test('lets few in where all are late', async () => {
    const [join, back] = await shares(true, 900, 900);
    expect([join, back < 0.1]).toEqual([0, true]);
  });
});

test.each([
  ['in one place', false, 1],
  ['in several', true, 0],
])('a question that does not reach a directory %s', async (_, isParted, times) => {
  const answers = newTimes();
  let told = 0;
  answers.unreached = () => told++;
  const codes = ['unreachable', 'late', 'failed'] as const;
  for (const code of codes) {
    const withdraw = () => Promise.reject(new DirectoryError(code, 'no answer'));
    const directory = answers.of({ isParted, withdraw } as Partial<Directory> as Directory);
    await expect(directory.withdraw('a')).rejects.toThrow('no answer');
  }
  expect(told).toBe(times);
});
