import { defineGame, vec2 } from '@tickwire/protocol';

const place = { position: vec2(0, 640, 1 / 16).smooth() };
export const squares = defineGame({
  entities: { player: place, coin: place },
  input: { push: vec2(-1, 1, 1 / 8) },
  step: { player: (me, { push }, { dt }) => me.position.add(push, 240 * dt).clamp() },
});
