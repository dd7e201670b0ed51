// Changed fields as msgpackr records with shared structures: a record is one byte for its list of
// fields and then its values. The lists go to the receiver as they come up, as messages of their
// own before the message that needs them, and are counted.
import { Packr, Unpackr } from 'msgpackr';
import { pick } from './json-deflate.mjs';

/** @typedef {import('./truth.mjs').Ship} Ship */

/** First byte of a message. */
const STRUCTURES = 0;
const STATE = 1;
/** Lists that are shared. msgpackr gives the first 32 an id of one byte, the rest one of two. */
const MAX_STRUCTURES = 1024;

/** @returns {import('./wire.mjs').Peer} */
export function msgpackrRecords() {
  const plain = new Packr({ useRecords: false });
  /** @type {Uint8Array[]} */
  let messages = [];
  let announced = 0;
  const packr = new Packr({
    structures: [],
    maxSharedStructures: MAX_STRUCTURES,
    saveStructures(structures) {
      messages.push(headed(STRUCTURES, plain.pack(structures.slice(announced))));
      announced = structures.length;
    },
  });
  /** @type {object[]} */
  let known = [];
  const unpackr = new Unpackr({
    structures: [],
    maxSharedStructures: MAX_STRUCTURES,
    getStructures: () => known,
  });
  /** @type {Map<number, Ship>} */
  const seen = new Map();
  /** @param {Uint8Array} bytes */
  const apply = (bytes) => {
    const { born, died, changed } = unpackr.unpack(bytes);
    for (const id of died) seen.delete(id);
    for (const ship of born) seen.set(ship.id, ship);
    for (const change of changed) Object.assign(/** @type {Ship} */ (seen.get(change.id)), change);
  };
  return {
    encode({ added, removed, changed }) {
      messages = [];
      const message = {
        born: added,
        died: removed.map((ship) => ship.id),
        changed: changed.map(({ ship, fields }) => pick(ship, ['id', ...fields])),
      };
      messages.push(headed(STATE, packr.pack(message)));
      return messages;
    },
    decode(received) {
      for (const bytes of received) {
        if (bytes[0] === STRUCTURES) known = [...known, ...plain.unpack(bytes.subarray(1))];
        else apply(bytes.subarray(1));
      }
    },
    seen: () => seen,
  };
}

/**
 * @param {number} type
 * @param {Uint8Array} body
 */
function headed(type, body) {
  const message = new Uint8Array(body.length + 1);
  message[0] = type;
  message.set(body, 1);
  return message;
}
