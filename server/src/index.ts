// The server's files in reading order: a file imports only files above it in this list. What a game
// needs is exported; a file named in a comment is the house's own. `./jwt` and `./redis` are
// exports of their own, so that who does not want them does not load jose or Redis's client.
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
// ./log.ts
export type { TlsFiles } from './certificate.ts';
export type { Log, LogLevel } from './log.ts';
// ./restarts.ts
// ./shapes.ts
// ./tally.ts
// ./ticker.ts
export type {
  HttpRequest,
  HttpResponse,
  Socket,
  SocketHandler,
  Transport,
  TransportHandler,
  TransportLimits,
  UpgradeAnswer,
  UpgradeRequest,
} from './transport.ts';
// ./security-headers.ts
// ./request.ts
// ./socket-guard.ts
// ./unread-lines.ts
// ./uws-package.ts
// ./uws-port.ts
// ./uws-socket.ts
// ./ws-socket.ts
export { createUwsTransport } from './uws-transport.ts';
export { createWsTransport } from './ws-transport.ts';
export {
  createMemoryTransport,
  type MemoryPeer,
  type MemoryTransport,
} from './memory-transport.ts';
export type { TransportName } from './transports.ts';
// ./transports.ts
// ./origin.ts
// ./proxies.ts
// ./open-files.ts
// ./rate-limit.ts
// ./refusal-log.ts
// ./static-files.ts
// ./cold.ts
// ./world.ts
// ./step-runner.ts
// ./grid.ts
// ./sudden-rows.ts
export type { Point } from './eyes.ts';
// ./visibility.ts
export { type Admission, type Authenticate, Refusal } from './admission.ts';
// ./arguments.ts
// ./channel.ts
export {
  type Board,
  type Checkpoint,
  type Claim,
  type Directory,
  DirectoryError,
  type Lease,
  type Owner,
  type Post,
  type Posted,
  type Presence,
  type Outcome,
  type Reservation,
  type RoomEntry,
  type RoomFacts,
  type Save,
  type SeatPromise,
  type ShardEntry,
  type Standing,
} from './directory.ts';
export type { BoardOptions, PageOptions } from './boards.ts';
export type {
  LaunchOptions,
  Past,
  PastHit,
  RewindOptions,
  Room,
  RoomLog,
  Seat,
  Sender,
} from './room-api.ts';
export type { QueueRule } from './queue.ts';
export type { MatchRule } from './matching.ts';
export { defineRoom, type Failover, type RoomDefinition, type RoomKind } from './define-room.ts';
// ./contacts.ts
// ./heartbeat.ts
// ./game-code.ts
// ./input-queue.ts
// ./told.ts
// ./outbox.ts
// ./seat.ts
// ./room-seats.ts
// ./emitter.ts
// ./rewind-grid.ts
// ./rewind-history.ts
// ./rewound.ts
// ./rewind.ts
// ./digest.ts
// ./schedule.ts
// ./timers.ts
// ./table-learner.ts
// ./priority-buckets.ts
// ./arrivals.ts
// ./budget.ts
// ./replication.ts
// ./sharing.ts
// ./turns.ts
// ./sending.ts
export type { GameRoom } from './room.ts';
// ./identity.ts
// ./keys.ts
// ./seat-state.ts
// ./room-state.ts
export { CheckpointError, type CheckpointFault } from './checkpoint.ts';
// ./totals.ts
// ./intake.ts
// ./chance.ts
// ./memory-shards.ts
// ./memory-presence.ts
// ./memory-boards.ts
// ./memory-seats.ts
export { MemoryDirectory, type MemoryDirectoryOptions } from './memory-directory.ts';
// ./parent-messages.ts
// ./parent-directory.ts
// ./directory-host.ts
// ./redis-keys.ts
// ./redis-scripts.ts
// ./redis-line.ts
// ./redis-slots.ts
// ./redis-ear.ts
// ./redis-cluster.ts
// ./redis-options.ts
// ./redis-lists.ts
// ./redis-rooms.ts
// ./redis-presence.ts
// ./redis-boards.ts
// ./redis-channels.ts
// ./watches.ts
// ./redis-directory.ts
// ./commands.ts
// ./joining.ts
// ./game-answers.ts
// ./authenticator.ts
// ./playing.ts
// ./offer.ts
// ./tickets.ts
// ./radio.ts
// ./attendance.ts
// ./score-posts.ts
// ./switchboard.ts
// ./by-user.ts
// ./taken-seats.ts
// ./expected-load.ts
// ./queues.ts
// ./abreast.ts
// ./leases.ts
// ./peers.ts
// ./queue-messages.ts
// ./shard-list.ts
// ./queue-owners.ts
// ./connection.ts
// ./releases.ts
// ./succession.ts
export type { Shard } from './shard.ts';
// ./awake.ts
// ./answer-times.ts
// ./owners.ts
// ./others.ts
// ./openings.ts
// ./asked-places.ts
// ./freed-places.ts
// ./room-lists.ts
// ./placement.ts
// ./redemption.ts
// ./waiter.ts
// ./queue-line.ts
// ./heirs.ts
// ./gathering.ts
// ./waiting.ts
export type { Seating } from './seating.ts';
// ./recovery.ts
// ./moving.ts
// ./orphans.ts
// ./balance.ts
// ./newcomer.ts
// ./saves.ts
// ./cluster.ts
// ./make-shard.ts
export type { MetricsOptions } from './metrics.ts';
// ./board-pages.ts
// ./http-api.ts
export type { Edge } from './edge.ts';
// ./watchdog.ts
// ./kept-process.ts
// ./place.ts
export type { PublicUrl } from './public-url.ts';
export type { ServeOptions, ShardedOptions } from './serve-options.ts';
// ./access.ts
// ./end-signals.ts
export type { Shards } from './shards.ts';
export { type Server, serve } from './serve.ts';
// ./supervisor.ts
// ./command.ts
// ./serve-command.ts
// ./cli.ts
