// Which slot of a Redis Cluster a key is in, which node has a slot, and what a node says that has
// it no more. Used by redis-cluster.ts. After the Redis Cluster specification
// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec). Trap: a node may not
// know its own address, and then names none: it is the one by which it was asked.

export const SLOTS = 16_384;

/** CRC-16/XMODEM, polynomial 0x1021, of one byte each. */
const CRC = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** Of the first part in braces that is not empty, or of the whole key. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  const tag = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(tag)) crc = ((crc << 8) & 0xffff) ^ CRC[(crc >> 8) ^ byte];
  return crc % SLOTS;
}

/** Slots of one primary, both ends included. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  /** `host:port`. */
  readonly address: string;
}

type Node = readonly [host: string | null, port: number, ...unknown[]];
/** What CLUSTER SLOTS answers: of each range the primary first, then its replicas. */
export type SlotsAnswer = readonly (readonly [number, number, primary: Node, ...Node[]])[];

export function rangesOf(answer: SlotsAnswer, askedHost: string): SlotRange[] {
  return answer.map(([first, last, [host, port]]) => {
    return { first, last, address: addressOf(host, port, askedHost) };
  });
}

/** Where a question belongs. */
export type Redirection =
  /** From now on. */
  | { readonly kind: 'moved'; readonly address: string }
  /** This once, with ASKING before it: the slot is on its way there, and this key has arrived. */
  | { readonly kind: 'ask'; readonly address: string }
  /** Its keys are partly there and partly here: nowhere just now. */
  | { readonly kind: 'again' };

/** Undefined where what a node refused with is no redirection. */
export function redirectionOf(refusal: string, askedHost: string): Redirection | undefined {
  const [word, , where = ''] = refusal.split(' ');
  if (word === 'TRYAGAIN') return { kind: 'again' };
  if (word !== 'MOVED' && word !== 'ASK') return undefined;
  const colon = where.lastIndexOf(':');
  const address = addressOf(where.slice(0, colon), Number(where.slice(colon + 1)), askedHost);
  return { kind: word === 'ASK' ? 'ask' : 'moved', address };
}

/** An IPv6 address in brackets, as in a URL; Redis has none around it. */
function addressOf(host: string | null, port: number, askedHost: string): string {
  const known = host === null || host === '' || host === '?' ? askedHost : host;
  return `${known.includes(':') && !known.startsWith('[') ? `[${known}]` : known}:${port}`;
}
