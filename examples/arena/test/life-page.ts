// The page of life.browser.test.ts: plays `life` and keeps what a test asks for on `window.life`.
// Bundled by the test. `?key=` takes the seat of another page by its resume key, as a page that got
// hold of it would. Trap: nothing here may refer to the test's side; it runs in the browser.
import { connect } from '@tickwire/client';
import {
  Credential,
  FrameType,
  type Link,
  MsgpackReader,
  MsgpackWriter,
  PROTOCOL_VERSION,
  readFrame,
  readWelcome,
  writeHello,
} from '@tickwire/protocol';
import { life } from './life-game.ts';

const asked = new URLSearchParams(location.search);

export interface Frame {
  atMs: number;
  /** Tick that others are shown at, and the newest that came. */
  shown: number;
  newest: number;
  /** Where another's walker is drawn; NaN without one. */
  x: number;
}

export interface LifePage {
  game: Awaited<ReturnType<typeof connect<typeof life>>> | undefined;
  /** What connect() rejected with. */
  refused: string;
  /** Each status with its words, as `live` or `closed superseded`, and when it came. */
  statuses: { words: string; atMs: number }[];
  /** Drawn frames, newest last: see Frame. */
  frames: Frame[];
  /** The resume key of the seat. */
  key: string;
  /** Readings of the controls so far; each input carries it. */
  counted: number;
  /** Fire goes down at the next reading. */
  fire: boolean;
  /** Bytes that the socket held at most when something was sent. */
  mostBuffered: number;
  /** Everything that STATEs said: RESYNCs sent by this page. */
  resyncs: number;
  /** INPUT frames that were sent. */
  inputFrames: number;
  sockets: number;
}

declare global {
  interface Window {
    life: LifePage;
  }
}

const page: LifePage = {
  game: undefined,
  refused: '',
  statuses: [],
  frames: [],
  key: '',
  counted: 0,
  fire: false,
  mostBuffered: 0,
  resyncs: 0,
  inputFrames: 0,
  sockets: 0,
};
window.life = page;

const reader = new MsgpackReader();

function typeOf(bytes: Uint8Array): FrameType {
  reader.reset(bytes);
  return readFrame(reader, { elements: 0 });
}

/** HELLO as this page says it, or with the key that it was given. */
function hello(bytes: Uint8Array): Uint8Array {
  const secret = asked.get('key');
  if (!secret) return bytes;
  const out = new MsgpackWriter(512);
  writeHello(out, {
    version: PROTOCOL_VERSION,
    hash: life.hash,
    room: 'field',
    credential: Credential.Resume,
    secret,
    spectate: false,
  });
  return out.bytes();
}

/** Looks into what goes over a line. */
function tap(link: Link): Link {
  page.sockets++;
  const tapped: Link = {
    send(bytes) {
      const type = typeOf(bytes);
      if (type === FrameType.Resync) page.resyncs++;
      if (type === FrameType.Input) page.inputFrames++;
      link.send(type === FrameType.Hello ? hello(bytes) : bytes);
      page.mostBuffered = Math.max(page.mostBuffered, link.bufferedBytes);
    },
    close: (code, reason) => link.close(code, reason),
    onMessage: null,
    onClose: null,
    get bufferedBytes() {
      return link.bufferedBytes;
    },
  };
  link.onMessage = (bytes) => {
    if (typeOf(bytes) === FrameType.Welcome) page.key = readWelcome(reader).resumeKey;
    tapped.onMessage?.(bytes);
  };
  link.onClose = (code, reason) => tapped.onClose?.(code, reason);
  return tapped;
}

function sample() {
  const { fire } = page;
  page.fire = false;
  return { counted: ++page.counted, fire };
}

/** A clock that stands while nothing runs, as that of some machines does while they sleep. */
let realMs = performance.now();
let stoodMs = 0;
function standing(): number {
  const before = realMs;
  realMs = performance.now();
  if (realMs - before > 1000) stoodMs += realMs - before;
  return realMs - stoodMs;
}

try {
  page.game = await connect(life, {
    room: 'field',
    sample,
    link: tap,
    retryCapMs: 1000,
    now: asked.has('stands') ? standing : undefined,
  });
  page.game.onStatus((status) => {
    const { state } = status;
    const more =
      state === 'live' && status.fresh ? ' afresh' : state === 'closed' ? ` ${status.reason}` : '';
    page.statuses.push({ words: state + more, atMs: performance.now() });
  });
} catch (error) {
  page.refused = String(error);
}

function draw(): void {
  requestAnimationFrame(draw);
  const { game } = page;
  if (!game) return;
  const view = game.view();
  const other = [...view.all('walker')].find(({ owner }) => owner !== game.seat);
  page.frames.push({
    atMs: performance.now(),
    shown: view.tick,
    newest: game.newest().tick,
    x: other?.x ?? Number.NaN,
  });
}
draw();
