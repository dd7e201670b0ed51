// One process for as long as wanted: a real server on 127.0.0.1, honest bots on lines that break,
// attackers, and rooms that end. Every so often all that stops for a quiet moment, in which every
// bot must be live and shown the truth, and the server must hold what they need and nothing else.
// A run with the same seed draws the same chances; real time orders them anew.

import { Random } from '@tickwire/protocol';
import pino from 'pino';
import { type GameRoom, type Server, serve } from '../../src/index.ts';
import { ROOM_NAMES, recordAll } from '../fuzz/recording.ts';
import { type AttackName, Attacks, COUNTERS } from './attacks.ts';
import { Bot } from './bot.ts';
import { Field } from './field.ts';
import { Memory, type MemoryFigures } from './memory.ts';

const BOTS_PER_ROOM = 4;
/** Ms between two looks of a bot, and between two rolls of the dice. */
const LOOK_MS = 50;
const DICE_MS = 100;
/**
 * Chances of each roll: a fault of some line, an attack, a bot that changes its seat, a room's end.
 */
const FAULT = 0.25;
const ATTACK = 0.5;
const CHANGE = 0.02;
const ENDING = 0.004;
const MOST_ATTACKS = 24;
/** Ms of trouble between two quiet moments. */
const TROUBLE_MS = 20_000;
/** Ms until everybody is back: a line that hangs is noticed after 6 s, and tried again at once. */
const BACK_MS = 30_000;
/** Ms in which what is shown comes to rest: corrections fade in a tenth of it. */
const REST_MS = 2500;
/** Ms until seats and tickets of attackers are gone: their grace, and a sweep. */
const GONE_MS = 20_000;
const TICKET_MS = 2000;
/** Ms the process may stand still before its own watchdog ends it: a collection by hand is slow. */
const HANG_MS = 30_000;

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly transport: 'uws' | 'ws';
  /** A line of progress. */
  say(line: string): void;
}

export interface SoakFigures {
  readonly seed: number;
  readonly transport: string;
  readonly minutes: number;
  /** What broke; empty if all held. */
  readonly problems: readonly string[];
  readonly quietMoments: number;
  readonly viewsCompared: number;
  readonly faults: number;
  readonly resumes: number;
  readonly joins: number;
  readonly presses: { readonly made: number; readonly lost: number };
  readonly attacks: Readonly<Partial<Record<AttackName, number>>>;
  readonly refusals: Readonly<Record<string, number>>;
  readonly memory: MemoryFigures;
  /** Shares of ticks that began at most so many ms late. */
  readonly tickLateness: Readonly<Record<string, number>>;
}

export class Soak {
  readonly #options: SoakOptions;
  readonly #chance: Random;
  readonly #field: Field;
  readonly #memory = new Memory();
  readonly #bots: Bot[] = [];
  readonly #problems: string[] = [];
  #server!: Server;
  #attacks!: Attacks;
  #trouble = false;
  #quietMoments = 0;
  #lostPresses = 0;
  #madePresses = 0;

  private constructor(options: SoakOptions) {
    this.#options = options;
    this.#chance = new Random(options.seed);
    this.#field = new Field(options.seed);
  }

