// A seat's commands: decoded against the declaration, handed to the game, answered. Called by the
// connection. A Refusal is told to the player; any other throw is the room's end, as in every
// handler.
import {
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
import { packCold } from './cold.ts';
import type { GameRoom } from './room.ts';
import type { Line, RoomSeat } from './seat.ts';

type Handler = (room: GameRoom, seat: RoomSeat, args: object) => unknown;

export class CommandDesk {
  readonly #room: GameRoom;
  readonly #seat: RoomSeat;
  readonly #line: Line;
  readonly #out = new MsgpackWriter(256);

  /** `line` asks, and is answered: another connection of the seat counts its ids anew. */
  constructor(room: GameRoom, seat: RoomSeat, line: Line) {
    this.#room = room;
    this.#seat = seat;
    this.#line = line;
  }

  /**
   * Reads the rest of a COMMAND frame and runs it. Throws ProtocolError for what the game does not
   * declare.
   */
  take(from: MsgpackReader, source: Source): void {
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
    const handlers = this.#room.definition.commands as unknown as Record<string, Handler>;
    this.#run(id, plan.name, () => handlers[plan.name](this.#room, this.#seat, args));
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
    this.#out.reset();
    writeReply(this.#out, id, true, packCold(value));
    this.#line.send(this.#out.bytes());
  }

  #failed(id: number, name: string, error: unknown): void {
    if (error instanceof Refusal) this.#refuse(id, error.message);
    else this.#room.code.fail(`command ${name}`, error, this.#seat.id);
  }

  #refuse(id: number, reason: string): void {
    this.#out.reset();
    writeReply(this.#out, id, false, packCold(reason));
    this.#line.send(this.#out.bytes());
  }
}
