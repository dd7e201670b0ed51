// Whether a room keeps its rate: a 20 Hz and a 60 Hz room on the real ticker, counted over a minute
// and judged by its first and last tick. Lateness is how long after its ideal time a tick began; it
// never adds up, which is what the rate shows.
import { type GameRoom, serve } from '@tickwire/server';
import { arenaOf, arenaRoom } from './arena.ts';
import { machine, round, type Spread, say, spread } from './figures.ts';
import { NullTransport } from './null-line.ts';

export interface RateFigures {
  readonly hz: number;
  readonly ticks: number;
  readonly seconds: number;
  readonly latenessMs: Spread;
  /** Ms given up because the process could not keep up. */
  readonly lostMs: number;
}

/** Ships that fly in the room, so that a tick is not nothing. */
const SHIPS = 50;

export async function measureRate(seconds: number): Promise<object> {
  say(`rate: a 20 Hz and a 60 Hz room side by side, ${seconds} s`);
  const kinds = [20, 60].map((tickRate) => {
    const size = { tickRate, seats: 1, others: SHIPS, seed: 1 };
    return [`hz${tickRate}`, arenaRoom(arenaOf(tickRate), size)] as const;
  });
  const rooms = Object.fromEntries(kinds);
  const transport = new NullTransport();
  const server = await serve({
    rooms,
    transport,
    port: 0,
    signals: false,
    findDesyncs: false,
    log: 'silent',
  });
  const watched = [...server.shard.rooms.values()].map(watch);
  for (let left = seconds; left > 0; left -= 10) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 10) * 1000));
    say(`rate: ${Math.max(left - 10, 0)} s left`);
  }
  const figures = watched.map((read) => read());
  await server.close();
  return { machine: machine(), ...Object.fromEntries(figures) };
}

/** Notes the time of every tick; the answer reads what was noted. */
function watch(room: GameRoom): () => [string, RateFigures] {
  const late: number[] = [];
  let first = 0;
  let last = 0;
  let ticks = -1;
  const run = room.run.bind(room);
  room.run = (nowMs) => {
    late.push(nowMs - room.dueMs);
    const done = run(nowMs);
    // The first tick only starts the clock.
    if (ticks < 0) {
      first = nowMs;
      ticks = 0;
    } else ticks += done;
    last = nowMs;
    return done;
  };
  return () => {
    const hz = round((ticks * 1000) / (last - first), 3);
    const seconds = round((last - first) / 1000, 2);
    const { lostMs } = room.schedule;
    return [room.kind, { hz, ticks, seconds, latenessMs: spread(late), lostMs: round(lostMs, 1) }];
  };
}
