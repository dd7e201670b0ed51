// Runs in a folder where only the packed packages are installed: a game is declared, served over ws
// and played from Node. The player holds a direction until its shown row has moved, then leaves.
import { connect } from '@tickwire/client';
import { defineGame, fixed, int } from '@tickwire/protocol';
import { defineRoom, serve } from '@tickwire/server';
import WebSocket from 'ws';

const game = defineGame({
  tickRate: 30,
  entities: { player: { x: fixed(0, 640, 1 / 16).smooth() } },
  input: { dx: int(-1, 1) },
  step: {
    player(self, input, { dt }) {
      self.x += input.dx * 120 * dt;
    },
  },
});
const field = defineRoom(game, {
  seats: 2,
  join(room, seat) {
    room.spawn('player', { x: 320 }, seat);
  },
});

const server = await serve({ port: 0, host: '127.0.0.1', transport: 'ws', rooms: { field } });
const url = `ws://127.0.0.1:${server.port}`;
const session = await connect(game, { url, room: 'field', WebSocket, sample: () => ({ dx: 1 }) });
const until = Date.now() + 10_000;
let x = 0;
while (x <= 330) {
  if (Date.now() > until) throw new Error(`the player has not moved: x is ${x}`);
  await new Promise((done) => setTimeout(done, 20));
  x = session.newest().mine('player')?.x ?? 0;
}
session.leave();
await server.close();
console.log(`Node ${process.version}: played from packed packages to x = ${x.toFixed(1)}`);
