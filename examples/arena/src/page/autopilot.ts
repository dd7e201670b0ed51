// Plays by itself (?bot=1): the server's bot mind, fed with what this page is shown. For tests,
// screenshots, soak runs. It knows no more than a player sees, and its inputs go the way of a
// player's.

import type { Controls } from '../movement.ts';
import { Bot, type Senses } from '../server/bot.ts';
import { chance } from './chance.ts';
import type { ArenaView, OwnPlayer } from './shown.ts';

/** Skill of the autopilot: good, not perfect. */
const SKILL = 0.7;

const IDLE: Controls = { dx: 0, dy: 0, aim: 0, fire: false, rocket: false, dash: false };

/** What the autopilot looks at. */
export interface Sight {
  view: ArenaView;
  self: OwnPlayer | undefined;
  tick: number;
}

/** Controls from sight, once a tick; the same answer again within a tick. */
export function makeAutopilot(sight: () => Sight | undefined): () => Controls {
  const bot = new Bot(SKILL, 0);
  let tick = -1;
  let controls = IDLE;
  return () => {
    const seen = sight();
    if (!seen?.self?.flying) return IDLE;
    const now = Math.floor(seen.tick);
    if (now === tick) return { ...controls, rocket: false, dash: false };
    tick = now;
    controls = { ...bot.decide(seen.self, sensesOf(seen)) };
    return controls;
  };
}

function sensesOf({ view, tick }: Sight): Senses {
  return {
    tick: Math.floor(tick),
    random: chance,
    ships: () => view.all('player'),
    rockets: () => view.all('shot'),
    *kits() {
      for (const kit of view.all('kit')) if (kit.ready) yield kit;
    },
    rumour: () => undefined,
  };
}
