// @colyseus/schema: a map of ships in the tightest types it has, encoded as a room does for clients
// that share one view, after the one byte that a room puts before a patch.
import { Decoder, Encoder, schema, t } from '@colyseus/schema';

/** @typedef {import('./truth.mjs').Ship} Ship */

/** As Colyseus' Protocol.ROOM_STATE_PATCH. */
const ROOM_STATE_PATCH = 15;
/** Room for 5,000 ships being born in one message. */
Encoder.BUFFER_SIZE = 1024 * 1024;

export const ShipSchema = schema(
  {
    id: t.uint16(),
    x: t.uint16(),
    y: t.uint16(),
    angle: t.uint8(),
    vx: t.int16(),
    vy: t.int16(),
    hp: t.uint8(),
    kind: t.uint8(),
    score: t.uint16(),
    name: t.string(),
  },
  'Ship',
);
const State = schema({ ships: t.map(ShipSchema) }, 'State');

/** @returns {import('./wire.mjs').Peer} */
export function colyseusSchema() {
  const state = new State();
  const encoder = new Encoder(state);
  const copy = new State();
  const decoder = new Decoder(copy);
  return {
    encode({ added, removed, changed }) {
      for (const ship of removed) state.ships.delete(String(ship.id));
      for (const ship of added) state.ships.set(String(ship.id), new ShipSchema().assign(ship));
      for (const { ship, fields } of changed) {
        const row = /** @type {Ship} */ (/** @type {unknown} */ (state.ships.get(String(ship.id))));
        for (const field of fields) row[field] = ship[field];
      }
      encoder.sharedBuffer[0] = ROOM_STATE_PATCH;
      const bytes = encoder.encode({ offset: 1 }).slice();
      encoder.discardChanges();
      return [bytes];
    },
    decode([bytes]) {
      decoder.decode(bytes, { offset: 1 });
    },
    seen() {
      const seen = new Map();
      for (const ship of copy.ships.values()) seen.set(ship.id, ship);
      return seen;
    },
  };
}
