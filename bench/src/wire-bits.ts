// Where the bits of packed bodies go: every bit that is read costs what its odds say, and is booked
// to the question it answers. For who tunes the codec (`wire --bits`); rounding to whole bytes, the
// envelope and TABLES are not in it. Trap: it watches all decoders of the process while it is on.
import {
  ByItself,
  ByVelocity,
  Context,
  FLAG_ARRIVAL,
  type Game,
  MANTISSAS,
  ODDS_BITS,
  RangeDecoder,
} from '@tickwire/protocol';

/** Bits by question, largest first, each for one entity and tick. */
export type BitCosts = Readonly<Record<string, number>>;

const { begin, bit, even } = RangeDecoder.prototype;

export class BitCounter {
  /** By context; even bits go to the context that was asked before them. */
  readonly #spent: Float64Array;
  readonly #names: readonly string[];

  constructor(game: Game) {
    this.#names = namesOf(game);
    this.#spent = new Float64Array(this.#names.length);
  }

  /** From here on every bit read is booked. */
  watch(): void {
    const spent = this.#spent;
    let odds = new Uint16Array(0);
    let newest = 0;
    RangeDecoder.prototype.begin = function (bytes, given, start, end) {
      odds = given as Uint16Array<ArrayBuffer>;
      begin.call(this, bytes, given, start, end);
    };
    RangeDecoder.prototype.bit = function (context) {
      const read = bit.call(this, context);
      const share = odds[context] / (1 << ODDS_BITS);
      spent[context] -= Math.log2(read === 1 ? share : 1 - share);
      newest = context;
      return read;
    };
    RangeDecoder.prototype.even = function (bits) {
      spent[newest] += bits;
      return even.call(this, bits);
    };
  }

  stop(): void {
    Object.assign(RangeDecoder.prototype, { begin, bit, even });
  }

  /** What was booked, for one of `entityTicks`. */
  costs(entityTicks: number): BitCosts {
    const sums = new Map<string, number>();
    this.#names.forEach((name, context) => {
      if (this.#spent[context] > 0) sums.set(name, (sums.get(name) ?? 0) + this.#spent[context]);
    });
    const sorted = [...sums].sort((a, b) => b[1] - a[1]);
    return Object.fromEntries(
      sorted.map(([name, bits]) => [name, Number((bits / entityTicks).toFixed(4))]),
    );
  }
}

/** By context: which question it belongs to. */
function namesOf(game: Game): readonly string[] {
  const names: string[] = new Array(game.priors.odds.length).fill('');
  const fill = (from: number, to: number, name: string) => names.fill(name, from, to);
  const body = Object.entries(Context).sort((a, b) => a[1] - b[1]);
  body.forEach(([name, from], i) => {
    fill(from, body[i + 1]?.[1] ?? from, `body: ${name.toLowerCase()}`);
  });
  for (const plan of [...game.kinds, game.state]) {
    const fields = plan.fields[0]?.contexts.flags ?? plan.contextsEnd;
    fill(plan.changed, fields, `${plan.name}: whether it is named`);
    for (const { name, spec, contexts } of plan.fields) {
      const { flags, value, change, track, trackSize, end } = contexts;
      fill(flags, value, `${name}: whether it changed`);
      fill(flags + FLAG_ARRIVAL, flags + FLAG_ARRIVAL + 1, 'arrivals: which fields');
      fill(value, change, `arrivals: ${name}`);
      fill(change, track, `${name}: change`);
      const parts = spec.by === undefined ? ByItself : ByVelocity;
      for (let base = track; base < end; base += trackSize) {
        const behind = base + parts.Mantissa + MANTISSAS;
        fill(base, base + parts.Down, `${name}: whether it departs`);
        fill(base + parts.Down, base + parts.Steps, `${name}: which way, or still`);
        fill(base + parts.Steps, behind, `${name}: how far`);
        fill(behind, base + trackSize, 'arrivals: tracks');
      }
    }
  }
  return names;
}
