// The client's files in reading order: a file imports only files above it in this list. `./desync`,
// `./overlay` and `./simulator` are exports of their own, so that a game that does not want them
// does not load them.
// ./limits.ts
export {
  CommandError,
  type CommandFailure,
  ConnectError,
  type ConnectReason,
  type EndReason,
  type Status,
} from './status.ts';
// ./socket-link.ts
// ./lateness.ts
// ./moment.ts
// ./shown-time.ts
// ./input-time.ts
// ./input-maker.ts
// ./correction.ts
// ./fading.ts
// ./shown-rows.ts
// ./own-entities.ts
// ./prediction.ts
export type { View } from './view.ts';
// ./playback.ts
// ./wire.ts
// ./calls.ts
// ./carried.ts
// ./backoff.ts
// ./credentials.ts
// ./whereabouts.ts
// ./session-options.ts
// ./event-handlers.ts
// ./session.ts
export type { Waiting } from '@tickwire/protocol';
export { type ConnectOptions, connect, type GameClient, type Stats } from './connect.ts';
