// What the rooms of one kind did since the server started: the sum over rooms and seats, those that
// are gone included. Kept by the shard, which adds a room or a seat when it ends; read when
// somebody asks. The rooms themselves only bump numbers of their own.
import { MARGIN_BOUNDS } from './replication.ts';
import type { GameRoom } from './room.ts';
import type { RoomSeat } from './seat.ts';
import { Distribution } from './tally.ts';

export class Totals {
  /** Rooms that were closed because the game's code threw in them. */
  failures = 0;
  /** Of STATEs and the odds they are coded with; `ownBytes` of them for the owner's eyes only. */
  stateBytes = 0;
  ownBytes = 0;
  states = 0;
  /** Ms that were let go because the process could not keep up. */
  lostMs = 0;
  clamped = 0;
  looks = 0;
  rewindsCapped = 0;
  desyncs = 0;
  /** STATEs left out because a seat was behind. */
  skips = 0;
  eventsLost = 0;
  inputsLate = 0;
  inputsEarly = 0;
  readonly margins = new Distribution(MARGIN_BOUNDS);

  addRoom({ replication, schedule, world, rewinds, digests }: GameRoom): void {
    this.stateBytes += replication.bytes;
    this.ownBytes += replication.ownBytes;
    this.states += replication.frames;
    this.lostMs += schedule.lostMs;
    this.clamped += world.clamped;
    this.looks += rewinds.looks;
    this.rewindsCapped += rewinds.capped;
    this.desyncs += digests?.findings ?? 0;
    this.margins.add(replication.margins);
  }

  addSeat({ skips, outbox, inputs }: RoomSeat): void {
    this.skips += skips;
    this.eventsLost += outbox.lost;
    this.inputsLate += inputs.late;
    this.inputsEarly += inputs.early;
  }

  copy(): Totals {
    const copy = Object.assign(new Totals(), this, { margins: new Distribution(MARGIN_BOUNDS) });
    copy.margins.add(this.margins);
    return copy;
  }
}
