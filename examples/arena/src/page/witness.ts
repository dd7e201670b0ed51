// Turns events of the game into what is seen and heard: effects in the scenes, sounds, the feeds
// and the HUD. Listens to one game at a time; `attach` is called after each join. Own shots are not
// shown from here but at once, by `own-fire.ts`: their events come a round trip late.

import { GUN_DAMAGE } from '../rules.ts';
import type { Chat } from './chat.ts';
import type { Feed } from './feed.ts';
import type { Hud } from './hud.ts';
import type { OwnFire } from './own-fire.ts';
import type { Scene } from './scene.ts';
import type { ArenaGame } from './session.ts';
import type { ArenaView, ShownCard } from './shown.ts';
import type { Sound } from './sound.ts';

/** Who is told. */
export interface Audience {
  /** The smooth one first: what is one's own is shown there at once. */
  scenes: readonly Scene[];
  ownFire: OwnFire;
  sound: Sound;
  hud: Hud;
  kills: Feed;
  chat: Chat;
  /** What was drawn last. Not `game.view()`: events are told from inside it. */
  view(): ArenaView | undefined;
  /** Milliseconds on the page's clock. */
  nowMs(): number;
}

export function attach(game: ArenaGame, audience: Audience): void {
  const { scenes, sound, hud, chat } = audience;
  const self = (): number => audience.view()?.mine('player')?.id ?? 0;
  const hueOf = (id: number): number => cardOf(audience.view(), id)?.hue ?? 0;

  game.on('tracer', ({ by, x, y, toX, toY, hit }) => {
    if (by === self()) return;
    for (const scene of scenes) {
      scene.effects.shot(x, y, toX, toY, hueOf(by), hit);
      scene.ship(by)?.recoil();
    }
    sound.play('gun', x, y);
  });
  game.on('hurt', ({ by, of, damage }) => {
    const me = self();
    for (const scene of scenes) scene.ship(of)?.flash();
    if (of === me) {
      hud.hurt(audience.nowMs());
      sound.play('hurt');
      for (const scene of scenes)
        scene.camera.knock((damage / GUN_DAMAGE) * 0.16, scene.camera.x, scene.camera.y);
    } else if (by === me) {
      hud.hit(audience.nowMs());
      sound.play('hit');
    }
  });
  game.on('burst', ({ by, x, y, hue }) => {
    const isShown = by === self() && audience.ownFire.hasShown(x, y);
    for (const scene of scenes.slice(isShown ? 1 : 0)) scene.effects.burst(x, y, hue);
    if (!isShown) sound.play('burst', x, y);
  });
  game.on('born', ({ player, x, y }) => {
    for (const scene of scenes) scene.effects.born(x, y, hueOf(player));
    sound.play('born', x, y);
  });
  game.on('mended', ({ x, y }) => {
    for (const scene of scenes) scene.effects.mended(x, y);
    sound.play('mend', x, y);
  });
  game.on('chat', ({ name, hue, line }) => chat.line(name, hue, line));
  game.on('notice', ({ line }) => chat.notice(line));
  game.on('kill', (kill) => showKill(audience, kill, self()));
}

function showKill(
  { scenes, sound, hud, kills, view }: Audience,
  kill: { by: number; of: number; with: 'gun' | 'rocket' },
  self: number,
): void {
  const winner = cardOf(view(), kill.by);
  const loser = cardOf(view(), kill.of);
  for (const scene of scenes) {
    const ship = scene.ship(kill.of);
    if (ship) scene.effects.wreck(ship.body.x, ship.body.y, loser?.hue ?? 0);
  }
  const wreck = scenes[0].ship(kill.of);
  if (wreck) sound.play('burst', wreck.body.x, wreck.body.y);
  const winnerName = winner?.name ?? 'Somebody';
  const loserName = loser?.name ?? 'somebody';
  const weapon = kill.with === 'gun' ? ' ⟶ ' : ' ✹ ';
  const concerned = kill.by === self || kill.of === self ? 'self' : '';
  if (kill.by === kill.of)
    kills.add([{ text: loserName, hue: loser?.hue }, { text: ' blew up' }], concerned);
  else
    kills.add(
      [
        { text: winnerName, hue: winner?.hue },
        { text: weapon },
        { text: loserName, hue: loser?.hue },
      ],
      concerned,
    );
  if (kill.of === self) hud.killedBy(kill.by === self ? '' : winnerName);
  else if (kill.by === self) sound.play('kill');
}

function cardOf(view: ArenaView | undefined, player: number): ShownCard | undefined {
  for (const card of view?.all('card') ?? []) if (card.player === player) return card;
  return undefined;
}
