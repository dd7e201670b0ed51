// Changed fields as JSON through permessage-deflate: one raw deflate stream per connection that
// remembers what went before, flushed after each message, its 00 00 ff ff cut (RFC 7692).
// Its times hold the way to zlib's thread and back, as they do in ws.
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';

/** @typedef {import('./truth.mjs').Truth} Truth */
/** @typedef {import('./truth.mjs').Ship} Ship */

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** @returns {import('./wire.mjs').Peer} */
export function jsonDeflate() {
  const deflate = createDeflateRaw();
  const inflate = createInflateRaw();
  /** @type {Map<number, Ship>} */
  const seen = new Map();
  return {
    async encode({ added, removed, changed }) {
      const message = {
        born: added,
        died: removed.map((ship) => ship.id),
        changed: changed.map(({ ship, fields }) => pick(ship, ['id', ...fields])),
      };
      const bytes = await flushed(deflate, Buffer.from(JSON.stringify(message)));
      return [bytes.subarray(0, -TAIL.length)];
    },
    async decode([bytes]) {
      const text = (await flushed(inflate, Buffer.concat([bytes, TAIL]))).toString();
      const { born, died, changed } = JSON.parse(text);
      for (const id of died) seen.delete(id);
      for (const ship of born) seen.set(ship.id, ship);
      for (const change of changed)
        Object.assign(/** @type {Ship} */ (seen.get(change.id)), change);
    },
    seen: () => seen,
  };
}

/**
 * @param {Ship} ship
 * @param {readonly (keyof Ship)[]} fields
 */
export function pick(ship, fields) {
  /** @type {Record<string, string | number>} */
  const picked = {};
  for (const field of fields) picked[field] = ship[field];
  return picked;
}

/**
 * What comes out of a stream once all of `bytes` went through.
 * @param {import('node:stream').Transform & import('node:zlib').Zlib} stream
 * @param {Buffer} bytes
 * @returns {Promise<Buffer>}
 */
function flushed(stream, bytes) {
  /** @type {Buffer[]} */
  const parts = [];
  const take = (/** @type {Buffer} */ part) => parts.push(part);
  stream.on('data', take);
  stream.write(bytes);
  return new Promise((resolve) => {
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', take);
      resolve(Buffer.concat(parts));
    });
  });
}
