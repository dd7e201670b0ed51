// The shards of one machine: starts the script once for each, starts again what falls, holds their
// directory, and drains them all. Called by serve() where it is asked for shards, and by the
// `tickwire` command. Trap: the parent's own event loop serves no player, and must stay free: its
// shards' leases are kept here.
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { UsageError } from '@tickwire/protocol';
import { DirectoryHost } from './directory-host.ts';
import { onEndSignals } from './end-signals.ts';
import { type End, KeptProcess } from './kept-process.ts';
import type { Log } from './log.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { BEAT_MS, ours, STILL_MS } from './parent-messages.ts';
import { PLACE_VARIABLE, writePlace } from './place.ts';
import { SPEAKS_MS } from './watchdog.ts';

/** Starts in a row without a player served: a mistake, and no accident. */
const MOST_FAILURES = 5;
/** More than any machine has cores: a number that was meant for something else. */
const MOST_SHARDS = 512;

export interface ShardsOptions {
  /** `auto`: as many as there are cores for this process. */
  count: number | 'auto';
  /** Flags of Node, the script, and what it is started with. */
  command: readonly string[];
  /** Ms that shards get to close before they are ended. */
  closeMs: number;
  /** Close on SIGTERM and SIGINT, and end the process when it is given up. */
  signals: boolean;
  log: Log;
}

/** One shard, whichever process it is just now. */
interface KeptShard {
  readonly index: number;
  readonly process: KeptProcess;
  /** 0 before it has listened. */
  port: number;
  url: string;
  listening: boolean;
  /** Looks since its last beat, and how many there may be. */
  still: number;
  mostStill: number;
  /** Starts in a row that ended before it listened, and what the last of them said. */
  failures: number;
  reason: string;
  /** It said that its options are wrong: it would say so again. */
  misused: boolean;
}