  /** Runs to its end, or to the first thing that breaks, and answers what was seen. */
  static async run(options: SoakOptions): Promise<SoakFigures> {
    const soak = new Soak(options);
    const problem = (error: unknown) => void soak.#problems.push(`in no place: ${String(error)}`);
    process.on('unhandledRejection', problem).on('uncaughtException', problem);
    await soak.#start();
    const timers = [
      setInterval(() => soak.#look(), LOOK_MS),
      setInterval(() => soak.#roll(), DICE_MS),
      setInterval(() => soak.#say(), 10_000),
    ];
    const endMs = performance.now() + options.minutes * 60_000;
    while (performance.now() < endMs && soak.#problems.length === 0) {
      await soak.#makeTrouble(Math.min(TROUBLE_MS, endMs - performance.now()));
      await soak.#calmDown();
    }
    for (const timer of timers) clearInterval(timer);
    const fault = soak.#memory.fault();
    if (fault) soak.#problems.push(fault);
    const figures = soak.#figures();
    await soak.#stop();
    process.off('unhandledRejection', problem).off('uncaughtException', problem);
    return figures;
  }

  async #start(): Promise<void> {
    const { seed, transport } = this.#options;
    const recordings = await recordAll(seed);
    const write = (line: string) => void this.#problems.push(`the server logged ${line}`);
    this.#server = await serve({
      rooms: this.#field.rooms,
      transport,
      port: 0,
      host: '127.0.0.1',
      signals: false,
      findDesyncs: true,
      log: pino({ level: 'error', base: undefined }, { write }),
      limits: { ticketMs: TICKET_MS, hangMs: HANG_MS },
    });
    const { port } = this.#server;
    const own = () => new Random(this.#chance.integer(2 ** 32));
    this.#attacks = new Attacks(port, recordings, own());
    for (const room of ROOM_NAMES)
      for (let i = 0; i < BOTS_PER_ROOM; i++) {
        const bot = new Bot(room, this.#field, own());
        this.#bots.push(bot);
        await bot.start(port);
      }
  }

  async #stop(): Promise<void> {
    this.#attacks.callOff();
    for (const bot of this.#bots) await bot.stop();
    await this.#server.close();
  }

  #look(): void {
    const nowMs = performance.now();
    for (const bot of this.#bots) {
      bot.look(nowMs);
      for (const problem of bot.problems.splice(0)) this.#problems.push(`${bot.room}: ${problem}`);
    }
    const { tally } = this.#server.edge;
    if (tally.faults > 0) this.#problems.push(`${tally.faults} handlers threw`);
  }

  #roll(): void {
    if (!this.#trouble) return;
    const chance = this.#chance;
    const bot = this.#bots[chance.integer(this.#bots.length)];
    if (chance.next() < FAULT) bot.fault(performance.now());
    if (chance.next() < ATTACK && this.#attacks.running < MOST_ATTACKS) void this.#attacks.start();
    if (chance.next() < CHANGE) bot.change();
    if (chance.next() < ENDING) this.#endRoom();
  }

  #endRoom(): void {
    const rooms = [...this.#server.shard.rooms.values()];
    const room = rooms[this.#chance.integer(rooms.length)];
    for (const bot of this.#bots) if (bot.room === room.kind) bot.mayLose = true;
    room.close('this round is over');
  }

  async #makeTrouble(ms: number): Promise<void> {
    this.#trouble = true;
    await sleep(ms);
    this.#trouble = false;
  }

  /** Everybody comes back, nothing moves: what must hold then is looked at. */
  async #calmDown(): Promise<void> {
    const { edge, seating } = this.#server;
    const bots = this.#bots;
    this.#attacks.callOff();
    for (const bot of bots) bot.heal();
    const back = () => bots.every((bot) => bot.client && bot.status === 'live');
    if (!(await this.#comes(back, BACK_MS)))
      this.#problems.push(`not back: ${bots.map((bot) => bot.status)}`);
    this.#field.quiet = true;
    const seats = () => this.#rooms.reduce((sum, room) => sum + [...room.seats].length, 0);
    const gone = () =>
      edge.connections.size === bots.length &&
      edge.tally.connections === bots.length &&
      seats() === bots.length &&
      seating.secrets.seats === bots.length &&
      seating.secrets.tickets === 0;
    if (!(await this.#comes(gone, GONE_MS)))
      this.#problems.push(
        `left over beside ${bots.length}: ${JSON.stringify(seating.secrets)}, ` +
          `${seats()} seats, ${edge.connections.size} connections`,
      );
    await sleep(REST_MS);
    if (this.#problems.length > 0) return;
    for (const bot of bots) this.#compare(bot);
    this.#compareCounters();
    this.#look();
    this.#field.expectations.sweep();
    this.#field.expectations.forget();
    this.#memory.note();
    this.#quietMoments++;
    this.#field.quiet = false;
  }

  /** What a bot is shown and counted, and what its seat was told and said. */
  #compare(bot: Bot): void {
    bot.lookStill();
    const { client } = bot;
    const seat = client && this.#server.shard.rooms.get(client.room)?.seat(client.seat);
    if (!seat) return void this.#problems.push(`${bot.room}: a bot without a seat`);
    const book = this.#field.bookOf(seat);
    const { told, presses, doubled } = book;
    const say = (what: string) => void this.#problems.push(`${bot.room}: ${what}`);
    if (told !== bot.heard) say(`heard ${bot.heard} of ${told} events`);
    if (doubled > 0) say(`${doubled} commands ran twice`);
    if (presses > bot.pressed && !bot.mayLose) say(`${presses} presses of ${bot.pressed}`);
    this.#madePresses += bot.pressed;
    this.#lostPresses += Math.max(bot.pressed - presses, 0);
    // From here on this seat's are counted.
    bot.pressed = 0;
    book.presses = 0;
    bot.mayLose = false;
  }

  /** Each attack that was seen through has moved its counter. */
  #compareCounters(): void {
    const { refusals } = this.#server.edge;
    for (const [name, done] of this.#attacks.done) {
      const counter = COUNTERS[name];
      const counted = refusals.get(counter ?? '') ?? 0;
      if (counter && counted < done)
        this.#problems.push(`${done} attacks by ${name}, and ${counter} counts ${counted}`);
    }
  }

  async #comes(holds: () => boolean, withinMs: number): Promise<boolean> {
    for (const endMs = performance.now() + withinMs; performance.now() < endMs; ) {
      if (holds()) return true;
      await sleep(LOOK_MS);
    }
    return holds();
  }

  get #rooms(): GameRoom[] {
    return [...this.#server.shard.rooms.values()];
  }

  #say(): void {
    const { edge } = this.#server;
    const { heldKib, growth } = this.#memory.figures();
    const live = this.#bots.filter((bot) => bot.status === 'live').length;
    const line = [
      `soak: ${this.#field.quiet ? 'quiet' : 'trouble'}`,
      `${live} of ${this.#bots.length} bots live`,
      `${edge.connections.size} connections`,
      `${this.#attacks.running} attacks`,
      `${this.#field.expectations.checked} views compared`,
      `${((heldKib.at(-1) ?? 0) / 1024).toFixed(1)} MiB held`,
      growth === undefined ? '' : `${(growth * 100).toFixed(2)} % growth`,
    ];
    this.#options.say(line.filter((part) => part !== '').join(', '));
  }

  #figures(): SoakFigures {
    const { seed, minutes } = this.#options;
    const sum = (of: (bot: Bot) => number) => this.#bots.reduce((all, bot) => all + of(bot), 0);
    return {
      seed,
      transport: this.#server.transport,
      minutes,
      problems: this.#problems,
      quietMoments: this.#quietMoments,
      viewsCompared: this.#field.expectations.checked,
      faults: sum(({ faults }) => faults),
      resumes: sum(({ resumes }) => resumes),
      joins: sum(({ joins }) => joins),
      presses: { made: this.#madePresses, lost: this.#lostPresses },
      attacks: Object.fromEntries(this.#attacks.done),
      refusals: Object.fromEntries(this.#server.edge.refusals),
      memory: this.#memory.figures(),
      tickLateness: this.#lateness(),
    };
  }

  #lateness(): Record<string, number> {
    const { lateSeconds } = this.#server.edge.tally;
    const upTo = lateSeconds.upTo();
    const all = upTo[upTo.length - 1];
    const shares = lateSeconds.bounds.map((bound, i) => [
      `${bound * 1000} ms`,
      Math.round((upTo[i] / all) * 1e5) / 1e5,
    ]);
    return Object.fromEntries(shares);
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
