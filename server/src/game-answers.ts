// Asks a kind's own functions what is to become of who joins: how strong somebody is, which room
// comes first. One that throws, or answers what it must not, is told to the log with its error, and
// who joins is refused: nobody else is hurt. Asked by placement.ts and waiting.ts. Trap: a failing
// `authenticate` is authenticator.ts', which refuses the token.
import { CloseCode, UsageError } from '@tickwire/protocol';
import { JoinRefused } from './joining.ts';
import type { Log } from './log.ts';
import { RefusalLog } from './refusal-log.ts';

export class GameAnswers {
  readonly #log: Log;
  readonly #lines: RefusalLog;

  constructor(log: Log) {
    this.#log = log;
    this.#lines = new RefusalLog(log);
  }

  /** What the function `name` of a kind answers, as `ask` reads it. Throws JoinRefused. */
  of<T>(kind: string, name: string, ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      const what = `${name} of ${kind}`;
      if (this.#lines.says(what)) this.#log.error({ err: error, kind }, `${what} failed`);
      const message = "the server's game code failed; its log says how";
      throw new JoinRefused(CloseCode.RoomError, message, 'game-code');
    }
  }

  /** As `of`, for a function that answers a number. */
  numberOf(kind: string, name: string, ask: () => unknown): number {
    return this.of(kind, name, () => {
      const answer = ask();
      if (typeof answer === 'number' && Number.isFinite(answer)) return answer;
      // Nobody waits for it, and a rejection that nobody takes would end the process.
      if (answer instanceof Promise) answer.catch(() => {});
      const said = answer instanceof Promise ? 'a promise' : sayOf(answer);
      throw new UsageError(`${name} of ${kind}: ${said}: wants a finite number`);
    });
  }

  /** Tells of failures that were only counted: called a few times a second. */
  sweep(nowMs: number): void {
    this.#lines.sweep(nowMs);
  }
}

/** Of a text not what it says: it may be a player's. */
function sayOf(answer: unknown): string {
  return typeof answer === 'number' ? String(answer) : typeof answer;
}
