// A line that somebody listens to, or changes what goes over it. For suites that need what a real
// client says and hears, and nothing else of it. Trap: bytes are valid inside a call only.
import type { Link } from '@tickwire/protocol';

export interface Tap {
  /** What goes on instead of a frame that the client says, or is told. Default: the same. */
  up?(frame: Uint8Array): Uint8Array;
  down?(frame: Uint8Array): Uint8Array;
}

export function tapped(line: Link, { up, down }: Tap): Link {
  const tap: Link = {
    send: (frame) => line.send(up ? up(frame) : frame),
    close: (code, reason) => line.close(code, reason),
    get bufferedBytes() {
      return line.bufferedBytes;
    },
    onMessage: null,
    onClose: null,
  };
  line.onMessage = (frame) => tap.onMessage?.(down ? down(frame) : frame);
  line.onClose = (code, reason) => tap.onClose?.(code, reason);
  return tap;
}
