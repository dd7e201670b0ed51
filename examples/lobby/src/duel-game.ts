// What a duel and its page agree on: players push a square over a field and collect coins. The step
// runs on the server as the truth and in the player's browser as the prediction.
import { bool, choice, command, defineGame, int, text, vec2 } from '@tickwire/protocol';
import { FIELD, MOST_PLAYERS, NAME_LENGTH, PLAYER_SIZE, SPEED, whereabouts } from './rules.ts';

export const duel = defineGame({
  tickRate: 30,
  state: {
    ...whereabouts,
    mayKill: bool(),
    phase: choice('waiting', 'ready', 'playing', 'over'),
    /** The tick in which the phase ends; 0 while others are waited for. */
    endTick: int(0, 2 ** 30),
  },
  entities: {
    player: {
      position: vec2(PLAYER_SIZE / 2, FIELD - PLAYER_SIZE / 2, 1 / 16).smooth(),
      name: text(NAME_LENGTH),
      hue: int(0, MOST_PLAYERS - 1),
      score: int(0, 1_000),
    },
    coin: { position: vec2(0, FIELD, 1), golden: bool() },
  },
  input: { push: vec2(-1, 1, 1 / 16) },
  events: { taken: { hue: int(0, MOST_PLAYERS - 1), at: vec2(0, FIELD, 1), golden: bool() } },
  commands: { kill: command({}) },
  step: { player: (me, { push }, { dt }) => me.position.add(push, SPEED * dt).clamp() },
});
