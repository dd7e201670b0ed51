// One arena room with all its players in this process, on a virtual clock: everything the framework
// does in a tick, from the players' frames to the bytes of every seat, and nothing else. Used by
// `tick` for times and by `smoke` for bytes and allocations.
import { Random } from '@tickwire/protocol';
import type { GameRoom } from '@tickwire/server';
import { type ArenaSize, arenaOf, arenaRoom } from './arena.ts';
import { NullLine, NullPlayer } from './null-line.ts';
import { helloFrame, InputScript } from './script.ts';

export class ArenaRun {
  readonly size: ArenaSize;
  readonly players: readonly NullPlayer[];
  readonly #line: NullLine;
  readonly #scripts: readonly InputScript[];

  private constructor(
    size: ArenaSize,
    line: NullLine,
    players: readonly NullPlayer[],
    scripts: readonly InputScript[],
  ) {
    this.size = size;
    this.#line = line;
    this.players = players;
    this.#scripts = scripts;
  }

  /** A room with every seat taken, before its first tick. */
  static async start(size: ArenaSize): Promise<ArenaRun> {
    const game = arenaOf(size.tickRate);
    const random = new Random(size.seed);
    const players = Array.from({ length: size.seats }, () => new NullPlayer());
    const scripts = players.map(() => new InputScript(game, random));
    const hello = helloFrame(game.hash, 'arena');
    const line = await NullLine.open('arena', arenaRoom(game, size), players, hello);
    return new ArenaRun(size, line, players, scripts);
  }

  get room(): GameRoom {
    return this.#line.room;
  }

  get unchangedInputBytes(): number {
    return this.#scripts[0].unchangedBytes;
  }

  /** One tick: the room's, then every player's acknowledgement and input. */
  tick(): void {
    const { players } = this;
    this.#line.tick();
    for (let i = 0; i < players.length; i++) {
      const player = players[i];
      // Not all are told everything in the first tick.
      if (player.states > 0) player.say(this.#scripts[i].next(player.ticks));
    }
  }

  close(): Promise<void> {
    return this.#line.close();
  }
}
