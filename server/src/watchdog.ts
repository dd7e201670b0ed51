// Ends the process when its event loop stands still: a room whose code never returns cannot be
// stopped from inside. Made by serve(), which gives it the heartbeat; a thread of its own looks at
// that, asks the main thread's inspector where it is, writes one line to stderr and ends all. Trap:
// the thread's program is a text, for there is no file that tsx, plain node and a bundled server
// would all find.
import { url as inspectorUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { BEAT, DEBUGGED, type Heartbeat, ROOM } from './heartbeat.ts';
import type { Log } from './log.ts';

/** What the process ends with: as timeout(1) does where its command took too long. */
export const EXIT_HUNG = 124;

/** Beats and looks of the shortest limit: found out at most a quarter of it late. */
const LOOK_MS = 100;
/**
 * The main thread says within 40 ms where it is; on a crowded machine later, in native code never.
 */
const STACK_MS = 1_000;
/** It ends itself within 20 ms; on a crowded machine later, in native code never. */
const EXIT_MS = 2_000;
/** Ms after its limit within which it has spoken: a look that is late, and the stack. */
export const SPEAKS_MS = 5 * LOOK_MS + STACK_MS;
/** Frames of the stack: the loop itself, and the hook that it stands in. */
const STACK_FRAMES = 10;

/**
 * Times the limit for a loop that waits, for a file or for a processor, instead of computing: a
 * crowded machine keeps a healthy process waiting for seconds.
 */
const WAIT_FACTOR = 5;

/** Megabytes of heap: the thread keeps the names of rooms and little else. */
const HEAP_MB = 16;

/**
 * Starts watching; answers what stops it. `hangMs` may be computed without a beat, `stillMs` may
 * pass without one.
 */
export function startWatchdog(
  heartbeat: Heartbeat,
  hangMs: number,
  log: Log,
  stillMs = WAIT_FACTOR * hangMs,
): () => void {
  if (hangMs === Number.POSITIVE_INFINITY) return () => {};
  const thread = new Worker(THREAD, {
    eval: true,
    name: 'tickwire watchdog',
    // What the process was started with (loaders, a debugger) is none of the thread's business.
    execArgv: [],
    env: {},
    workerData: { cells: heartbeat.cells, rooms: heartbeat.rooms, hangMs, mostStillMs: stillMs },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 2 },
  });
  thread.unref();
  thread.on('error', (error) => {
    log.warn({ err: error }, 'the watchdog ended: a room that never returns would not be noticed');
  });
  heartbeat.onRoom = (number, id) => thread.postMessage({ number, id });
  const beat = () => heartbeat.beat(inspectorUrl() !== undefined);
  beat();
  const timer = setInterval(beat, LOOK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    heartbeat.onRoom = () => {};
    void thread.terminate();
  };
}

const THREAD = String.raw`
const { writeSync } = require('node:fs');
const { Session } = require('node:inspector');
const { parentPort, workerData } = require('node:worker_threads');
const { cells, rooms, hangMs, mostStillMs } = workerData;

parentPort.on('message', ({ number, id }) => {
  if (id === undefined) rooms.delete(number);
  else rooms.set(number, id);
});

let beat = Atomics.load(cells, ${BEAT});
let lookedMs = performance.now();
let used = process.cpuUsage();
/** Since the newest beat: time of the processor, and time in which nothing may have run. */
let busyMs = 0;
let stillMs = 0;
const looking = setInterval(() => {
  const nowMs = performance.now();
  const passedMs = nowMs - lookedMs;
  lookedMs = nowMs;
  const { user, system } = process.cpuUsage(used);
  used = process.cpuUsage();
  const newest = Atomics.load(cells, ${BEAT});
  const alive = newest !== beat || Atomics.load(cells, ${DEBUGGED}) === 1;
  beat = newest;
  busyMs = alive ? 0 : busyMs + Math.min((user + system) / 1000, passedMs);
  // A machine that slept, or a process that was stopped, did not wait meanwhile.
  stillMs = alive ? 0 : stillMs + Math.min(passedMs, ${2 * LOOK_MS});
  if (busyMs <= hangMs && stillMs <= mostStillMs) return;
  clearInterval(looking);
  end(rooms.get(Atomics.load(cells, ${ROOM})));
}, ${LOOK_MS});

function end(room) {
  const session = new Session();
  const files = new Map();
  session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url));
  session.on('Debugger.paused', ({ params }) => finish(params.callFrames));
  const placeOf = ({ functionName, location: { scriptId, lineNumber, columnNumber } }) => {
    const place = [files.get(scriptId), lineNumber + 1, columnNumber + 1].join(':');
    return (functionName || '(anonymous)') + ' (' + place + ')';
  };
  const finish = (frames) => {
    session.removeAllListeners('Debugger.paused');
    clearTimeout(late);
    say(room, frames.slice(0, ${STACK_FRAMES}).map(placeOf));
    // On the main thread, inside its loop: a signal would not end the first process of a container.
    session.post('Runtime.evaluate', { expression: 'process.exit(${EXIT_HUNG})' });
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${EXIT_MS});
  };
  const late = setTimeout(finish, ${STACK_MS}, []);
  session.connectToMainThread();
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}

function say(room, stack) {
  const where = room === undefined ? 'code outside of a hook' : 'room ' + room;
  const msg = where + ' has not returned for ' + Math.round(stillMs) + ' ms: the process ends';
  const line = { level: 60, time: Date.now(), name: 'tickwire', room, stack, msg };
  try {
    writeSync(2, JSON.stringify(line) + '\n');
  } catch {
    // Nobody reads stderr; the process ends all the same.
  }
}
`;
