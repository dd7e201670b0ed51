// What stands between shards and their directory, piece by piece, for who drives it in a time of
// his own: the simulator of a whole cluster (bench/src/cluster.ts), examples that save rooms. Named
// by sources alone: no package that is installed has this door. Trap: what is exported here may
// change with any commit.

export { AnswerTimes } from './answer-times.ts';
export { checkpointOf, type RestoredRoom, restoreRoom } from './checkpoint.ts';
export { Cluster, type ClusterOptions } from './cluster.ts';
export { GameAnswers } from './game-answers.ts';
export type { Identity } from './identity.ts';
export { JoinRefused } from './joining.ts';
export { Leases } from './leases.ts';
export type { Log } from './log.ts';
export { Others } from './others.ts';
export { Peers } from './peers.ts';
export { Placement, type Promised } from './placement.ts';
export { Recovery } from './recovery.ts';
export { POST, STANDING, TOP } from './redis-boards.ts';
export { ClusterLine } from './redis-cluster.ts';
export { RedisDirectory } from './redis-directory.ts';
export { type Hear, type Line, type NodeLine, type OpenLine, openLine } from './redis-line.ts';
export { ARRIVE, DEPART, ROWS_OF } from './redis-presence.ts';
export * as redisScripts from './redis-scripts.ts';
export { SLOTS } from './redis-slots.ts';
export { Releases } from './releases.ts';
export { GameRoom, type RoomOptions } from './room.ts';
export { type Heir, Succession } from './succession.ts';
export { Tally } from './tally.ts';
export { Tickets } from './tickets.ts';
