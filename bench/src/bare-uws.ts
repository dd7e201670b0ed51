// The ceiling: uWebSockets.js and nothing else. Each tick one prepared buffer of our STATE's size
// goes to every socket, and what comes is received. Run by load.ts in a process of its own, beside
// a room that does real work with the same bytes in and out.

import uws, { type WebSocket } from 'uWebSockets.js';
import { FrameType } from '@tickwire/protocol';
import { type Listening, LoadWatch, serveTask } from './load-watch.ts';

export interface BareTask {
  readonly stateBytes: number;
  readonly tickRate: number;
}

/** Behind by more ticks than this, the schedule gives them up, as ours does. */
const MAX_BEHIND_TICKS = 5;

const watch = new LoadWatch();
const sockets = new Set<WebSocket<unknown>>();
serveTask(watch, start);

async function start({ stateBytes, tickRate }: BareTask): Promise<Listening> {
  const app = uws.App().ws('/*', {
    open: (socket) => void sockets.add(socket),
    close: (socket) => void sockets.delete(socket),
    message: () => {},
  });
  const port = await new Promise<number>((resolve) => {
    app.listen('127.0.0.1', 0, (listening) =>
      resolve(uws.us_socket_local_port(listening as never)),
    );
  });
  // The head of a STATE one tick after the one before: what a generator answers.
  const state = new Uint8Array(stateBytes);
  state.set([0x95, FrameType.State, 1]);
  const began = performance.now();
  run(state, 1000 / tickRate, began);
  watch.dueMs = () => began;
  return { port, hash: '', room: '' };
}

function run(state: Uint8Array, tickMs: number, startMs: number): void {
  let dueMs = startMs + tickMs;
  const next = () => {
    const beganMs = performance.now();
    // A timer may fire a little early.
    if (beganMs < dueMs) return void setTimeout(next, dueMs - beganMs);
    for (const socket of sockets) socket.send(state, true, false);
    const endedMs = performance.now();
    watch.tick(beganMs - dueMs, endedMs - dueMs, endedMs - beganMs);
    dueMs += tickMs;
    if (endedMs - dueMs > MAX_BEHIND_TICKS * tickMs) {
      watch.lostMs += endedMs - dueMs;
      dueMs = endedMs;
    }
    setTimeout(next, Math.max(dueMs - performance.now(), 0));
  };
  next();
}
