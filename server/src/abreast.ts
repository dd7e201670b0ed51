// Does something for each of many, a few at a time: what all at once would drown a directory or
// hold up ticks. Used where a shard has something to tell or hand over for each of its rooms.

/**
 * Runs for each value, for `most` of them at once, in no order. Rejects where one does, and then
 * begins no more than the others that run go on with.
 */
export async function abreast<Value>(
  most: number,
  values: Iterable<Value>,
  run: (value: Value) => Promise<unknown>,
): Promise<void> {
  const left = [...values];
  const worker = async () => {
    for (let value = left.shift(); value !== undefined; value = left.shift()) await run(value);
  };
  await Promise.all(Array.from({ length: most }, worker));
}
