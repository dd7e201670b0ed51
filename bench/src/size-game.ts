// What `size` bundles: a page's whole use of Tickwire, without drawing. A game of the usual fields
// (the declaration's builders and step) and one session; exported so that nothing is shaken off.
import { connect } from '@tickwire/client';
import { angle, bool, defineGame, fixed, int, text } from '@tickwire/protocol';

export const squares = defineGame({
  tickRate: 30,
  entities: {
    player: {
      x: fixed(0, 640, 1 / 16).smooth(),
      y: fixed(0, 480, 1 / 16).smooth(),
      heading: angle(8).smooth(),
      name: text(16),
      ammo: int(0, 63).ownerOnly(),
    },
  },
  input: { dx: int(-1, 1), dy: int(-1, 1), fire: bool().press() },
  step: {
    player(self, input, { dt }) {
      self.x += input.dx * 120 * dt;
      self.y += input.dy * 120 * dt;
    },
  },
});

export const join = () =>
  connect(squares, { room: 'field', sample: () => ({ dx: 0, dy: 0, fire: false }) });
