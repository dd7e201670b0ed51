// A seat's commands: decoded against the declaration, judged by its schemas, handed to the game,
// answered. Called for each COMMAND frame of a seat's line. A Refusal is told to the player; any
// other throw is the room's end, as in every handler.
import {
  CloseCode,
  type MsgpackReader,
  MsgpackWriter,
  ProtocolError,
  ProtocolErrorCode,
  readCommandHeader,
  readPayload,
  type Source,
  writeReply,
} from '@tickwire/protocol';
import { Refusal } from './admission.ts';
import { judge } from './arguments.ts';
import { packCold } from './cold.ts';
import { TokenBucket } from './rate-limit.ts';
import type { GameRoom } from './room.ts';
import type { Line, RoomSeat } from './seat.ts';
import type { Tally } from './tally.ts';

/**
 * Commands per second, and at once, whose values no schema takes. A page that lets a form through
 * unchecked sends some of them; who goes on tries what the schema overlooks.
 */
const MISFIT_RATE = 0.2;
const MISFIT_BURST = 20;

type Handler = (room: GameRoom, seat: RoomSeat, args: object) => unknown;

export class CommandDesk {
  readonly #room: GameRoom;
  readonly #seat: RoomSeat;
  readonly #line: Line;
  readonly #tally: Tally;
  readonly #misfits = new TokenBucket(MISFIT_RATE, MISFIT_BURST);
  readonly #out = new MsgpackWriter(256);

  /** `line` asks, and is answered: another connection of the seat counts its ids anew. */
  constructor(room: GameRoom, seat: RoomSeat, line: Line, tally: Tally) {
    this.#room = room;
    this.#seat = seat;
    this.#line = line;
    this.#tally = tally;
  }

  /**
   * Reads the rest of a COMMAND frame and runs it. Throws ProtocolError for what the game does not
   * declare, and for values that its schemas do not take, when it happens again and again.
   */
  take(from: MsgpackReader, source: Source, nowMs: number): void {
    // Its client says it again where the room goes on, which does not know of it.
    if (this.#room.code.halted) return;
    const { id, command } = readCommandHeader(from);
    const plan = this.#room.game.commands[command];
    if (!plan) throw new ProtocolError(ProtocolErrorCode.BadFrame, 'a command nobody declared');
    const args = readPayload(source, plan);
    from.end();
    this.#seat.commandsTaken++;
    if (this.#seat.openCommands >= this.#room.limits.pendingCommands) {
      this.#refuse(id, 'busy: too many commands are waiting for their answers');
      return;
    }
    const { code, definition, game } = this.#room;
    if (!code.mayRun()) {
      this.#refuse(id, 'busy: the room stands still');
      return;
    }
    let misfit: string | undefined;
    try {
      misfit = code.call(() => judge(game, plan, args));
    } catch (error) {
      this.#failed(id, plan.name, error);
      return;
    }
    if (misfit !== undefined) {
      this.#misfit(id, misfit, nowMs);
      return;
    }
    const handlers = definition.commands as unknown as Record<string, Handler>;
    this.#run(id, plan.name, () => handlers[plan.name](this.#room, this.#seat, args));
  }

  #misfit(id: number, what: string, nowMs: number): void {
    this.#tally.refused('bad-arguments', CloseCode.BadInput);
    if (!this.#misfits.take(nowMs))
      throw new ProtocolError(ProtocolErrorCode.BadInput, 'too many commands that do not fit');
    this.#refuse(id, what);
  }

  #run(id: number, name: string, run: () => unknown): void {
    try {
      const answer = this.#room.code.call(run);
      if (!(answer instanceof Promise)) {
        this.#answer(id, answer);
        return;
      }
      this.#seat.openCommands++;
      answer
        .then(
          (value) => this.#answer(id, value),
          (error) => this.#failed(id, name, error),
        )
        .finally(() => this.#seat.openCommands--)
        // An answer that cannot be packed is the game's fault like any throw.
        .catch((error) => this.#failed(id, name, error));
    } catch (error) {
      this.#failed(id, name, error);
    }
  }

  #answer(id: number, value: unknown): void {
    if (this.#room.code.halted) return;
    this.#out.reset();
    writeReply(this.#out, id, true, packCold(value));
    this.#line.send(this.#out.bytes());
  }

  #failed(id: number, name: string, error: unknown): void {
    if (error instanceof Refusal) this.#refuse(id, error.message);
    else this.#room.code.fail(`command ${name}`, error, this.#seat.id);
  }

  #refuse(id: number, reason: string): void {
    if (this.#room.code.halted) return;
    this.#out.reset();
    writeReply(this.#out, id, false, packCold(reason));
    this.#line.send(this.#out.bytes());
  }
}
