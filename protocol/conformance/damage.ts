// Bytes of the vectors, and what may become of them: cut at every length, and every byte flipped.
// Used by the tests of both readers.

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Every shorter frame, and every one with one byte's bits, or the lowest of them, turned over. */
export function* damaged(bytes: Uint8Array): Generator<Uint8Array> {
  for (let end = 0; end < bytes.length; end++) yield bytes.subarray(0, end);
  for (let at = 0; at < bytes.length; at++)
    for (const flip of [0xff, 1]) {
      const flipped = bytes.slice();
      flipped[at] ^= flip;
      yield flipped;
    }
}
