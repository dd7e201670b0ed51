// Where players reach a server, as its options say: one text for all shards of a machine, or one
// for each. Asked by serve(), which knows shard and port.
import { isAddress, UsageError } from '@tickwire/protocol';

/**
 * http(s)://host[:port]; `{shard}` (from 0) and `{port}` in it are filled in. Or what
 * answers it for a shard and the port it listens on.
 */
export type PublicUrl = string | ((shard: number, port: number) => string);

/** Throws UsageError for what is no such URL. */
export function publicUrlOf(given: PublicUrl, shard: number, port: number): string {
  const text =
    typeof given === 'function'
      ? given(shard, port)
      : given.replaceAll('{shard}', String(shard)).replaceAll('{port}', String(port));
  if (!isAddress(text) || !/^https?:/i.test(text))
    throw new UsageError(`publicUrl: ${text}: wants http(s)://host, with {shard} and {port} in it`);
  return text.replace(/\/$/, '');
}

/** Whether it is another one on another port. */
export function namesPort(given: PublicUrl | undefined): boolean {
  return typeof given === 'function' || given?.includes('{port}') === true;
}
