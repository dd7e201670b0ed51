// The players of load.ts, in a process of their own: each joins over a WebSocket, answers every
// STATE with its next scripted INPUT, which acknowledges it, and counts. Started by fork; told what
// to do in one message, answers with two: measuring began, and what came meanwhile.
// Trap: it decodes nothing but frame types, or it would be busier than the server it measures.
import { FrameType, Random } from '@tickwire/protocol';
import WebSocket from 'ws';
import { type ArenaSize, arenaOf } from './arena.ts';
import { helloFrame, InputScript } from './script.ts';

export interface GeneratorTask {
  readonly port: number;
  readonly size: ArenaSize;
  readonly warmMs: number;
  readonly measuredMs: number;
}

export interface GeneratorFigures {
  /** STATEs received, by player. */
  readonly states: readonly number[];
  /** Share of one core this process used, 0..1. */
  readonly core: number;
}

process.once('message', (message) => play(message as GeneratorTask));
// The server's process is gone: so are we.
process.once('disconnect', () => process.exit(0));

async function play({ port, size, warmMs, measuredMs }: GeneratorTask): Promise<void> {
  const game = arenaOf(size.tickRate);
  const random = new Random(size.seed);
  const hello = helloFrame(game.hash, 'arena');
  const states = new Array<number>(size.seats).fill(0);
  for (let i = 0; i < size.seats; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    const script = new InputScript(game, random);
    socket.on('open', () => socket.send(hello));
    socket.on('message', (data: Buffer) => {
      if (data[1] !== FrameType.State) return;
      states[i]++;
      socket.send(script.next());
    });
    socket.on('close', (code) => console.error(`player ${i}: closed with ${code}`));
  }
  await wait(warmMs);
  states.fill(0);
  process.send!('measuring');
  const before = process.cpuUsage();
  const began = performance.now();
  await wait(measuredMs);
  const { user, system } = process.cpuUsage(before);
  const core = (user + system) / 1000 / (performance.now() - began);
  process.removeAllListeners('disconnect');
  process.send!({ states, core } satisfies GeneratorFigures);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
