// The frames that cost most to read for what they weigh, as far as we know: everything the limits
// allow, said in as few bytes as can be. Chance would not find them; changed by chance they find
// what lies beside them.
import {
  Context,
  type Game,
  MAX_ENTITY_ID,
  MAX_INPUT_TICKS,
  MAX_SLOTS,
  MAX_STEP_TICKS,
  neutralInput,
  PackedInputSink,
  PackedSink,
  PlainSink,
  Random,
  type Sink,
  writeInputHeader,
  writeInputs,
  writeStateHeader,
} from '@tickwire/protocol';
import { game as declared } from '../fuzz-game.ts';
import { written } from './written.ts';

const game = declared as unknown as Game;
/** Whether a field is named in an arrival: this context of its flags (PROTOCOL.md 8.6). */
const ARRIVAL = 4;

/** Two inputs by chance that every tick goes to and fro between. */
function inputs(random: Random): Float64Array[] {
  const [a, b] = [0, 1].map(() =>
    neutralInput(game.input).map((_, column) => (column < 2 ? random.integer(17) : 1)),
  );
  return Array.from({ length: MAX_INPUT_TICKS }, (_, i) => (i % 2 === 0 ? a : b));
}

/** INPUTs of as many ticks as one may have: all alike, and each other than the one before. */
export function dearUp(isPacked: boolean): Uint8Array[] {
  const still = Array<Float64Array>(MAX_INPUT_TICKS).fill(neutralInput(game.input));
  return [still, inputs(new Random(1))].map((ticks) =>
    written((out) => {
      const sink = isPacked ? new PackedInputSink(out, game.priors) : new PlainSink(out);
      writeInputHeader(out, { dState: 0, dShown: 0, dFirst: 0 });
      writeInputs(sink, game.input, neutralInput(game.input), ticks);
      sink.finish();
    }),
  );
}

/** Entities that arrive at once: more than the bytes of a body pay for. */
const ARRIVALS = [50, 800] as const;

/**
 * A step as long as one may be, a known set of as many slots as there may be, the last of them
 * taken, and entities of which nothing is said but that they are there.
 */
export function dearDown(isPacked: boolean): Uint8Array[] {
  const step = { inTime: 0, marginTicks: Number.NaN, sentAt: 0 };
  const pass = { ...step, dTick: MAX_STEP_TICKS, everything: false };
  const slots = { ...step, dTick: 1, everything: true };
  const body = (says: (sink: Sink) => void) =>
    written((out) => {
      writeStateHeader(out, slots, 1);
      const sink = isPacked ? new PackedSink(out, game.priors) : new PlainSink(out);
      sink.reset();
      sink.open();
      says(sink);
      sink.close();
      sink.finish();
    });
  return [
    written((out) => writeStateHeader(out, pass, 0)),
    body((sink) => writeArrivals(sink, isPacked, MAX_SLOTS, [])),
    body((sink) => writeArrivals(sink, isPacked, MAX_SLOTS, [MAX_SLOTS - 1])),
    ...ARRIVALS.map((count) => {
      const all = Array.from({ length: count }, (_, slot) => slot);
      return body((sink) => writeArrivals(sink, isPacked, count, all));
    }),
  ];
}

/** Everything: in these slots, of `limit`, entities of one kind at their defaults. */
function writeArrivals(
  sink: Sink,
  isPacked: boolean,
  limit: number,
  slots: readonly number[],
): void {
  const { fields, sharedMask } = game.kinds[0];
  if (isPacked) sink.level(Context.Grown, 1, 1);
  sink.count(Context.Limit, limit);
  sink.select(Context.Left, true, 0);
  sink.close();
  sink.select(Context.Entered, slots.length === 1, slots.length);
  let passed = 0;
  for (const [i, slot] of slots.entries()) {
    sink.pass(Context.First, slot - passed);
    sink.offer(Context.First, slot, true);
    passed = slot + 1;
    sink.open();
    sink.level(Context.Kind, 0, game.kinds.length - 1);
    if (i === 0) sink.level(Context.Id, 1, MAX_ENTITY_ID - 1);
    else sink.change(Context.IdStep, i + 1, i, MAX_ENTITY_ID - 1);
    if (isPacked) sink.count(Context.Age, 0);
    sink.open();
    for (const { index, contexts } of fields)
      if (sharedMask & (1 << index)) sink.offer(contexts.flags + ARRIVAL, index, false);
    sink.close();
    sink.close();
  }
  // Each free slot is asked after by a bit: none is taken.
  if (slots.length !== 1) sink.pass(Context.First, limit - passed);
  sink.close();
  sink.select(Context.Changed, true, 0);
  sink.close();
  sink.open();
  for (const { index, contexts } of game.state.fields)
    sink.offer(contexts.flags + ARRIVAL, index, false);
  sink.close();
  sink.option(Context.Defers, false);
}
