// Which of several shards this process is: told by the parent in the environment, as
// `index=1,count=4,port=9002`. Written by shards.ts, read by serve(). Trap: whatever a shard starts
// inherits the line; only who has a channel to a parent as well is meant.
import { UsageError } from '@tickwire/protocol';

export interface Place {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** Where it listened before. Undefined: the options' port and the index. */
  readonly port: number | undefined;
}

export const PLACE_VARIABLE = 'TICKWIRE_SHARD';

export function writePlace({ index, count, port }: Place): string {
  const line = `index=${index},count=${count}`;
  return port === undefined ? line : `${line},port=${port}`;
}

/** Undefined for a process that is no shard of several. Throws UsageError for another line. */
export function readPlace(line: string | undefined, hasParent: boolean): Place | undefined {
  if (line === undefined || !hasParent) return undefined;
  const [, index, count, port] = /^index=(\d+),count=(\d+)(?:,port=(\d+))?$/.exec(line) ?? [];
  if (index === undefined)
    throw new UsageError(`${PLACE_VARIABLE}=${line}: is said by the parent of shards alone`);
  const own = port === undefined ? undefined : Number(port);
  return { index: Number(index), count: Number(count), port: own };
}
