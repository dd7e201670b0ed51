// Where the shipped code touches the clock, chance and timers. Read by tidy.test.ts alone, which
// refuses them everywhere else.

/**
 * The edge: the only shipped files that may read a clock, roll dice or set a timer, each with its
 * reason. Everything else takes time and chance as arguments, so that tests and replays decide what
 * they are.
 */
export const EDGE: Readonly<Record<string, string>> = {
  'client/src/connect.ts': "the page's clock and timers, and the seed of the backoff's jitter",
  'client/src/simulator.ts': 'the clock and timers of a simulated line',
  'server/src/authenticator.ts': "the deadline of a game's authenticate",
  'server/src/end-signals.ts': 'whether a second signal is the first one again',
  'server/src/kept-process.ts': 'waits before a start, and how long a server lived',
  'server/src/owners.ts': 'waits between looks at a room that nobody has',
  'server/src/parent-directory.ts': "the deadline of the parent's answer",
  'server/src/peers.ts': "the deadline of another shard's answer",
  'server/src/recovery.ts': 'lets those sit down first whom the directory has answered',
  'server/src/redis-cluster.ts': 'waits for slots that move, how long a node has answered',
  'server/src/redis-ear.ts': 'waits before it listens elsewhere',
  'server/src/redis-line.ts': 'the deadline of what is asked, how long a connection was silent',
  'server/src/serve.ts': 'its sweep, the time close frames get to leave',
  'server/src/serve-options.ts': "the server's clocks, unless a test has its own",
  'server/src/shard.ts': "the deadline of the game's close",
  'server/src/shards.ts': "the directory's clock, and how long shards get to close",
  'server/src/ticker.ts': 'waits for the next tick',
  'server/src/uws-transport.ts': 'deadline of a request body',
  'server/src/watchdog.ts': 'a timer that shows that the event loop turns',
  'server/src/ws-transport.ts': 'deadline of a request body, sweep of idle sockets',
};
