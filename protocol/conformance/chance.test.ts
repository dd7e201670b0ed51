// The games of the vectors played by chance, seeded: everything changes, moves, comes, goes and is
// handed on; the seat skips, looks away and is told late; odds change. After every STATE the second
// decoder holds what our reader holds. TICKWIRE_FUZZ_TICKS asks for more.
import { describe, expect, test } from 'vitest';
import {
  CodingTables,
  type Game,
  MsgpackWriter,
  ODDS,
  Random,
  type Row,
  tableChanges,
  writeHello,
  writeTables,
  writeWelcome,
} from '../src/index.ts';
import { changeField, someValue } from '../test/chance.ts';
import { Mover } from '../test/motion.ts';
import { SIGHTS, type Sight, SPELLINGS, type Spelling, Stage, type Viewer } from '../test/stage.ts';
import { CASES } from './cases.ts';
import { type GameData, gameOf } from './declaration.ts';
import { writeState } from './player.ts';
import { SecondReader, secondGame } from './second-reader.ts';
import { Onlooker } from './telling.ts';
import type { Frame, Side } from './vectors.ts';

/** Enough for every kind of row to arrive, change, wait and leave some times. */
const TICKS = Number(process.env.TICKWIRE_FUZZ_TICKS ?? 60);
const SEAT = 1;
/** Entities at once: few, so that all of them come and go. */
const MOST = 12;

const games = new Map(CASES.map(({ game }) => [JSON.stringify(game), game]));

describe.each(SPELLINGS.flatMap((wire) => SIGHTS.map((sight) => ({ wire, sight }))))(
  'in a $wire room, its known set $sight',
  ({ wire, sight }) => {
    test.each([...games.values()].map((game, seed) => ({ game, seed })))(
      '[S1, K5] both readers hold the same (game and seed $seed)',
      ({ game, seed }) => {
        const room = new Room(game, seed, wire, sight);
        for (let i = 0; i < TICKS; i++) room.tick();
        expect(room.states).toBeGreaterThan(TICKS / 4);
      },
    );
  },
);

class Room {
  states = 0;
  readonly #game: Game;
  readonly #chance: Random;
  readonly #stage: Stage<Game>;
  readonly #mover: Mover;
  readonly #viewer: Viewer;
  readonly #onlooker: Onlooker;
  readonly #second: SecondReader;
  readonly #out = new MsgpackWriter();
  readonly #hidden = new Set<number>();
  readonly #late = new Set<number>();
  #stateTick = 0;
  #skip = 0;
  #told: CodingTables;

  constructor(data: GameData, seed: number, wire: Spelling, sight: Sight) {
    const game = gameOf(data);
    const sendEvery = 1 + (seed % 3);
    this.#game = game;
    this.#told = game.priors;
    this.#chance = new Random(seed);
    this.#stage = new Stage(game, { wire, sendEvery });
    this.#mover = new Mover(this.#chance, sendEvery / game.tickRate);
    this.#onlooker = new Onlooker(game);
    this.#second = new SecondReader(secondGame(data));
    this.#viewer = this.#stage.join(SEAT, sight);
    this.#viewer.sees = ({ id }) => !this.#hidden.has(id);
    this.#viewer.defers = ({ id }) => this.#late.has(id);
    const hello = { version: 1, hash: game.hash, room: '', secret: '', spectate: false };
    writeHello(this.#out, { ...hello, credential: 0 });
    this.#say('HELLO', 'client');
    const welcome = { seat: SEAT, tick: 0, resumeKey: '', serverTimeMs: 0, roomId: '', sendEvery };
    writeWelcome(this.#out, { ...welcome, packed: wire === 'packed' });
    this.#say('WELCOME', 'server');
  }

  tick(): void {
    const chance = this.#chance;
    const stage = this.#stage;
    const rows = [...stage.rows()];
    for (const row of rows) if (row.id % 3 !== 0) this.#mover.move(row);
    for (let i = chance.integer(6); i > 0; i--) this.#change(rows);
    if (chance.next() < 0.6) this.#populate(rows);
    if (stage.wire === 'packed' && chance.next() < 0.1) this.#tables();
    stage.round();
    if (this.#skip-- <= 0) this.#state();
    if (this.#skip < 0 && chance.next() < 0.2) this.#skip = chance.integer(6);
    stage.next();
  }

  #change(rows: readonly Row[]): void {
    const chance = this.#chance;
    const row = rows[chance.integer(rows.length + 1)] ?? this.#stage.state.rows[1]!;
    const { plan } = row.$table;
    const fields = plan.fields.slice(plan.index < 0 ? 0 : 2);
    if (fields.length === 0) return;
    const { name, spec } = fields[chance.integer(fields.length)];
    changeField(row, name, spec, chance);
    if (plan.index < 0) return;
    if (chance.next() < 0.1) row.$table.teleport(row.$index);
    if (chance.next() < 0.1) this.#stage.give(row, chance.integer(3));
    for (const set of [this.#hidden, this.#late])
      if (chance.next() < 0.2) set.has(row.id) ? set.delete(row.id) : set.add(row.id);
  }

  #populate(rows: readonly Row[]): void {
    const chance = this.#chance;
    if (chance.integer(MOST) < rows.length) {
      this.#stage.despawn(rows[chance.integer(rows.length)]);
      return;
    }
    const { name, fields } = this.#game.kinds[chance.integer(this.#game.kinds.length)];
    const given = fields.slice(2).filter(() => chance.next() < 0.4);
    const init = Object.fromEntries(given.map((f) => [f.name, someValue(f.spec, chance)]));
    this.#stage.spawn(name as never, init as never, chance.integer(3));
  }

  #state(): void {
    const stage = this.#stage;
    const chance = this.#chance;
    if (chance.next() < 0.03) this.#viewer.needsEverything = true;
    stage.tell(this.#viewer);
    const said = { inTime: 0, marginTicks: 0, sentAt: 0 };
    writeState(this.#out, this.#viewer.last, stage.tick - this.#stateTick, said);
    this.#stateTick = stage.tick;
    this.states++;
    this.#say('STATE', 'server');
  }

  /** Ahead of round(), which begins the bodies of this STATE. */
  #tables(): void {
    const chance = this.#chance;
    const before = this.#told;
    const base = chance.next() < 0.5 ? before : this.#game.priors;
    const other = () => ODDS[chance.integer(ODDS.length)];
    const odds = before.odds.map((size) => (chance.next() < 0.3 ? other() : size));
    const tables = new CodingTables(before.version + 1, odds);
    const changes = tableChanges(odds, base.odds);
    writeTables(this.#out, { version: tables.version, base: base.version, changes });
    this.#told = this.#stage.odds = tables;
    this.#say('TABLES', 'server');
  }

  #say(frame: string, from: Side): void {
    const bytes = this.#out.bytes().slice();
    this.#out.reset();
    const says = this.#onlooker.take(from, bytes);
    const told: Partial<Frame['says']> =
      this.#second.take({ frame, from, hex: '', says }, bytes) ?? {};
    for (const name of Object.keys(told))
      expect(told[name], `${name} of ${frame} at tick ${this.#stage.tick}`).toEqual(says[name]);
  }
}
