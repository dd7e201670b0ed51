// The process that runs a room, as the room shows it to its visitors, and the end of it by the
// button. Made by server.ts in each shard; rooms say in every tick where they are, because another
// shard may have taken them over since the last.
import { Refusal } from '@tickwire/server';
import type { Channels } from './between-rooms.ts';

/**
 * Ms for which a process is left alone that has taken a room over: one that falls twice in ten
 * seconds is suspected of ending its processes (docs/shards.md), and waits.
 */
const REST_MS = 11_000;
/** Ms until the answer is with who pressed: a call without one would be made again elsewhere. */
const LAST_WORD_MS = 150;

export class ThisShard {
  /** 0 until it listens. */
  port = 0;
  /** Of this machine. */
  url = '';
  readonly mayKill: boolean;
  /** When a room of another process came here; monotonic. */
  #tookOverMs = Number.NEGATIVE_INFINITY;

  constructor({ mayKill }: { mayKill: boolean }) {
    this.mayKill = mayKill;
  }

  tell(state: { port: number; pid: number; mayKill: boolean }): void {
    if (state.pid !== 0 && state.pid !== process.pid) this.#tookOverMs = performance.now();
    state.port = this.port;
    state.pid = process.pid;
    state.mayKill = this.mayKill;
  }

  /**
   * The process ends without a word, as by `kill -9`. Throws Refusal where that is not for
   * visitors. Not by a timer of the room: those go on where the room goes on, and would end the
   * next shard.
   */
  kill(): void {
    if (!this.mayKill) throw new Refusal('only a server that runs with --allow-kill does that');
    const restMs = this.#tookOverMs + REST_MS - performance.now();
    if (restMs > 0)
      throw new Refusal(
        'This process has just taken rooms over. One that falls again so soon is suspected of ' +
          `ending its processes. Try again in ${Math.ceil(restMs / 1000)} s.`,
      );
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_WORD_MS);
  }
}

/** For the chat of all lobbies. */
export function killNews(name: string, { port }: ThisShard): Channels['chat'] {
  return { mark: 'news', name: '', port, text: `${name} pressed kill -9 on shard :${port}` };
}
