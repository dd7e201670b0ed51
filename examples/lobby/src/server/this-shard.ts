// The process that runs a room, as the room shows it to its visitors, and the end of it by the
// button. Made by server.ts in each shard; rooms say in every tick where they are, because another
// shard may have taken them over since the last.
import { Refusal } from '@tickwire/server';

/** Ms until the answer is with who pressed: a call without one would be made again elsewhere. */
const LAST_WORD_MS = 150;

export class ThisShard {
  /** 0 until it listens. */
  port = 0;
  /** Of this machine. */
  url = '';
  readonly mayKill: boolean;

  constructor({ mayKill }: { mayKill: boolean }) {
    this.mayKill = mayKill;
  }

  tell(state: { port: number; pid: number; mayKill: boolean }): void {
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
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_WORD_MS);
  }
}
