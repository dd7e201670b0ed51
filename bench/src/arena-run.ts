// One arena room with all its players in this process, on a virtual clock: everything the framework
// does in a tick, from the players' frames to the bytes of every seat, and nothing else. Used by
// `tick` for times and by `smoke` for bytes and allocations.
import { Random } from '@tickwire/protocol';
import { type GameRoom, type Server, serve } from '@tickwire/server';
import { type ArenaSize, arenaOf, arenaRoom } from './arena.ts';
import { type NullPlayer, NullTransport } from './null-line.ts';
import { helloFrame, InputScript } from './script.ts';

export class ArenaRun {
  readonly size: ArenaSize;
  readonly players: readonly NullPlayer[];
  readonly room: GameRoom;
  readonly #server: Server;
  readonly #clock: { nowMs: number };
  readonly #scripts: readonly InputScript[];

  private constructor(
    size: ArenaSize,
    server: Server,
    clock: { nowMs: number },
    players: readonly NullPlayer[],
    scripts: readonly InputScript[],
  ) {
    this.size = size;
    this.#server = server;
    this.#clock = clock;
    this.players = players;
    this.#scripts = scripts;
    this.room = [...server.shard.rooms.values()][0];
  }

  /** A room with every seat taken, before its first tick. */
  static async start(size: ArenaSize): Promise<ArenaRun> {
    const clock = { nowMs: 1000 };
    const game = arenaOf(size.tickRate);
    const transport = new NullTransport();
    const server = await serve({
      rooms: { arena: arenaRoom(game, size) },
      transport,
      port: 0,
      ticking: false,
      signals: false,
      log: 'silent',
      now: () => clock.nowMs,
      limits: { connectionsPerAddress: size.seats },
    });
    const random = new Random(size.seed);
    const hello = helloFrame(game.hash, 'arena');
    const players: NullPlayer[] = [];
    const scripts: InputScript[] = [];
    for (let i = 0; i < size.seats; i++) {
      const player = transport.player();
      player.say(hello);
      players.push(player);
      scripts.push(new InputScript(game, random));
    }
    // Joining is asynchronous by a few turns of the microtask queue.
    while (!players.every((player) => player.welcomed || player.closed)) await turn();
    const refused = players.find((player) => player.closed !== '');
    if (refused) throw new Error(`a player was refused: ${refused.closed}`);
    return new ArenaRun(size, server, clock, players, scripts);
  }

  get unchangedInputBytes(): number {
    return this.#scripts[0].unchangedBytes;
  }

  /** One tick: the room's, then every player's acknowledgement and input. */
  tick(): void {
    const { players } = this;
    this.#clock.nowMs += 1000 / this.size.tickRate;
    this.room.run(this.#clock.nowMs);
    for (let i = 0; i < players.length; i++) players[i].say(this.#scripts[i].next());
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
