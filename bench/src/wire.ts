// `wire`: what the state of a game costs on the wire, and the time to make it. arena-N in three
// modes, packed and plain; INPUT; the cubes and rocket traces where they can be found; other
// people's codecs in the same run. Everything received is compared with the truth after every tick.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CubesFigures, cubesGame, measureCubes, readTrace } from './cubes.ts';
import { machine, say } from './figures.ts';
import { measureInput } from './input-bytes.ts';
import { measureRocket, type RocketFigures, readMatch } from './rocket.ts';
import { type ArenaFigures, arenaGame, measureArena, type WireName } from './wire-arena.ts';
import { BitCounter } from './wire-bits.ts';
import { SEGMENT_BYTES, TCP_IP_BYTES, TLS_BYTES } from './wire-costs.ts';
import { measurePeers, type PeerFigures } from './wire-peers.ts';
import { codecsOf, plotBytes, ratiosOf, sayBits, sayRatios, sayTable } from './wire-report.ts';
import { MODES, type Mode } from './workload.ts';

const SIZES = [50, 200, 1000, 5000] as const;
/** Peers take half a minute for these; the fourth size would take several. */
const PEER_SIZES = [50, 200, 1000] as const;

export interface WireOptions {
  readonly seed: number;
  /** Further cubes traces. */
  readonly cubes: readonly string[];
  readonly peers: boolean;
  /** Show where the bits of packed bodies go; times are void then. */
  readonly bits: boolean;
}

type ArenaByMode = Record<Mode, Record<string, ArenaFigures>>;

export async function measureWire({ seed, cubes, peers, bits }: WireOptions): Promise<object> {
  const packed = await measureModes(seed, 'packed', bits);
  const plain = await measureModes(seed, 'plain', false);
  say('wire: input of one player for two minutes');
  const input = await measureInput(seed);
  say(
    `wire: INPUT takes ${input.bytesPerMessage} B with a key held, ` +
      `${input.changing.bytesPerMessage} B where it changes every tick`,
  );
  const traces = await measureCubeFiles(cubes, bits);
  const rocket = await measureRocketFiles();
  const others = peers ? await peersOrNone(seed) : {};
  const codecs = codecsOf(packed, plain, others);
  const ratios = ratiosOf(codecs, PEER_SIZES);
  sayTable(codecs, SIZES);
  if (Object.keys(others).length > 0) sayRatios(ratios);
  const plot = plotBytes(codecs, SIZES);
  say(`\nplot: ${plot}`);
  return {
    arena: packed,
    plain,
    input,
    cubes: traces,
    rocket,
    peers: others,
    ratios,
    headers: { tlsBytes: TLS_BYTES, tcpIpBytes: TCP_IP_BYTES, segmentBytes: SEGMENT_BYTES },
    plot,
    seed,
    machine: machine(),
    versions: versions(),
  };
}

async function measureModes(seed: number, wire: WireName, bits: boolean): Promise<ArenaByMode> {
  const figures: ArenaByMode = { coast: {}, steer: {}, stop: {} };
  for (const mode of MODES)
    for (const n of SIZES) {
      const counter = bits ? new BitCounter(arenaGame) : undefined;
      let ticks = 0;
      const row = await measureArena({ n, mode, seed, wire }, () => {
        // Counted ticks after the first: the counter is switched on between two of them.
        if (ticks++ === 0) counter?.watch();
      });
      counter?.stop();
      figures[mode][n] = row;
      say(
        `wire: ${wire}, ${mode}, ${n}: ${row.bytesPerEntityTick} B per entity and tick, ` +
          `${row.encodeUs} + ${row.decodeUs} us, at most ${row.maxErrorSteps} steps off`,
      );
      if (counter) sayBits(`${mode}, ${n}`, counter.costs((ticks - 1) * n));
    }
  return figures;
}

/**
 * Where the traces may lie: the folder that the environment names, or `shared/data` beside the
 * repository. They are not part of the project.
 */
function dataFiles(folder: string, pattern: RegExp): string[] {
  const beside = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
  const path = join(process.env.TICKWIRE_DATA ?? beside, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(path, name));
}

async function measureCubeFiles(
  given: readonly string[],
  bits: boolean,
): Promise<Record<string, CubesFigures>> {
  const figures: Record<string, CubesFigures> = {};
  const paths = [...dataFiles('cubes', /\.cubes\.gz$/), ...given];
  if (paths.length === 0) say('wire: no cubes trace found: --cubes FILE, or TICKWIRE_DATA');
  for (const path of new Set(paths)) {
    const name = basename(path).replace(/(\.cubes)?\.gz$/, '');
    const trace = readTrace(path);
    const counter = bits ? new BitCounter(cubesGame) : undefined;
    const row = await measureCubes(name, trace, (_received, frame) => {
      if (frame === 0) counter?.watch();
    });
    counter?.stop();
    figures[name] = row;
    say(
      `wire: ${name}: ${row.kbitPerS} kbit/s, of bodies alone ${row.bodyKbitPerS}, ` +
        `${row.encodeUs} + ${row.decodeUs} us, lossless`,
    );
    if (counter) sayBits(name, counter.costs(trace.cubes * (trace.frames - 1)));
  }
  return figures;
}

async function measureRocketFiles(): Promise<Record<string, RocketFigures>> {
  const figures: Record<string, RocketFigures> = {};
  const paths = dataFiles('rocket', /^rocket-.*\.gz$/);
  if (paths.length === 0) say('wire: no rocket trace found: TICKWIRE_DATA');
  for (const path of paths) {
    const name = basename(path, '.gz');
    const row = await measureRocket(readMatch(path));
    figures[name] = row;
    say(`wire: ${name}: ${row.bitsPerUpdate} bits per update, ${row.kbitPerS} kbit/s`);
  }
  return figures;
}

/** Without a registry to install them from, the run goes on without peers, and says so. */
async function peersOrNone(seed: number): Promise<Record<string, PeerFigures>> {
  try {
    return await measurePeers(seed, PEER_SIZES);
  } catch (error) {
    say(`wire: NO PEERS: ${String(error)}`);
    return {};
  }
}

function versions(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return { node: process.versions.node, tickwire: manifest.version };
}
