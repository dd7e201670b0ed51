// nengi 1: a whole instance and a whole client over a socket that is a function call. The ships sit
// in one channel, so everybody sees all of them. @clusterws/cws, the socket it brings, has no
// binary for today's Node; package.json puts ws in its place, and nothing here opens a port.
// Traps: every Instance takes over the first one's protocols, so each gets its own afterwards; the
// client finds entities only by a property named id, so the ship's own id travels as `number`.
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

/** @typedef {import('./truth.mjs').Ship} Ship */

const lib = createRequire(import.meta.url)('nengi-1').default;

/** Widths in bits that its ids can have; the default is the last. */
const ID_BITS = [6, 7, 8, 9, 10, 11, 12, 16];
export const DEFAULT_ID_BITS = 16;
/** A dead ship's id rests for a while before it is given again. */
const SPARE_IDS = 1.25;

/**
 * The narrowest id that serves n ships.
 * @param {number} n
 */
export function tightIdBits(n) {
  return ID_BITS.find((bits) => 2 ** bits - 1 >= n * SPARE_IDS) ?? DEFAULT_ID_BITS;
}

/** @param {number} idBits */
function configOf(idBits) {
  const protocol = {
    number: lib.UInt16,
    x: lib.UInt16,
    y: lib.UInt16,
    angle: lib.UInt8,
    vx: lib.Int16,
    vy: lib.Int16,
    hp: lib.UInt8,
    kind: lib.UInt3,
    score: lib.UInt16,
    name: lib.ASCIIString,
  };
  const Kind = Object.assign(class {}, { protocol });
  return {
    UPDATE_RATE: 20,
    ID_PROPERTY_NAME: 'id',
    // Its list of types is in order of width: up to 12 the type of b bits is b.
    ID_BINARY_TYPE: idBits <= 12 ? idBits : lib.UInt16,
    USE_HISTORIAN: false,
    HIDE_LOGO: true,
    protocols: { entities: [['Ship', Kind]] },
  };
}

/**
 * A server's and a client's end, and what the server sent since it was last taken.
 * @param {number} idBits
 */
function joined(idBits) {
  const config = configOf(idBits);
  const listener = new EventEmitter();
  const instance = new lib.Instance(config, { mock: listener });
  instance.protocols = new lib.ProtocolMap(config, lib.metaConfig);
  const client = new lib.Client(configOf(idBits));
  /** @type {Uint8Array[]} */
  const sent = [];
  const near = Object.assign(new EventEmitter(), {
    readyState: 1,
    send: (/** @type {Uint8Array} */ bytes) => sent.push(Uint8Array.from(bytes)),
  });
  const far = Object.assign(new EventEmitter(), {
    send: (/** @type {Uint8Array} */ bytes) => near.emit('message', bytes),
  });
  const channel = instance.createChannel();
  /** @type {(user: object, data: object, accept: (answer: object) => void) => void} */
  const welcome = (user, _, accept) => {
    accept({ accepted: true, text: '' });
    channel.subscribe(user);
  };
  instance.onConnect(welcome);
  listener.emit('connection', near);
  client.mockConnect(far, {});
  far.emit('open');
  sent.length = 0;
  return { instance, channel, client, sent };
}

/**
 * @param {number} idBits
 * @returns {import('./wire.mjs').Peer}
 */
export function nengi1(idBits) {
  const { instance, channel, client, sent } = joined(idBits);
  const protocol = instance.protocols.getProtocol(0);
  /** @type {Map<Ship, Record<string, unknown>>} */
  const entities = new Map();
  return {
    encode({ added, removed, changed }) {
      for (const ship of removed) {
        channel.removeEntity(entities.get(ship));
        entities.delete(ship);
      }
      for (const ship of added) {
        const entity = { ...ship, number: ship.id, id: -1, protocol };
        entities.set(ship, entity);
        channel.addEntity(entity);
      }
      for (const { ship, fields } of changed) {
        const entity = /** @type {Record<string, unknown>} */ (entities.get(ship));
        for (const field of fields) entity[field] = ship[field];
      }
      instance.update();
      return sent.splice(0);
    },
    decode(messages) {
      for (const { buffer } of messages) client.handleMessage({ data: buffer });
      client.snapshots.length = 0;
      client.cr.length = client.up.length = client.de.length = 0;
    },
    seen() {
      const seen = new Map();
      for (const row of client.latestWorldState.entities.toArray()) {
        seen.set(row.number, { ...row, id: row.number });
      }
      return seen;
    },
  };
}
