// Credentials that come with the handshake, before there is a socket: in `Authorization` from
// programs, in `Sec-WebSocket-Protocol` from browsers, which may set no header of their own. Reads
// them for edge.ts; what they are worth is the shard's to say. Trap: what is chosen of the offered
// subprotocols is answered in the open, and is never one with a secret.
import { Credential, MAX_HELLO_BYTES, MAX_NAME_CHARS, PROTOCOL_VERSION } from '@tickwire/protocol';

/** The one subprotocol that is ever chosen. */
const SUBPROTOCOL = `tickwire.v${PROTOCOL_VERSION}`;

/** What a handshake brings. */
export interface Offer {
  /** Undefined: none of ours was offered, and none is answered. */
  readonly protocol: string | undefined;
  readonly credential: OfferedCredential | undefined;
  /** Why the handshake makes no sense. */
  readonly fault?: string;
}

export interface OfferedCredential {
  readonly credential: Credential;
  readonly secret: string;
  /** The kind or id of a room that a token is for; undefined: the only kind there is. */
  readonly room: string | undefined;
}

const WORDS: Readonly<Record<string, Credential>> = {
  bearer: Credential.Token,
  token: Credential.Token,
  ticket: Credential.Ticket,
  resume: Credential.Resume,
};

export function readOffer(headers: ReadonlyMap<string, string>): Offer {
  const offered = (headers.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim());
  const speaks = offered.includes(SUBPROTOCOL);
  const protocol = speaks ? SUBPROTOCOL : undefined;
  const found: { credential: Credential; secret: string }[] = [];
  // Other schemes, such as Basic, are for a proxy in front.
  const header = /^(bearer|ticket|resume) +([^ ,]+)$/i.exec(headers.get('authorization') ?? '');
  if (header) found.push({ credential: WORDS[header[1].toLowerCase()], secret: header[2] });
  let room: string | undefined;
  for (const one of speaks ? offered : []) {
    const [, word, text] = /^(token|ticket|resume|room)\.(.*)$/.exec(one) ?? [];
    if (word === 'room') room = text;
    else if (word !== undefined)
      found.push({ credential: WORDS[word], secret: word === 'token' ? decoded(text) : text });
  }
  const [first] = found;
  const fault =
    found.length > 1
      ? 'more than one credential'
      : first && Buffer.byteLength(first.secret) > MAX_HELLO_BYTES
        ? 'a credential that is too long'
        : room && room.length > MAX_NAME_CHARS
          ? `a room's name of more than ${MAX_NAME_CHARS} characters`
          : undefined;
  return { protocol, credential: first && { ...first, room }, ...(fault && { fault }) };
}

/** A subprotocol's name is a few ASCII characters (RFC 6455 4.1); a token is any text. */
function decoded(text: string): string {
  return Buffer.from(text, 'base64url').toString();
}
