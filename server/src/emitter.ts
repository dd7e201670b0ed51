// From room.emit to the outboxes: an event is written once, and waits with every seat that is to be
// told of it. Asked by the room for the game; what was queued is told by replication. Trap: what is
// near an entity is for those who know it as of their newest STATE, or come to know it by the next.
import {
  type Game,
  MsgpackWriter,
  PlainSink,
  type Row,
  type RowBase,
  UsageError,
  writePayload,
} from '@tickwire/protocol';
import { packCold } from './cold.ts';
import type { RoomDefinition } from './define-room.ts';
import type { Seat } from './room-api.ts';
import type { RoomSeat } from './seat.ts';

/** In place of an id: no seat with its own sight knows it. */
export const GONE = -1;

/** The room, as far as its events are concerned. */
interface Stage {
  readonly game: Game;
  readonly definition: RoomDefinition<Game, unknown, unknown>;
  readonly tick: number;
  readonly seats: Iterable<RoomSeat>;
  readonly replication: { knows(seat: RoomSeat, id: number): boolean };
}

export class Emitter {
  /** Events so far: the order of the newest. */
  emitted = 0;
  readonly #room: Stage;
  readonly #payload = new MsgpackWriter(256);
  readonly #payloadSink = new PlainSink(this.#payload, packCold);

  constructor(room: Stage) {
    this.#room = room;
  }

  /** `sentTick`: of the room's newest STATE. */
  emit(event: string, payload: object, to: { to?: Seat; near?: RowBase }, sentTick: number): void {
    const { game, definition, tick, seats, replication } = this.#room;
    const index = game.events.findIndex((plan) => plan.name === event);
    if (index < 0) throw new UsageError(`emit('${event}'): the game declares no such event`);
    this.#payload.reset();
    writePayload(this.#payloadSink, game.events[index], payload as Record<string, unknown>);
    const bytes = this.#payload.bytes().slice();
    // What is gone has the id 0, and 0 would be near everybody.
    const nearId = to.near ? to.near.id || GONE : 0;
    const order = ++this.emitted;
    const pending = { tick, event: index, payload: bytes, order, nearId };
    for (const seat of to.to ? [to.to as RoomSeat] : seats) {
      // What a seat knows is as of its newest STATE; one without the room's is asked for anew.
      const isCurrent = seat.line !== undefined && seat.sentTick === sentTick;
      if (nearId > 0 && !isCurrent && this.#isHidden(seat, to.near as Row)) continue;
      if (nearId === 0 || replication.knows(seat, nearId)) seat.outbox.queue(pending);
      else if (seat.line) seat.outbox.queueUnsure(pending, isCurrent && !!definition.sees);
    }
  }

  #isHidden(seat: RoomSeat, row: Row): boolean {
    const { sees } = this.#room.definition;
    return (
      !!sees && row.owner !== seat.id && !sees(seat as never, row as never, this.#room as never)
    );
  }
}
