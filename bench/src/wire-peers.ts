// Other people's codecs on the same workload, in the same run: bench/peers/wire.mjs in a process of
// its own, installed on first use. Its figures are brought into the shape of ours, in whole
// WebSocket messages. A peer that did not bring the truth across has an error in their place.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { round, say } from './figures.ts';
import { lineBytes } from './wire-costs.ts';
import { MODES, type Mode } from './workload.ts';

const FOLDER = fileURLToPath(new URL('../peers/', import.meta.url));

/** A row as wire.mjs has it. */
interface PeerRow {
  readonly error?: string;
  readonly bytesPerTick: number;
  readonly messagesPerTick: number;
  readonly framedBytesPerTick: number;
  readonly encodeUs: number;
  readonly decodeUs: number;
  readonly precision: string;
}

export interface PeerCosts {
  readonly error?: string;
  readonly bytesPerTick: number;
  readonly bytesPerEntityTick: number;
  readonly payloadBytesPerTick: number;
  readonly withHeaders: number;
  readonly encodeUs: number;
  readonly decodeUs: number;
}

type ByN<T> = Record<string, T>;
/** By number of entities in `coast`; the same and the other modes by their names. */
export type PeerFigures = ByN<PeerCosts> & Record<Mode, ByN<PeerCosts>>;

export async function measurePeers(
  seed: number,
  ns: readonly number[],
): Promise<Record<string, PeerFigures>> {
  if (!existsSync(`${FOLDER}node_modules`)) {
    say('peers: npm install --prefix bench/peers');
    await run('npm', ['install', '--prefix', FOLDER, '--no-audit', '--no-fund']);
  }
  const task = ['--seed', String(seed), '--ns', ns.join(), '--modes', MODES.join()];
  const out = await run(process.execPath, ['--import', 'tsx', 'wire.mjs', ...task]);
  const answer = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as {
    peers: Record<string, Record<Mode, ByN<PeerRow>>>;
  };
  return Object.fromEntries(
    Object.entries(answer.peers).map(([name, byMode]) => [name, figuresOf(byMode)]),
  );
}

function figuresOf(byMode: Record<Mode, ByN<PeerRow>>): PeerFigures {
  const modes = Object.fromEntries(
    Object.entries(byMode).map(([mode, rows]) => [
      mode,
      Object.fromEntries(Object.entries(rows).map(([n, row]) => [n, costsOf(row, Number(n))])),
    ]),
  ) as Record<Mode, ByN<PeerCosts>>;
  return { ...modes.coast, ...modes } as PeerFigures;
}

function costsOf(row: PeerRow, n: number): PeerCosts {
  if (row.error !== undefined) return { error: row.error } as PeerCosts;
  const { framedBytesPerTick: framed, messagesPerTick: messages, encodeUs, decodeUs } = row;
  return {
    bytesPerTick: framed,
    bytesPerEntityTick: round(framed / n, 4),
    payloadBytesPerTick: row.bytesPerTick,
    withHeaders: round(messages * lineBytes(framed / messages), 2),
    encodeUs,
    decodeUs,
  };
}

/** Runs a program in the peers' folder; its stderr is ours, its stdout the answer. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: FOLDER, stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${code}`));
    });
  });
}
