// Everything both sides agree on, in reading order: a file imports only files above it in this
// list. Pure: no clock, no timer, no socket, no Node, no DOM.
export * from './close-codes.ts';
export * from './errors.ts';
export * from './options.ts';
export * from './limits.ts';
export * from './random.ts';
export * from './standard-schema.ts';
export * from './field.ts';
// ./checks.ts, and ./unchecked.ts in its place: `#checks` of package.json
export { checkOptions, checkTicks } from '#checks';
export * from './columns.ts';
export * from './quantize.ts';
export * from './contexts.ts';
export * as Context from './body-context.ts';
export * from './msgpack-writer.ts';
export * from './msgpack-reader.ts';
export * from './builders.ts';
export * from './plan.ts';
export * from './coder.ts';
export * from './coding-tables.ts';
export * from './table.ts';
export * from './tracks.ts';
export * from './baseline.ts';
export * as ByVelocity from './by-velocity.ts';
export * as ByItself from './by-itself.ts';
export * from './track-odds.ts';
export * from './row.ts';
export * from './collections.ts';
export * from './sink.ts';
export * from './value-writer.ts';
export * from './game.ts';
export * from './describe.ts';
export * from './departures.ts';
export * from './far-table.ts';
export * from './live-table.ts';
export * from './table-state.ts';
export * from './received-table.ts';
export * from './state-reader.ts';
export * from './received.ts';
export * from './history.ts';
export * from './blend.ts';
export * from './state-writer.ts';
export * from './frames.ts';
export * from './hello.ts';
export * from './moved.ts';
export * from './continuity.ts';
export * from './renewal.ts';
export * from './waiting.ts';
export * from './digest.ts';
export * from './plain.ts';
export * from './packed-input-sink.ts';
export * from './packed-sink.ts';
export * from './packed-source.ts';
export * from './state-feed.ts';
export * from './slot-list.ts';
export * from './leave-log.ts';
export * from './known-set.ts';
export * from './body-writer.ts';
export * from './input-codec.ts';
export * from './clock.ts';
export * from './link.ts';
// Behind a door of their own, simulator.ts:
// ./line-simulator.ts
// ./line-profiles.ts
// ./virtual-time.ts
