// Does something for each of many, a few at a time: what all at once would drown a directory or
// hold up ticks. Used where a shard has something to tell or hand over for each of its rooms.

/**
 * Runs for each value, for `most` of them at once, in no order. Where one rejects the others go on,
 * one fewer at once, so that nobody is asked thousands of times in vain; it rejects once all of
 * them have ended.
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
  const ends = await Promise.allSettled(Array.from({ length: most }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
