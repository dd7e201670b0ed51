// Which shard holds which room. In memory for one process; several processes or machines put theirs
// behind the same interface. Asked by the shard when somebody joins; told by it when a room opens,
// changes or ends. It may know old news: whether a seat is free is decided by the room.

export interface ListedRoom {
  readonly id: string;
  readonly kind: string;
  /** Where the room's shard is reached; '' for this process. */
  readonly url: string;
  /** Seats in all, and taken or promised. */
  readonly seats: number;
  readonly taken: number;
}

export interface RoomList {
  /** Publishes a room or its newest figures. */
  put(entry: ListedRoom): Promise<void>;
  remove(id: string): Promise<void>;
  get(id: string): Promise<ListedRoom | undefined>;
  /** Rooms of a kind, or all; oldest first. */
  list(kind?: string): Promise<ListedRoom[]>;
}

export function createRoomList(): RoomList {
  const rooms = new Map<string, ListedRoom>();
  return {
    async put(entry) {
      rooms.set(entry.id, entry);
    },
    async remove(id) {
      rooms.delete(id);
    },
    async get(id) {
      return rooms.get(id);
    },
    async list(kind) {
      return [...rooms.values()].filter((entry) => kind === undefined || entry.kind === kind);
    },
  };
}