export class Shards {
  readonly #options: ShardsOptions;
  readonly #shards: readonly KeptShard[];
  readonly #directory = new MemoryDirectory({
    leaseMs: STILL_MS,
    // Epochs want ms since 1970, and a clock that nobody sets.
    now: () => performance.timeOrigin + performance.now(),
  });
  readonly #host = new DirectoryHost(this.#directory);
  readonly #ended: Promise<unknown>;
  readonly #looking = setInterval(() => this.#look(), BEAT_MS);
  #closing: Promise<void> | undefined;
  /** All have listened. */
  #up = false;
  /** Why it was given up. */
  #failure: string | undefined;
  #settle: (error?: Error) => void = () => {};
  #deafen = () => {};

  /** Resolves once all listen. Throws UsageError; rejects where one of them cannot be started. */
  static async start(options: ShardsOptions): Promise<Shards> {
    const shards = new Shards(options, countOf(options.count));
    await new Promise<void>((resolve, reject) => {
      shards.#settle = (error) => (error ? reject(error) : resolve());
    });
    shards.#up = true;
    return shards;
  }

  private constructor(options: ShardsOptions, count: number) {
    this.#options = options;
    const { log, signals } = options;
    log.info({ shards: count }, `starting ${count} shards`);
    this.#shards = Array.from({ length: count }, (_, index) => this.#keep(index, count));
    if (signals)
      this.#deafen = onEndSignals({
        close: () => this.close(),
        atOnce: () => this.#stop('SIGKILL'),
        log,
      });
    this.#ended = Promise.all(this.#shards.map((shard) => shard.process.run()));
  }

  /** By shard. */
  get ports(): readonly number[] {
    return this.#shards.map(({ port }) => port);
  }

  /** Of this machine, by shard; what players use is `publicUrl`. */
  get urls(): readonly string[] {
    return this.#shards.map(({ url }) => url);
  }

  /** Of the first. */
  get port(): number {
    return this.#shards[0].port;
  }

  /** Of the first. */
  get url(): string {
    return this.#shards[0].url;
  }

  /** Has every shard tell its players and close; ends those that do not. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { closeMs, log } = this.#options;
    clearInterval(this.#looking);
    this.#stop('SIGTERM');
    const late = setTimeout(() => {
      log.warn({ closeMs }, 'shards that have not closed are ended');
      this.#stop('SIGKILL');
    }, closeMs);
    await this.#ended;
    clearTimeout(late);
    await this.#directory.close();
    this.#deafen();
    log.info('all shards are closed');
    this.#settle(new Error(this.#failure ?? 'closed before all shards listened'));
  }

  #stop(signal: NodeJS.Signals): void {
    for (const shard of this.#shards) shard.process.stop(signal);
  }

  #keep(index: number, count: number): KeptShard {
    const { command, log } = this.#options;
    const shard: KeptShard = {
      index,
      process: new KeptProcess({
        command,
        environment: () => {
          // Players come back to the port that they know, unless it could not be had again.
          const port = shard.port !== 0 && shard.failures === 0 ? shard.port : undefined;
          return { [PLACE_VARIABLE]: writePlace({ index, count, port }) };
        },
        onStart: (child) => this.#attend(shard, child),
        goesOn: (end) => this.#goesOn(shard, end),
        onRestart: (restart) => {
          const level = restart.why === 'closed' ? 'info' : 'warn';
          log[level](
            { shard: index, ...restart },
            `shard ${index} ${restart.why}: it starts again`,
          );
        },
      }),
      port: 0,
      url: '',
      listening: false,
      still: 0,
      mostStill: 0,
      failures: 0,
      reason: '',
      misused: false,
    };
    return shard;
  }

  #attend(shard: KeptShard, child: ChildProcess): void {
    Object.assign(shard, { reason: '', misused: false });
    this.#host.attend(child);
    child.on('message', (message) => {
      const told = ours(message) ?? {};
      if (told.tickwire === 'failed') {
        shard.reason = String(told.reason);
        shard.misused = told.misused === true;
      }
      if (told.tickwire === 'listening') this.#listens(shard, told, child.pid);
      // A debugger may hold it as long as it likes.
      if (told.tickwire === 'beat') shard.still = told.debugged ? Number.NEGATIVE_INFINITY : 0;
    });
  }

  #listens(shard: KeptShard, told: Record<string, unknown>, pid: number | undefined): void {
    const { index } = shard;
    const port = Number(told.port);
    // Its own watchdog comes first, for it knows which room it was.
    const mostStill = (Math.max(Number(told.hangMs), STILL_MS) + SPEAKS_MS) / BEAT_MS;
    const up = { port, url: String(told.url), listening: true, failures: 0, still: 0, mostStill };
    Object.assign(shard, up);
    this.#options.log.info({ shard: index, port, pid }, `shard ${index} is up`);
    if (this.#shards.every(({ listening }) => listening)) this.#settle();
  }

  /**
   * A shard that stands still has lost its rooms by then, and its players wait at its port until it
   * is ended. Looks are counted, and no time: after a pause of the parent's own, what the shards
   * said meanwhile is read between two looks.
   */
  #look(): void {
    for (const shard of this.#shards) {
      if (!shard.listening || ++shard.still <= shard.mostStill) continue;
      shard.still = 0;
      this.#options.log.warn(
        { shard: shard.index },
        `shard ${shard.index} stands still: it is ended`,
      );
      shard.process.end();
    }
  }

  /** A shard ended that nobody asked to: whether it starts again. */
  #goesOn(shard: KeptShard, { code, reason: notRun }: End): boolean {
    if (shard.listening) {
      shard.listening = false;
      return true;
    }
    shard.failures++;
    const { index, failures, misused, reason } = shard;
    if (failures < MOST_FAILURES && !misused) return true;
    // It ran before, and others run: what is amiss may pass, and players are on the others.
    if (shard.port !== 0 && this.#shards.some(({ listening }) => listening)) return true;
    const ended = `it ended with ${code}${code === 0 ? ': does it call serve()?' : ''}`;
    const said = reason || (notRun ?? ended);
    this.#giveUp(
      misused
        ? `shard ${index} can never start: ${said}`
        : `shard ${index} ended ${failures} times before it listened: ${said}`,
    );
    return false;
  }

  #giveUp(reason: string): void {
    const { log, signals } = this.#options;
    this.#failure ??= reason;
    log.fatal(reason);
    // Until it is up, start() rejects, and whoever called it says so.
    const up = this.#up;
    // Not awaited here: this very shard's end is a part of it.
    void this.close().then(() => {
      if (signals && up) process.exit(1);
    });
  }
}

function countOf(count: number | 'auto'): number {
  const shards = count === 'auto' ? availableParallelism() : count;
  if (Number.isInteger(shards) && shards >= 1 && shards <= MOST_SHARDS) return shards;
  throw new UsageError(`shards: ${count}: wants 'auto' or a whole number in 1..${MOST_SHARDS}`);
}
