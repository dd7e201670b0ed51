// What the watchdog's thread reads while this one may be stuck: a count that goes up while the
// event loop turns, and which room's code runs. Each room has a Pulse and stores its number when
// its code begins and the one before when it ends: two stores for each hook and tick, none for a
// seat. watchdog.ts makes it beat.

/** Places in the shared memory, which the thread knows as well. */
export const BEAT = 0;
export const ROOM = 1;
/** 1 while a debugger may hold the process. */
export const DEBUGGED = 2;
const CELLS = 3;

/** No room's code runs. */
const NOBODY = 0;
/** Numbers that fit a cell; none is given twice in a process that lives. */
const MAX_ROOM = 2 ** 31 - 1;

/** Marks that a room's code runs. */
export interface Pulse {
  /** Calls nest, within a room and across rooms. */
  begin(): void;
  end(): void;
  /** The room is gone: its number is forgotten. */
  stop(): void;
}

export class Heartbeat {
  readonly cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  /** Ids of the rooms there are, by number. */
  readonly rooms = new Map<number, string>();
  /** Told of a room that is new, or without an id of one that is gone. */
  onRoom: (number: number, id?: string) => void = () => {};
  #numbers = 0;

  /** The event loop has come round. */
  beat(debugged: boolean): void {
    Atomics.add(this.cells, BEAT, 1);
    Atomics.store(this.cells, DEBUGGED, debugged ? 1 : 0);
  }

  room(id: string): Pulse {
    const { cells, rooms } = this;
    this.#numbers = (this.#numbers % MAX_ROOM) + 1;
    const number = this.#numbers;
    rooms.set(number, id);
    this.onRoom(number, id);
    let depth = 0;
    let outer = NOBODY;
    return {
      begin() {
        if (depth++ > 0) return;
        outer = Atomics.load(cells, ROOM);
        Atomics.store(cells, ROOM, number);
      },
      end() {
        if (--depth === 0) Atomics.store(cells, ROOM, outer);
      },
      stop: () => {
        rooms.delete(number);
        this.onRoom(number);
      },
    };
  }
}
