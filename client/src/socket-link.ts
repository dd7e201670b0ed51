// A browser's WebSocket (or one passed in, such as ws in Node) as a Link. Nothing above it knows
// that sockets exist.
import { CLOSE_AUTH_FAILED, type Link } from '@tickwire/protocol';

/** What we use of a WebSocket: the browser's, Node's, or ws'. */
export interface SocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}
export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike;

const OPEN = 1;
/** A page may close with 1000 or 3000..4999 and nothing else; another code of ours becomes this. */
const NOT_SENDABLE = 4000;
/** Bytes of a close reason that fit the frame; a character of ours takes one, others up to 3. */
const MAX_REASON_CHARS = 40;

/**
 * Opens a socket; `opened` is called with the link, or `onClose` of the link with 1006 where it
 * never opens. `offer`: subprotocols to wait for first; where there are none, it closes with 4001.
 */
export function openLink(
  url: string,
  Socket: SocketConstructor,
  opened: () => void,
  offer?: () => Promise<string[]>,
): Link {
  let socket: SocketLike | undefined;
  let over = false;
  const link: Link = {
    onMessage: null,
    onClose: null,
    get bufferedBytes() {
      return socket?.bufferedAmount ?? 0;
    },
    send(bytes) {
      if (socket?.readyState === OPEN) socket.send(bytes as Uint8Array<ArrayBuffer>);
    },
    close(code, reason) {
      over = true;
      link.onClose = null;
      const sendable = code === 1000 || (code >= 3000 && code <= 4999);
      socket?.close(sendable ? code : NOT_SENDABLE, reason.slice(0, MAX_REASON_CHARS));
    },
  };
  const closed = (code: number, reason: unknown) => {
    const tell = link.onClose;
    link.onClose = null;
    tell?.(code, String(reason));
  };
  const start = (protocols?: string[]) => {
    if (over) return;
    socket = new Socket(url, protocols);
    socket.binaryType = 'arraybuffer';
    socket.onopen = opened;
    socket.onmessage = ({ data }: { data: unknown }) => {
      if (data instanceof ArrayBuffer) link.onMessage?.(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => closed(code, reason);
    // An error is always followed by a close, which says as much as a page may know.
    socket.onerror = () => {};
  };
  if (offer)
    offer()
      .then(start)
      .catch((error) => closed(CLOSE_AUTH_FAILED, error.message));
  else start();
  return link;
}
