import { defineRoom, serve } from '@tickwire/server';
import { squares } from './game.ts';

const field = defineRoom(squares, {
  open: (room) => void room.spawn('coin', { position: { x: 80, y: 320 } }),
  join: (room, seat) => room.spawn('player', { position: { x: 320, y: 320 } }, seat),
  tick(room) {
    for (const { position: at } of room.all('coin'))
      for (const _ of room.near('player', at.x, at.y, 30)) at.set(640 * room.random(), 640 - at.y);
  },
});
await serve({ rooms: { field }, page: 'dist' });
