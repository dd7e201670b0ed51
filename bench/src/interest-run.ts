// A room of arena-N with its seats taken, in this process and on a virtual clock, and one seat that
// is watched: its frames are decoded and compared with the truth. Used by `interest`. Trap: tick()
// is what is measured; check() must follow each of them and is not.
import { Random } from '@tickwire/protocol';
import type { GameRoom } from '@tickwire/server';
import { say } from './figures.ts';
import { type ShipsRoom, type ShipsSize, ships, shipsRoom } from './interest-room.ts';
import { SeatView } from './interest-view.ts';
import { NullLine, NullPlayer } from './null-line.ts';
import { helloFrame, InputScript } from './script.ts';

/** Every so many ticks the watched seat's view is compared with the truth. */
const COMPARE_EVERY = 10;
/** Differences that are told: the first say it all. */
const TOLD = 5;

export class ShipsRun {
  readonly players: readonly NullPlayer[];
  readonly view = new SeatView();
  readonly views = { compared: 0, wrong: 0 };
  inView = 0;
  readonly truth: ShipsRoom;
  readonly #size: ShipsSize;
  readonly #line: NullLine;
  readonly #scripts: readonly InputScript[];
  /** What came for the watched seat and was not read yet. */
  readonly #frames: Uint8Array[];

  private constructor(
    size: ShipsSize,
    truth: ShipsRoom,
    line: NullLine,
    players: readonly NullPlayer[],
    frames: Uint8Array[],
  ) {
    this.#frames = frames;
    this.#size = size;
    this.truth = truth;
    this.#line = line;
    this.players = players;
    const random = new Random(size.seed);
    this.#scripts = players.map(() => new InputScript(ships, random));
  }

  static async start(size: ShipsSize): Promise<ShipsRun> {
    const truth = shipsRoom(size);
    const players = Array.from({ length: size.seats }, () => new NullPlayer());
    const frames = recorded(players[0]);
    const hello = helloFrame(ships.hash, 'ships');
    const line = await NullLine.open('ships', truth.kind, players, hello);
    return new ShipsRun(size, truth, line, players, frames);
  }

  get room(): GameRoom {
    return this.#line.room;
  }

  /** One tick: the room's, then every player's acknowledgement and input. */
  tick(): void {
    this.#line.tick();
    this.answer();
  }

  checkedTick(): void {
    this.tick();
    this.check();
  }

  answer(): void {
    const { players } = this;
    for (let i = 0; i < players.length; i++) {
      const player = players[i];
      // Not all are told everything in the first tick.
      if (player.states > 0) player.say(this.#scripts[i].next(player.ticks));
    }
  }

  /** After each tick: what the watched seat should see, and now and then whether it does. */
  check(): void {
    for (const frame of this.#frames.splice(0)) this.view.read(frame);
    this.view.look(this.truth, this.#size.radius);
    this.inView += this.view.held;
    if (this.view.tick % COMPARE_EVERY !== 0) return;
    const found = this.view.differences(this.truth);
    this.views.compared++;
    if (found.length === 0) return;
    this.views.wrong++;
    for (const line of found.slice(0, TOLD)) say(`  tick ${this.view.tick}: ${line}`);
  }

  close(): Promise<void> {
    return this.#line.close();
  }
}

/** Every frame that a player gets from now on. */
function recorded(player: NullPlayer): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const send = player.send.bind(player);
  player.send = (frame) => {
    frames.push(frame.slice());
    send(frame);
  };
  return frames;
}
