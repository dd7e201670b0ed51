import { connect } from '@tickwire/client';
import { squares } from './game.ts';

let push = { x: 0, y: 0 };
addEventListener('pointermove', ({ x, y }) => (push = { x: x / 320 - 1, y: y / 320 - 1 }));
const game = await connect(squares, { room: 'field', sample: () => ({ push }) });
const screen = document.querySelector('canvas')!.getContext('2d')!;
(function draw(_time = 0, view = game.view()) {
  screen.clearRect(0, 0, 640, 640);
  for (const { position: at } of view.all('coin')) screen.strokeRect(at.x - 8, at.y - 8, 16, 16);
  for (const { position: at } of view.all('player')) screen.fillRect(at.x - 10, at.y - 10, 20, 20);
  requestAnimationFrame(draw);
})();
