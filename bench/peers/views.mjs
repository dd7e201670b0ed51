// Whether the Colyseus server that is loaded tells each seat what it should: five seats decode what
// a room would send them, and after every tick hold exactly the ships within their radius, every
// field as the truth rounded. `node --import tsx views.mjs [--radius 400]` throws at the first that
// differs.
import { parseArgs } from 'node:util';
import { Decoder, Encoder, schema, t } from '@colyseus/schema';
import { ColyseusArena } from './colyseus-arena.mjs';
import { ShipSchema } from './colyseus-schema.mjs';
import { compare, rounded } from './truth.mjs';

const SEATS = 5;
const TICKS = 400;
const SHIPS = 1000;

const { values } = parseArgs({
  options: { radius: { type: 'string', default: 'none' }, seed: { type: 'string', default: '1' } },
});
const radius = values.radius === 'none' ? undefined : Number(values.radius);
const world = new ColyseusArena({ n: SHIPS, seed: Number(values.seed), radius });
const { arena } = world;
const encoder = new Encoder(world.state);
const ships = radius === undefined ? t.map(ShipSchema) : t.map(ShipSchema).view();
const Copy = schema({ ships }, 'Copy');

const seats = Array.from({ length: SEATS }, (_, index) => {
  const copy = new Copy();
  return { index, view: world.open(index)?.view, copy, decoder: new Decoder(copy) };
});
let checked = 0;
const whole = { offset: 0 };
const all = encoder.encodeAll(whole).slice();
for (const { view, decoder } of seats) {
  const it = { offset: whole.offset };
  decoder.decode(view ? encoder.encodeAllView(view, whole.offset, it).slice() : all);
}
encoder.discardChanges();
for (const seat of seats) judge(seat);
for (let tick = 0; tick < TICKS; tick++) {
  world.step();
  const it = { offset: 0 };
  const shared = encoder.encode(it).slice();
  const { offset } = it;
  for (const { view, decoder } of seats) {
    decoder.decode(view ? encoder.encodeView(view, offset, it).slice() : shared);
  }
  encoder.discardChanges();
  for (const seat of seats) judge(seat);
}
console.log(JSON.stringify({ seats: SEATS, ticks: TICKS, shipsCompared: checked }));

/** @param {(typeof seats)[number]} seat */
function judge({ index, copy }) {
  const own = arena.entities[index];
  const near = arena.entities.filter(({ x, y }) => {
    return radius === undefined || (x - own.x) ** 2 + (y - own.y) ** 2 <= radius ** 2;
  });
  const seen = new Map();
  for (const ship of copy.ships.values()) seen.set(ship.id, ship);
  compare(near.map(rounded), seen, `seat ${index}, tick ${arena.tick}`);
  checked += near.length;
}
