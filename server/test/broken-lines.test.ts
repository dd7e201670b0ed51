// What is true of places and rooms whatever becomes of the lines between shards and their
// directory: real shards, whose players come by ticket, sit, go and come again, in virtual time.
import { CloseCode, Credential, PROTOCOL_VERSION, Random } from '@tickwire/protocol';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Heartbeat } from '../src/heartbeat.ts';
import { DEFAULT_LIMITS } from '../src/index.ts';
import { JoinRefused } from '../src/joining.ts';
import { type MadeShard, makeShard } from '../src/make-shard.ts';
import { Tally } from '../src/tally.ts';
import { Ticker } from '../src/ticker.ts';
import { arcade, game } from './arcade.ts';
import { BrokenLine, BrokenStore } from './broken-line.ts';

const LEASE_MS = 2_000;
const SEATS = 3;
const SHARDS = 3;
/** Four rooms full, of which each shard has one or two. */
const PLAYERS = 12;
/** A place that nobody came for is free after that. */
const TICKET_MS = 2_000;
const BROKEN_MS = 15_000;
/** For a lease, what it takes to claim again, a ticket's life and a sweep. */
const WELL_MS = 8_000;

interface Place {
  readonly made: MadeShard;
  readonly line: BrokenLine;
}

let random: Random;
let store: BrokenStore;
let places: Place[];
let names: number;
let seated: number;
/** Of tickets that were good: who was told that they are not. */
let turnedAway: string[];
/** What was promised before is forgotten. */
let emptiedMs: number;

const now = () => performance.now();
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const newName = () => `n${++names}`;

beforeEach(() => {
  vi.useFakeTimers();
  [places, turnedAway, names, seated, emptiedMs] = [[], [], 0, 0, Number.NEGATIVE_INFINITY];
});

afterEach(() => {
  vi.useRealTimers();
});

async function startShard(): Promise<void> {
  const line = new BrokenLine(store, random);
  const tally = new Tally();
  const made = await makeShard({
    rooms: { field: arcade({ seats: SEATS, graceMs: 1_000 }) },
    limits: { ...DEFAULT_LIMITS, ticketMs: TICKET_MS },
    directory: line.door,
    boards: new Map(),
    owner: { shard: newName(), url: `ws://${names}.example/` },
    log: pino({ level: 'silent' }),
    heartbeat: new Heartbeat(),
    ticker: new Ticker(now, tally),
    ticketKey: new Uint8Array(32),
    signsBySecret: false,
    makeSecret: newName,
    makeId: newName,
    seed: () => random.integer(2 ** 32),
    load: () => 0,
    production: true,
    wallClockMs: Date.now,
    ...{ now, tally },
  });
  await made.cluster!.start();
  setInterval(() => made.cluster!.work(), 50);
  setInterval(() => {
    made.seating.sweep(now());
    made.shard.sweep(now());
  }, 250);
  places.push({ made, line });
}

const anyPlace = () => places[random.integer(places.length)];

/** Comes again and again until `endMs`, and sits on from then. */
async function play(user: string, endMs: number): Promise<void> {
  while (now() < endMs) {
    await wait(random.next() * 200);
    try {
      const seat = await join(user);
      seated++;
      await wait(random.next() * 2_000);
      if (now() < endMs) seat.room.remove(seat.seat);
    } catch (error) {
      if (!(error instanceof JoinRefused)) throw error;
    }
  }
}

async function join(user: string) {
  const { seating, shard } = anyPlace().made;
  const target = await seating.placement.target('field');
  const identity = { auth: undefined, user, untilMs: Number.POSITIVE_INFINITY };
  const { url, tickets } = await seating.promise(target, undefined, [identity]);
  const promisedMs = now();
  await wait(20);
  const [secret] = tickets;
  const at = places.find(({ made }) => made.shard.owner.url === (url || shard.owner.url))!;
  const hello = { version: PROTOCOL_VERSION, hash: game.hash, room: 'field', spectate: false };
  const line = { open: true, send() {}, cork() {}, close() {}, move() {} };
  const joiner = { ...line, queued() {}, tellWaiting() {} };
  try {
    const asked = { ...hello, credential: Credential.Ticket, secret };
    return await at.made.seating.join(asked, joiner);
  } catch (error) {
    const isSpent = error instanceof JoinRefused && error.closeCode === CloseCode.TicketSpent;
    // One that waited longer than it is good for is spent indeed.
    if (isSpent && promisedMs > emptiedMs && now() - promisedMs < TICKET_MS) turnedAway.push(user);
    throw error;
  }
}

/** Something happens to one of the lines or to all, and is over after a while. */
async function trouble(): Promise<void> {
  const lines = places.map(({ line }) => line);
  const some = random.integer(2) === 0 ? lines : [anyPlace().line];
  const ms = random.next() * 1_500;
  switch (random.integer(4)) {
    case 0:
      for (const line of some) line.break();
      return;
    case 1:
      for (const line of some) line.slowMs = random.next() * 1_000;
      await wait(ms);
      for (const line of some) line.slowMs = 0;
      return;
    case 2:
      return leave(some, ms);
    case 3: {
      const back = leave(lines, ms);
      store.empty();
      emptiedMs = now() + ms;
      return back;
    }
  }
}

async function leave(lines: readonly BrokenLine[], ms: number): Promise<void> {
  for (const line of lines) {
    line.away = true;
    line.break();
  }
  await wait(ms);
  for (const line of lines) line.away = false;
}

async function live(): Promise<string[]> {
  for (let i = 0; i < SHARDS; i++) await startShard();
  const overfull: string[] = [];
  const rooms = () => places.flatMap(({ made }) => [...made.shard.rooms.values()]);
  setInterval(() => {
    for (const { id, taken } of rooms()) if (taken > SEATS) overfull.push(id);
  }, 50);
  const endMs = now() + BROKEN_MS;
  const players = Array.from({ length: PLAYERS }, (_, i) => play(`u${i}`, endMs));
  while (now() < endMs) {
    await wait(random.next() * 1_500);
    await trouble();
  }
  await Promise.all(players);
  await wait(WELL_MS);
  return overfull;
}

/** What the directory has of rooms, and what their shards have. */
async function stand(): Promise<[known: string[], real: string[]]> {
  const entries = await store.directory.rooms();
  const known = entries.map(({ id, shard, taken }) => `${id} of ${shard}: ${taken}`);
  const real = places.flatMap(({ made: { shard, seating } }) =>
    Array.from(shard.rooms.values(), (room) => {
      const { length } = seating.recordsOf(room);
      return `${room.id} of ${shard.owner.shard}: ${length}`;
    }),
  );
  return [known.sort(), real.sort()];
}

/** By the second a place is lost where the directory forgets whom it gave one just now. */
test.each([1, 4])('{S54, S55} no place is lost or had twice, seed %i', async (seed) => {
  random = new Random(seed);
  store = new BrokenStore(LEASE_MS);
  const lived = live();
  lived.catch(() => {});
  await vi.advanceTimersByTimeAsync(2 * BROKEN_MS + WELL_MS);
  expect(await lived).toEqual([]);
  expect(turnedAway).toEqual([]);
  const [known, real] = await stand();
  expect(known).toEqual(real);
  expect(places.map(({ made }) => made.seating.placement.asked.size)).toEqual([0, 0, 0]);
  expect(seated).toBeGreaterThan(PLAYERS * 3);
});
