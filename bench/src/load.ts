// A room over real uWebSockets.js sockets: this process is the server, generator.ts in a process of
// its own is every player. Answers how late ticks began, what the players received, and how busy
// each process's core was: above 80 % of the generator's, the figures are its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { serve } from '@tickwire/server';
import { type ArenaSize, arenaOf, arenaRoom } from './arena.ts';
import { round, type Spread, say, spread } from './figures.ts';
import type { GeneratorFigures, GeneratorTask } from './generator.ts';

/** Joining, code being optimised. */
const WARM_MS = 3_000;
const MEASURED_MS = 10_000;

export interface LoadFigures {
  readonly latenessMs: Spread;
  readonly ticks: number;
  /** Seats of which at least 95 % of the STATEs came. */
  readonly seatsServed: number;
  /** Share of one core, 0..1. */
  readonly serverCore: number;
  readonly generatorCore: number;
}

export async function measureLoad(size: ArenaSize): Promise<LoadFigures> {
  say(`sockets: ${size.seats} players at ${size.tickRate} Hz for ${MEASURED_MS / 1000} s`);
  const game = arenaOf(size.tickRate);
  const server = await serve({
    rooms: { arena: arenaRoom(game, size) },
    transport: 'uws',
    port: 0,
    host: '127.0.0.1',
    signals: false,
    log: 'silent',
    limits: { connectionsPerAddress: size.seats },
  });
  const room = [...server.shard.rooms.values()][0];
  const late: number[] = [];
  const run = room.run.bind(room);
  room.run = (nowMs) => {
    late.push(nowMs - room.dueMs);
    return run(nowMs);
  };
  const generator = fork(fileURLToPath(new URL('./generator.ts', import.meta.url)), {
    execArgv: process.execArgv,
  });
  const task: GeneratorTask = { port: server.port, size, warmMs: WARM_MS, measuredMs: MEASURED_MS };
  generator.send(task);
  const next = () => new Promise<unknown>((resolve) => generator.once('message', resolve));
  await next();
  late.length = 0;
  const before = process.cpuUsage();
  const began = performance.now();
  const players = (await next()) as GeneratorFigures;
  const ended = performance.now() - began;
  const used = process.cpuUsage(before);
  generator.kill();
  await server.close();
  const ticks = late.length;
  const served = players.states.filter((count) => count >= 0.95 * ticks).length;
  return {
    latenessMs: spread(late),
    ticks,
    seatsServed: served,
    serverCore: round((used.user + used.system) / 1000 / ended, 2),
    generatorCore: round(players.core, 2),
  };
}
