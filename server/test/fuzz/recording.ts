// Valid frames to begin with: a short game in memory, played by a real client against a real
// server, and every frame that went either way. What the fuzz mutates and what its readers are
// brought up with. Trap: frames count from those before them, so `down` begins with a WELCOME and
// `up` with a HELLO, and only from there on do they say what they said.

import { findDesyncs } from '@tickwire/client/desync';
import {
  Credential,
  type FrameType,
  Random,
  writeBye,
  writeContinuity,
  writeListing,
  writeReport,
  writeResync,
} from '@tickwire/protocol';
import { fuzzRoom, game } from '../fuzz-game.ts';
import { type Player, Stepper } from '../stepper.ts';
import { tapped } from '../tapped-link.ts';
import { dearDown, dearUp } from './dear-frames.ts';
import { helloFrame, written } from './written.ts';

/** Rooms that are spoken to in other ways. */
export const ROOMS = {
  packed: { wire: 'packed' },
  plain: { wire: 'plain' },
  sighted: {
    wire: 'packed',
    interest: { around: (seat) => seat.own('ship'), radius: 250 },
    sees: (seat, row) => row.kind !== 'ship' || (row.cloak + seat.id) % 3 !== 0,
  },
} as const satisfies Readonly<Record<string, Parameters<typeof fuzzRoom>[1]>>;
export type RoomName = keyof typeof ROOMS;
export const ROOM_NAMES = Object.keys(ROOMS) as RoomName[];

export interface Recording {
  readonly room: RoomName;
  /** From the server to the client, WELCOME first. */
  readonly down: readonly Uint8Array[];
  /** From the client to the server, HELLO first. */
  readonly up: readonly Uint8Array[];
  /** Either way: what costs most to read. */
  readonly dear: Readonly<Record<'up' | 'down', readonly Uint8Array[]>>;
}

/** Long enough for tables that were learnt, for a digest, and for each kind of change. */
const PLAYED_MS = 12_000;
const CALL_EVERY_MS = 500;

/** Calls of a player, one after the other: both commands, answered and refused. */
function call({ client }: Player<typeof game>, chance: Random): void {
  const ship = client.newest().mine('ship');
  const words = 'hello there'.slice(0, chance.integer(12));
  const stack = { what: 'ore', count: chance.integer(100), marks: [true, false] };
  const offer = new Map(chance.next() < 0.7 ? [[chance.integer(10), stack]] : []);
  const turn = { x: 0, y: 0, z: 0, w: 1 };
  const ignore = () => {};
  client.call('say', { words, to: ship ? [ship.id] : [] }).catch(ignore);
  client.call('trade', { offer, turn, extra: { a: [1, null, 'x'], b: -0.5 } }).catch(ignore);
}

/** Of a room of each name. */
export async function recordAll(seed: number): Promise<Recording[]> {
  const recordings: Recording[] = [];
  for (const name of ROOM_NAMES) recordings.push(await record(name, seed));
  return recordings;
}

/** Plays in a room of that name. */
async function record(room: RoomName, seed: number): Promise<Recording> {
  const down: Uint8Array[] = [];
  const up: Uint8Array[] = [];
  const stepper = await Stepper.start({
    rooms: { [room]: fuzzRoom(seed, ROOMS[room]) },
    seed,
    serve: { findDesyncs: true },
  });
  const chance = new Random(seed);
  const player = await stepper.join(game, {
    room,
    sample: () => ({ dx: chance.next() * 2 - 1, dy: chance.next(), fire: chance.next() < 0.1 }),
    inspect: findDesyncs(() => {}),
    link: (line) =>
      tapped(line, { up: (frame) => copied(up, frame), down: (frame) => copied(down, frame) }),
  });
  for (let ms = 0; ms < PLAYED_MS; ms += CALL_EVERY_MS) {
    call(player, chance);
    const [ship] = stepper.room(room).all('ship') as Iterable<{ id: never }>;
    const stacks = [{ what: 'tin', count: 3, marks: [] }];
    const at = { x: 1, y: -2 };
    stepper.room(room).emit('flash', { n: ms, from: ship?.id ?? 0, at, words: 'bang' });
    stepper.room(room).emit('haul', { stacks, prices: [['a', 3]], note: { why: ['x'] } });
    await stepper.advance(CALL_EVERY_MS);
  }
  const { isPacked } = stepper.room(room);
  player.client.leave();
  await stepper.close();
  return {
    room,
    up: [...up, ...rareUp(room)],
    down: [...down, ...RARE_DOWN],
    dear: { up: dearUp(isPacked), down: dearDown(isPacked) },
  };
}

/** What a client that plays well has no cause to say. */
function rareUp(room: string): Uint8Array[] {
  return [
    helloFrame(room, Credential.Ticket, 'a ticket'),
    helloFrame(room, Credential.Resume, 'a secret'),
    written(writeResync),
    written((out) => writeReport(out, { tick: 40, part: 1, finding: undefined })),
    written((out) => writeReport(out, { tick: 40, part: 3, finding: 'ship 3.x is 1, not 2' })),
  ];
}

/** And what a server that means well does not. */
const RARE_DOWN = [
  written((out) => writeBye(out, 4000, 'why not')),
  written((out) => writeContinuity(out, { lostEvents: 3, inputTick: 90, commands: 2 })),
  written((out) => writeListing(out, { tick: 40, part: 0, rows: '[[3,0,[1],"x"]]', cut: false })),
  written((out) => writeListing(out, { tick: 40, part: 3, rows: '[]', cut: true })),
];

function copied(to: Uint8Array[], frame: Uint8Array): Uint8Array {
  to.push(frame.slice());
  return frame;
}

/** The type of a valid frame: its second byte. */
export const typeOf = (frame: Uint8Array): FrameType => frame[1] as FrameType;
