// Has a room of a server tell a LoadWatch of each of its ticks. Called by the servers that are
// loaded, once for a room. Trap: it stands around the framework's own methods, which costs a
// little; it is the same little for every room and seat.
import type { GameRoom } from '@tickwire/server';
import type { LoadWatch } from './load-watch.ts';

/** A tick begins when the one before has ended, or when its timer fires. */
export function watchTicks(room: GameRoom, watch: LoadWatch): void {
  const { replication, schedule } = room;
  const run = room.run.bind(room);
  const begin = replication.begin.bind(replication);
  const end = replication.end.bind(replication);
  let beganMs = 0;
  let dueMs = 0;
  let sendMs = 0;
  room.run = (nowMs) => {
    beganMs = nowMs;
    dueMs = room.dueMs;
    const lostMs = schedule.lostMs;
    const ticks = run(nowMs);
    watch.lostMs += schedule.lostMs - lostMs;
    return ticks;
  };
  replication.begin = (tick) => {
    sendMs = performance.now();
    begin(tick);
  };
  replication.end = () => {
    end();
    const nowMs = performance.now();
    watch.tick(beganMs - dueMs, nowMs - dueMs, nowMs - sendMs);
    beganMs = nowMs;
    dueMs = schedule.dueMs(room.tick + 1);
  };
}
