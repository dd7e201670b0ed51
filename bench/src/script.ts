// What a player says, prepared before the measuring: a HELLO and a ring of INPUT frames that change
// direction now and then. The ring ends in the input it begins with, so it can go round for ever as
// differences. The same frames serve the in-process players and the load generators. Trap: they are
// packed, as rooms are by default.
import {
  Credential,
  type Game,
  type InputHeader,
  MsgpackWriter,
  neutralInput,
  PackedSink,
  PROTOCOL_VERSION,
  type Random,
  roundInput,
  SHOWN_UNITS,
  writeHello,
  writeInputHeader,
  writeInputs,
} from '@tickwire/protocol';
import type { ArenaInput } from './arena.ts';

/** Frames of one ring: 40 ticks are two seconds at 20 Hz. */
const RING = 40;
/** Ticks a direction is held: a player changes keys about twice a second. */
const HELD_TICKS = 10;
/** Ticks ahead of the newest STATE that input is made for, and behind it that others are shown. */
const LEAD_TICKS = 3;
const SHOWN_BEHIND_TICKS = 3;

/** `ticket`: what MOVED brought. */
export function helloFrame(hash: string, room: string, spectate = false, ticket = ''): Uint8Array {
  const out = new MsgpackWriter();
  const credential = ticket ? Credential.Ticket : Credential.Token;
  const version = PROTOCOL_VERSION;
  writeHello(out, { version, hash, room, credential, secret: ticket, spectate });
  return out.bytes().slice();
}

/** One player's frames, in order and then from the start again. */
export class InputScript {
  /** What answers a first STATE that came so many ticks after WELCOME. */
  readonly #opening: (ticks: number) => Uint8Array;
  readonly #ring: Uint8Array[] = [];
  #next = -1;

  /** For a game whose input is an ArenaInput; `random` chooses the directions. */
  constructor(game: Pick<Game, 'input' | 'priors'>, random: Random) {
    const out = new MsgpackWriter();
    const sink = new PackedSink(out, game.priors);
    const previous = neutralInput(game.input);
    const neutral = previous.slice();
    const frame = (header: InputHeader, input: ArenaInput): Uint8Array => {
      const wire = previous.slice();
      roundInput(game.input, input, wire);
      out.reset();
      writeInputHeader(out, header);
      writeInputs(sink, game.input, previous, [wire]);
      sink.finish();
      return out.bytes().slice();
    };
    // Out and back again: a ring that drifts would end at a wall, where nothing moves.
    const there = Array.from({ length: RING / HELD_TICKS / 2 }, () => directionOf(random));
    const directions = [...there, ...there.map(({ dx, dy, fire }) => ({ dx: -dx, dy: -dy, fire }))];
    const last = directions[directions.length - 1];
    const dShown = (LEAD_TICKS + SHOWN_BEHIND_TICKS) * SHOWN_UNITS;
    this.#opening = (ticks) => {
      previous.set(neutral);
      return frame({ dState: ticks, dShown, dFirst: LEAD_TICKS + ticks - 1 }, last);
    };
    this.#opening(1);
    for (let i = 0; i < RING; i++) {
      const held = directions[Math.floor(i / HELD_TICKS)];
      // A press is an edge: true in its first tick alone.
      const input = { ...held, fire: held.fire && i % HELD_TICKS === 0 };
      this.#ring.push(frame({ dState: 1, dShown: 0, dFirst: 0 }, input));
    }
  }

  /**
   * The frame to answer one STATE with: acknowledges it, and says one tick of input. The first
   * STATE may come several `ticks` after WELCOME; those after it are taken to be a tick apart.
   */
  next(ticks: number): Uint8Array {
    if (this.#next < 0) {
      this.#next = 0;
      return this.#opening(ticks);
    }
    const frame = this.#ring[this.#next];
    this.#next = (this.#next + 1) % RING;
    return frame;
  }

  /** Bytes of an INPUT that changes nothing. */
  get unchangedBytes(): number {
    return this.#ring[1].length;
  }
}

/** One of eight ways: never standing still. */
function directionOf(random: Random): ArenaInput {
  const at = [0, 1, 2, 3, 5, 6, 7, 8][random.integer(8)];
  return { dx: (at % 3) - 1, dy: Math.floor(at / 3) - 1, fire: random.next() < 0.5 };
}
