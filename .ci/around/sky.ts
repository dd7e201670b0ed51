// What README.md's rewind needs of a game: ships that fire at once and launch rockets.
import { angle, bool, defineGame, entity, fixed, int } from '@tickwire/protocol';

const place = { x: fixed(0, 4096, 1 / 16).smooth(), y: fixed(0, 4096, 1 / 16).smooth() };
const speed = fixed(-1024, 1024, 1 / 8);
export const sky = defineGame({
  entities: {
    ship: { ...place, aim: angle(8), health: int(0, 100), fires: bool(), launches: bool() },
    rocket: { ...place, vx: speed, vy: speed, by: entity('ship') },
  },
});
