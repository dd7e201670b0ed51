// Colyseus under the same load: bench/peers/colyseus.mjs with its own server and players, its
// figures brought into our shape. Installs the peers where they are missing. Trap: its generator
// spreads inputs over the tick and joins by HTTP first; its lateness is defined as ours is.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { say } from './figures.ts';
import { cpuUsOf, type StepFigures } from './load-step.ts';

const FOLDER = fileURLToPath(new URL('../peers/', import.meta.url));
/** `tsx`, the project's own: the peers have none. */
const TSX = createRequire(import.meta.url).resolve('tsx');

export type PeerFigures = Pick<
  StepFigures,
  | 'seats'
  | 'seatsServed'
  | 'beganLateMs'
  | 'endedLateMs'
  | 'lostMs'
  | 'serverCore'
  | 'generatorCore'
  | 'cpuUsPerSeatTick'
  | 'bytesPerState'
>;

export interface PeerSize {
  readonly entities: number;
  readonly seats: number;
  readonly radius?: number;
  readonly tickRate: number;
  readonly seed: number;
  readonly warmMs: number;
  readonly measuredMs: number;
}

/** Undefined where the peer failed: too many seats end in its own refusals. */
export async function runPeer(size: PeerSize): Promise<PeerFigures | undefined> {
  const { entities, seats, radius = 'none', tickRate, seed, warmMs, measuredMs } = size;
  const options = { entities, seats, radius, hz: tickRate, seed };
  const times = { warm: warmMs / 1000, seconds: measuredMs / 1000 };
  const flags = Object.entries({ ...options, ...times }).flatMap(([k, v]) => [`--${k}`, String(v)]);
  const output = await outputOf(process.execPath, ['--import', TSX, 'colyseus.mjs', ...flags]);
  if (output === undefined) return undefined;
  const { peers } = JSON.parse(output.trimEnd().split('\n').at(-1)!);
  const [{ bytesPerPatch, ...figures }] = Object.values(peers) as [Record<string, number>];
  const { serverCore, ticks } = figures;
  const cpuUsPerSeatTick = cpuUsOf(serverCore, measuredMs, ticks * seats);
  const named = { bytesPerState: bytesPerPatch, cpuUsPerSeatTick };
  return { ...figures, ...named } as unknown as PeerFigures;
}

/** Makes sure that the peers are there. */
export async function installPeers(): Promise<void> {
  if (existsSync(`${FOLDER}node_modules/@colyseus/core`)) return;
  say('load: installing the peers');
  if ((await outputOf('npm', ['ci'])) === undefined) throw new Error('the peers do not install');
}

/** What a program printed; undefined if it failed. */
function outputOf(command: string, flags: readonly string[]): Promise<string | undefined> {
  const child = spawn(command, flags, { cwd: FOLDER, stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 ? output : undefined));
  });
}
