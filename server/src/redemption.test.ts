// A promised place where the directory does not answer at once: asked again while that is of use,
// and given to one player, whoever comes with the same ticket meanwhile.
import { CloseCode } from '@tickwire/protocol';
import { beforeEach, expect, test } from 'vitest';
import { AskedPlaces } from './asked-places.ts';
import { DirectoryError } from './directory.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { Redemption } from './redemption.ts';

const IDENTITY = Uint8Array.of(1, 2, 3);
const LIFE_MS = 10_000;

let nowMs: number;
let directory: MemoryDirectory;
/** What becomes of each question: done or not, and answered or not. */
let fate: ('answered' | 'done, but late' | 'lost')[];
let questions: number;
let playing: boolean;
let freed: string[];
/** It was given back, and the directory does not know that yet. */
let freeing: string | undefined;
let asked: AskedPlaces;
let redemption: Redemption;
const room = { id: 'field-1' } as never;
const line = { open: true };

beforeEach(async () => {
  nowMs = 1_000;
  fate = [];
  questions = 0;
  playing = true;
  freed = [];
  freeing = undefined;
  line.open = true;
  directory = new MemoryDirectory({ leaseMs: 60_000, now: () => nowMs });
  const facts = { kind: 'field', build: '', seats: 2, match: '', hidden: false };
  const claim = await directory.claim({ id: 'field-1', ...facts }, { shard: 'a', url: '' });
  const lease = { id: 'field-1', epoch: claim.won ? claim.epoch : 0 };
  await directory.reserve('field-1', [{ seat: 'p1', identity: IDENTITY }], LIFE_MS);
  const redeem: MemoryDirectory['redeem'] = async (...given) => {
    questions++;
    const next = fate.shift() ?? 'answered';
    const answer = next === 'lost' ? undefined : await directory.redeem(...given);
    if (next !== 'answered') throw new DirectoryError('late', 'no answer in 1000 ms');
    return answer!;
  };
  asked = new AskedPlaces((_, seat) => void freed.push(seat));
  const shard = { leaseOf: () => lease, playing: () => (playing ? room : undefined) };
  redemption = new Redemption({
    shard: shard as never,
    directory: { redeem } as never,
    placement: {
      asked,
      free: (_: unknown, seat: string) => void freed.push(seat),
      isFreeing: (_: unknown, seat: string) => freeing === seat,
    } as never,
    tickets: {} as never,
    isAlone: false,
    lifeMs: LIFE_MS,
    now: () => nowMs,
  });
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
/** Time goes by, with a sweep each quarter of a second. */
async function pass(ms: number): Promise<void> {
  for (const untilMs = nowMs + ms; nowMs < untilMs; ) {
    nowMs += 250;
    redemption.sweep();
    await settled();
  }
}
const take = (): Promise<Uint8Array> => redemption.take(room, 'p1', line);
const SPENT = { closeCode: CloseCode.TicketSpent };

test.each([['done, but late'], ['lost']] as const)(
  'one answer that is %s is asked for again',
  async (first) => {
    fate = [first];
    const taking = take();
    await settled();
    expect(questions).toBe(1);
    await pass(250);
    expect(await taking).toEqual(IDENTITY);
    expect([questions, freed]).toEqual([2, []]);
  },
);

test('a place is asked for until the player would give up, and then given back', async () => {
  fate = Array(99).fill('lost');
  const taking = take();
  const refused = expect(taking).rejects.toMatchObject({
    closeCode: CloseCode.Overloaded,
    counter: 'directory',
  });
  await pass(4_750);
  expect(freed).toEqual([]);
  await pass(500);
  await refused;
  expect(freed).toEqual(['p1']);
  // The promise holds: who comes again with the ticket has it.
  fate = [];
  expect(await take()).toEqual(IDENTITY);
});

test.each([
  ['the line is gone', CloseCode.Lost, ['p1']],
  ['the room goes elsewhere', CloseCode.Restart, []],
])('nobody asks on where %s', async (what, closeCode, free) => {
  fate = ['lost'];
  const refused = expect(take()).rejects.toMatchObject({ closeCode });
  await settled();
  if (what === 'the line is gone') line.open = false;
  else playing = false;
  await pass(500);
  await refused;
  expect([questions, freed]).toEqual([1, free]);
});

test('a promise that ran out meanwhile is spent', async () => {
  fate = ['lost'];
  const refused = expect(take()).rejects.toMatchObject(SPENT);
  await settled();
  nowMs += LIFE_MS;
  await pass(250);
  await refused;
});

test('{T58} a ticket is good once, also while it is not known yet what came of it', async () => {
  fate = ['done, but late'];
  const first = take();
  await expect(take()).rejects.toMatchObject(SPENT);
  await pass(250);
  expect(await first).toEqual(IDENTITY);
  // Late answers make it no better.
  fate = ['done, but late', 'done, but late'];
  const again = expect(take()).rejects.toMatchObject(SPENT);
  await pass(1_000);
  await again;
  expect(questions).toBe(2);
  // All of it is forgotten when no such ticket can be good any more.
  await pass(LIFE_MS);
  expect(redemption.size).toBe(0);
});

test('a place that is being given back is not to be had until the directory knows', async () => {
  freeing = 'p1';
  await expect(take()).rejects.toMatchObject({ closeCode: CloseCode.Overloaded });
  expect(questions).toBe(0);
  freeing = undefined;
  expect(await take()).toEqual(IDENTITY);
});
