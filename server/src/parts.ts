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
export { RedisKeys } from './redis-keys.ts';
export { search } from './redis-lists.ts';
export { SLOTS, slotOf } from './redis-slots.ts';
export { Releases } from './releases.ts';
export { GameRoom, type RoomOptions } from './room.ts';
export { type Heir, Succession } from './succession.ts';
export { Tally } from './tally.ts';
export { Tickets } from './tickets.ts';
export { Watches } from './watches.ts';
