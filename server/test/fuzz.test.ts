// Both ends under everything at once, seeded: whatever a room does and however bad a line is, what
// a seat holds after each STATE is what it should see. TICKWIRE_FUZZ_SEEDS and TICKWIRE_FUZZ_TICKS
// ask for more.

import { Random } from '@tickwire/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { Expectations } from './expectations.ts';
import { fuzzRoom, game } from './fuzz-game.ts';
import { Player, Stepper } from './stepper.ts';

const SEEDS = Number(process.env.TICKWIRE_FUZZ_SEEDS ?? 3);
const TICKS = Number(process.env.TICKWIRE_FUZZ_TICKS ?? 2000);
/** Bytes on the way that make a seat slow: small, so that stalled seats skip frames at once. */
const SLOW_BYTES = 2500;
const TICK_MS = 1000 / game.tickRate;

type Client = Player<typeof game>;

const KINDS: Record<string, Parameters<typeof fuzzRoom>[1]> = {
  'a room without interest': {},
  'a room with interest and sees, every second tick': {
    sendEvery: 2,
    interest: { around: (seat) => seat.own('ship'), radius: 250 },
    wire: 'packed',
    sees: (seat, row) => row.kind !== 'ship' || (row.cloak + seat.id) % 3 !== 0,
  },
  'a room where some is hidden, every third tick': {
    sendEvery: 3,
    wire: 'packed',
    sees: (seat, row) => (row.id + seat.id) % 4 !== 0 || row.kind === 'sign',
  },
};

/** One seeded run: the chaos of clients, and the comparison after each STATE. */
class Fuzz {
  readonly expectations = new Expectations();
  readonly players: Client[] = [];
  stepper!: Stepper;
  readonly #chance: Random;
  readonly #joining = new Set<Promise<unknown>>();

  constructor(seed: number) {
    this.#chance = new Random(seed + 0.5e9);
  }

  async run(stepper: Stepper, ticks: number): Promise<void> {
    this.stepper = stepper;
    const { expectations } = this;
    stepper.onTick = (room) => expectations.told(room);
    stepper.onStride = () => {
      for (const { client } of this.players) expectations.check(client);
    };
    for (let tick = 0; tick < ticks; tick++) {
      if (tick % 4 === 0) this.#disturb();
      await this.stepper.advance(TICK_MS);
    }
    for (const player of this.players) {
      player.offline = false;
      player.flow();
    }
    await this.stepper.advance(10_000);
  }

  #disturb(): void {
    const chance = this.#chance;
    const dice = chance.next();
    const player = this.players[chance.integer(Math.max(this.players.length, 1))];
    if (this.players.length + this.#joining.size < 3 || (dice < 0.05 && this.players.length < 6))
      this.#join();
    else if (!player) return;
    else if (dice < 0.15) player.stalled = true;
    else if (dice < 0.4) player.flow();
    else if (dice < 0.46) player.cut();
    else if (dice < 0.48) {
      player.offline = true;
      player.cut();
    } else if (dice < 0.6) player.offline = false;
    else if (dice < 0.62) {
      player.client.leave();
      this.players.splice(this.players.indexOf(player), 1);
    }
  }

  #join(): void {
    const chance = new Random(this.#chance.integer(2 ** 31));
    const line = {
      latencyMs: chance.integer(80),
      jitterMs: chance.integer(30),
      stallMs: 300,
      stallEveryMs: 4000,
      bandwidthKbps: 0,
    };
    const player: Client = new Player<typeof game>(this.stepper, {
      room: 'field',
      retryCapMs: 400,
      up: line,
      down: { ...line },
      sample: () => ({ dx: chance.next() * 2 - 1, dy: chance.next(), fire: chance.next() < 0.1 }),
    });
    const joining: Promise<unknown> = player.connect(game).then(
      () => {
        this.players.push(player);
        this.#joining.delete(joining);
      },
      () => this.#joining.delete(joining),
    );
    this.#joining.add(joining);
  }
}

/** Why a line may break in the fuzz; anything else is a frame that one end did not understand. */
const EXPECTED_REASONS = new Set([
  'line lost',
  'no word from the server',
  'no answer from the server',
  'this seat is not kept any more',
]);

function complaints(players: readonly Client[]): string[] {
  return players.flatMap(({ statuses, closes }) => [
    ...statuses.flatMap((status) =>
      status.state === 'resuming' && !EXPECTED_REASONS.has(status.reason) ? [status.reason] : [],
    ),
    ...closes.filter(([code]) => code === 4000 || code === 1011).map(([, reason]) => reason),
  ]);
}

/** What the server logged as wrong. */
function faults({ log }: Stepper): unknown[] {
  const bad = log.filter((line) => line.level >= 40);
  return bad.map(({ msg, err }) => [msg, (err as Error | undefined)?.message]);
}

let stepper: Stepper | undefined;
afterEach(() => stepper?.close());

describe.each(Object.keys(KINDS))('%s', (name) => {
  const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);
  test.each(seeds)(
    '[S3, S7, S8, O1, O3] shows every seat what it should see (seed %i)',
    async (seed) => {
      const fuzz = new Fuzz(seed);
      stepper = await Stepper.start({
        rooms: { field: fuzzRoom(seed, KINDS[name], (room) => fuzz.expectations.ticked(room)) },
        seed,
        limits: { slowSeatBytes: SLOW_BYTES, roomBurst: 1000 },
      });
      await fuzz.run(stepper, TICKS);
      expect(faults(stepper)).toEqual([]);
      expect(complaints(fuzz.players)).toEqual([]);
      expect(fuzz.players.map((player) => player.state)).toEqual(fuzz.players.map(() => 'live'));
      expect(fuzz.expectations.checked).toBeGreaterThan(TICKS / 2);
    },
  );
});
