// nengi 2: an instance and a client's network over its own mock adapter. The ships sit in one
// channel, so everybody sees all of them. What a snapshot says is applied here as its interpolator
// would, without its copy of the whole world per snapshot.
import { createRequire } from 'node:module';

// Both are CommonJS and nengi-buffers asks for nengi at run time: one copy of each.
const require = createRequire(import.meta.url);
const lib = require('nengi');
const { BufferReader, BufferWriter } = require('nengi-buffers');

/** @typedef {import('./truth.mjs').Ship} Ship */
/** @typedef {Parameters<import('nengi').Channel['addEntity']>[0]} Entity */

const SHIP = 1;
const HZ = 20;

function shipSchema() {
  const { UInt8, UInt16, Int16, String: Text } = lib.Binary;
  return lib.defineSchema({
    id: UInt16,
    x: UInt16,
    y: UInt16,
    angle: UInt8,
    vx: Int16,
    vy: Int16,
    hp: UInt8,
    kind: UInt8,
    score: UInt16,
    name: Text,
  });
}

/** A server's and a client's end, and what the server sent since it was last taken. */
function joined() {
  const context = new lib.Context();
  context.register(SHIP, shipSchema());
  const instance = new lib.Instance(context);
  /** @type {Buffer[]} */
  const sent = [];
  const adapter = {
    createBufferWriter: (/** @type {number} */ bytes) => new BufferWriter(Buffer.alloc(bytes)),
    createBufferReader: (/** @type {Buffer} */ bytes) => new BufferReader(bytes),
    send: (/** @type {object} */ _user, /** @type {Buffer} */ bytes) => sent.push(bytes),
  };
  const user = new lib.User({}, /** @type {never} */ (adapter));
  user.instance = instance;
  // What a client's first message would have said.
  user.lastReceivedClientTick = 1;
  instance.network.onOpen(user);
  instance.network.onConnectionAccepted(user, {});
  const channel = new lib.Channel(instance.localState);
  instance.registerChannel(channel);
  channel.subscribe(user);
  const client = new lib.Client(context, class {}, HZ);
  return { instance, channel, network: client.network, sent };
}

/** @returns {import('./wire.mjs').Peer} */
export function nengi2() {
  const { instance, channel, network, sent } = joined();
  /** @type {Map<Ship, Entity>} */
  const entities = new Map();
  /** @type {(nid: number, prop: string, value: unknown) => void} */
  const apply = (nid, prop, value) => {
    const entity = network.entities.get(nid);
    if (entity) entity[prop] = value;
  };
  return {
    encode({ added, removed, changed }) {
      for (const ship of removed) {
        channel.removeEntity(/** @type {Entity} */ (entities.get(ship)));
        entities.delete(ship);
      }
      for (const ship of added) {
        const entity = { ...ship, nid: 0, ntype: SHIP };
        entities.set(ship, entity);
        channel.addEntity(entity);
      }
      for (const { ship, fields } of changed) {
        const entity = /** @type {Entity} */ (entities.get(ship));
        for (const field of fields) entity[field] = ship[field];
      }
      instance.step();
      return sent.splice(0);
    },
    decode(messages) {
      for (const bytes of messages)
        network.readSnapshot(new BufferReader(/** @type {Buffer} */ (bytes)));
      for (const { updateEntities, deleteEntities } of network.snapshots) {
        for (const { nid, prop, value } of updateEntities) apply(nid, prop, value);
        for (const nid of deleteEntities) network.entities.delete(nid);
      }
      network.snapshots.length = 0;
    },
    seen() {
      const seen = new Map();
      for (const row of network.entities.values()) seen.set(row.id, row);
      return seen;
    },
  };
}
