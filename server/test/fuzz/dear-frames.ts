// The frames that cost most to read for what they weigh, as far as we know: everything the limits
// allow, said in as few bytes as can be. Chance would not find them; changed by chance they find
// what lies beside them.
import {
  Context,
  type Game,
  MAX_INPUT_TICKS,
  MAX_SLOTS,
  MAX_STEP_TICKS,
  type MsgpackWriter,
  neutralInput,
  PackedInputSink,
  PackedSink,
  PlainSink,
  Random,
  writeInputHeader,
  writeInputs,
  writeStateHeader,
} from '@tickwire/protocol';
import { game as declared } from '../fuzz-game.ts';
import { written } from './written.ts';

const game = declared as unknown as Game;

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

/** A step as long as one may be, and a known set of as many slots as there may be. */
export function dearDown(isPacked: boolean): Uint8Array[] {
  const step = { inTime: 0, marginTicks: Number.NaN, sentAt: 0 };
  const pass = { ...step, dTick: MAX_STEP_TICKS, everything: false };
  const slots = { ...step, dTick: 1, everything: true };
  return [
    written((out) => writeStateHeader(out, pass, 0)),
    written((out) => {
      writeStateHeader(out, slots, 1);
      if (isPacked) writePackedSlots(out);
      else writePlainSlots(out);
    }),
  ];
}

/** Nothing in them. */
function writePlainSlots(out: MsgpackWriter): void {
  out.arrayHeader(5);
  out.int(MAX_SLOTS);
  for (let groups = 4; groups > 0; groups--) out.arrayHeader(0);
}

function writePackedSlots(out: MsgpackWriter): void {
  const sink = new PackedSink(out, game.priors);
  sink.open();
  sink.level(Context.Grown, 1, 1);
  sink.count(Context.Limit, MAX_SLOTS);
  sink.select(Context.Left, true, 0);
  sink.close();
  // Each slot is asked after by a bit: none is taken.
  sink.select(Context.Entered, false, 0);
  for (let slot = 0; slot < MAX_SLOTS; slot++) sink.offer(Context.First, slot, false);
  sink.close();
  sink.finish();
}
