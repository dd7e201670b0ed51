// All of the page in one object: who knows whom, which key does what, and the order of a frame. The
// order matters: the controls first learn where the own ship was drawn, then the game is asked for
// its view (which reads the controls), then everything is drawn from that one view.

import { make } from '@tickwire/kit/dom';
import { makeAutopilot } from './autopilot.ts';
import { Banner } from './banner.ts';
import { Chat } from './chat.ts';
import { PlayerControls } from './controls.ts';
import { button, isTyping } from './dom.ts';
import { Feed } from './feed.ts';
import { Hud } from './hud.ts';
import { Line } from './line.ts';
import { Menu } from './menu.ts';
import { Minimap } from './minimap.ts';
import { keepName, type PageOptions, readOptions } from './options.ts';
import { OwnFire } from './own-fire.ts';
import { Panel } from './panel.ts';
import type { Scene } from './scene.ts';
import { ranked, Scoreboard } from './scoreboard.ts';
import { type ArenaGame, Session, type SessionState } from './session.ts';
import type { ArenaView, ShownPlayer } from './shown.ts';
import { Sound } from './sound.ts';
import { Stage } from './stage.ts';
import { Sticks } from './sticks.ts';
import { attach } from './witness.ts';

/** Longest time step of effects, seconds: a page that slept does not fast-forward its sparks. */
const LONGEST_FRAME = 0.1;

/** What the own ship was last drawn as, for tests. */
interface Drawn {
  x: number;
  y: number;
  frame: number;
}

export class Page {
  readonly options: PageOptions;
  readonly #stage: Stage;
  readonly #session: Session;
  readonly #controls: PlayerControls;
  readonly #sticks: Sticks;
  readonly #hud = new Hud();
  readonly #sound = new Sound();
  readonly #minimap = new Minimap();
  readonly #scoreboard = new Scoreboard();
  readonly #kills = new Feed('kills', 6, 7000);
  readonly #chat: Chat;
  readonly #menu: Menu;
  readonly #panel: Panel;
  readonly #banner: Banner;
  readonly #ownFire = new OwnFire();
  readonly #ghostButton: HTMLButtonElement;
  readonly #splitButton: HTMLButtonElement;
  #ghosts = false;
  /** The game's view as last drawn. One object that `game.view()` moves on. */
  #view: ArenaView | undefined;
  #nowMs = 0;
  #framesPerSecond = 60;
  #frame = 0;
  readonly #states: SessionState['kind'][] = [];
  #drawn: Drawn = { x: 0, y: 0, frame: 0 };

  private constructor(options: PageOptions, stage: Stage, hudRoot: HTMLElement) {
    this.options = options;
    this.#stage = stage;
    const line = new Line(options.line);
    this.#sticks = new Sticks(hudRoot, stage.canvas);
    this.#controls = new PlayerControls(stage.canvas, this.#sticks);
    this.#session = new Session(
      {
        room: options.room,
        name: options.name,
        spectate: options.spectate,
        sample: () => this.#controls.sample(),
        link: line.link,
      },
      (game) => this.#joined(game),
      (state) => this.#stateChanged(state),
    );
    this.#banner = new Banner(() => this.#session.enter(this.#session.options.room));
    this.#chat = new Chat((text) => this.#say(text));
    this.#menu = new Menu(options.name, {
      rename: (name) => void this.#rename(name),
      enter: (room) => this.#session.enter(room),
      room: () => this.#session.game?.room ?? this.#session.options.room,
    });
    this.#ghostButton = button('small', 'Ghosts (G)', () => this.#toggleGhosts());
    this.#splitButton = button('small', 'Split view (V)', () => this.#toggleSplit());
    this.#panel = new Panel(line, [this.#ghostButton, this.#splitButton]);
    this.#assemble(hudRoot);
    if (options.bot) this.#controls.pilot = makeAutopilot(() => this.#sight());
    window.addEventListener('keydown', (event) => this.#keyDown(event));
    window.addEventListener('keyup', (event) => {
      if (event.code === 'Tab') this.#scoreboard.open = false;
    });
  }

  /** Makes the page. Says so in the document if the browser can not draw it. */
  static async open(): Promise<Page> {
    const stageRoot = document.querySelector<HTMLElement>('#stage')!;
    const hudRoot = document.querySelector<HTMLElement>('#hud')!;
    try {
      const stage = await Stage.create(stageRoot);
      return new Page(readOptions(location.search), stage, hudRoot);
    } catch (error) {
      hudRoot.append(
        make('p', 'fatal', 'This browser has no WebGL, which the arena needs to draw.'),
      );
      throw error;
    }
  }

  /** For the console and the tests. */
  get handle() {
    const page = this;
    return {
      get game() {
        return page.#session.game;
      },
      /** The own ship as shown now. */
      me: () => page.#view?.mine('player'),
      /** All ships as shown now, as plain objects. */
      rows: () =>
        [...(page.#view?.all('player') ?? [])].map(({ id, owner, x, y, flying, hp }) => ({
          id,
          owner,
          x,
          y,
          flying,
          hp,
        })),
      /** Own rockets as shown now. */
      rockets: () =>
        [...(page.#view?.all('shot') ?? [])]
          .filter(({ owner }) => owner !== 0 && owner === page.#session.game?.seat)
          .map(({ id, x, y }) => ({ id, x, y })),
      /** Where the own ship stood in the last drawn frame, and that frame's number. */
      get lastDrawnSelf() {
        return page.#drawn;
      },
      get frame() {
        return page.#frame;
      },
      /** What the banner was told, in order. */
      get states() {
        return page.#states;
      },
      get state() {
        return page.#states.at(-1);
      },
    };
  }

  run(): void {
    this.#session.enter(this.options.room);
    const loop = (nowMs: number): void => {
      requestAnimationFrame(loop);
      this.#draw(nowMs);
    };
    requestAnimationFrame(loop);
  }

  #assemble(root: HTMLElement): void {
    const hud = this.#hud;
    const right = make('div', 'corner right');
    right.append(this.#minimap.root, hud.line, this.#kills.root);
    const left = make('div', 'corner left');
    left.append(hud.standing, this.#buttons());
    root.append(
      hud.overlay,
      make('div', 'label raw-label', 'Raw snapshots'),
      make('div', 'label smooth-label', 'Tickwire'),
      left,
      right,
      hud.vitals,
      this.#chat.root,
      hud.hint,
      hud.death,
      hud.crosshair,
      this.#scoreboard.root,
      this.#panel.root,
      this.#menu.root,
      this.#banner.root,
    );
  }

  #buttons(): HTMLElement {
    const row = make('div', 'buttons');
    const sound = button('', 'Sound off', () => {
      sound.textContent = this.#sound.toggle() ? 'Sound on' : 'Sound off';
    });
    sound.id = 'sound';
    row.append(
      button('', 'Menu', () => this.#toggleMenu()),
      button('', 'Scores', () => this.#toggleScores()),
      button('', 'Chat', () => this.#chat.open()),
      sound,
      button('', 'Network', () => this.#togglePanel()),
    );
    return row;
  }

  #stateChanged(state: SessionState): void {
    if (this.#states.at(-1) !== state.kind) this.#states.push(state.kind);
    this.#banner.show(state);
  }

  #joined(game: ArenaGame): void {
    this.#view = undefined;
    this.#menu.joined();
    this.#panel.follow(game);
    attach(game, {
      scenes: [this.#stage.main, this.#stage.raw],
      ownFire: this.#ownFire,
      sound: this.#sound,
      hud: this.#hud,
      kills: this.#kills,
      chat: this.#chat,
      view: () => this.#view,
      nowMs: () => this.#nowMs,
    });
  }

  async #say(line: string): Promise<string> {
    const { game } = this.#session;
    if (!game) return 'Not yet: there is no room.';
    try {
      const answer = await game.call('chat', { line });
      return answer.ok ? '' : answer.reason;
    } catch {
      return 'That line did not reach the server.';
    }
  }

  async #rename(name: string): Promise<void> {
    if (name.trim() === '') return;
    keepName(name);
    this.#session.options.name = name;
    try {
      const answer = await this.#session.game?.call('rename', { name });
      if (answer && !answer.ok) this.#chat.notice(answer.reason);
    } catch {
      this.#chat.notice('The new name goes with you when the server is back.');
    }
  }

  #keyDown(event: KeyboardEvent): void {
    if (isTyping() || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Readonly<Record<string, () => void>> = {
      Tab: () => {
        this.#scoreboard.open = true;
      },
      Enter: () => this.#chat.open(),
      KeyT: () => this.#chat.open(),
      KeyM: () => this.#toggleMenu(),
      Escape: () => this.#toggleMenu(),
      KeyG: () => this.#toggleGhosts(),
      KeyV: () => this.#toggleSplit(),
      KeyN: () => document.querySelector<HTMLButtonElement>('#sound')?.click(),
      Backquote: () => this.#togglePanel(),
    };
    const act = acts[event.code];
    if (!act) return;
    event.preventDefault();
    if (!event.repeat) act();
  }

  #toggleMenu(): void {
    this.#menu.open = !this.#menu.open;
  }

  #toggleScores(): void {
    this.#scoreboard.open = !this.#scoreboard.open;
  }

  #togglePanel(): void {
    this.#panel.open = !this.#panel.open;
  }

  #toggleGhosts(): void {
    this.#ghosts = !this.#ghosts;
    this.#ghostButton.classList.toggle('on', this.#ghosts);
  }

  #toggleSplit(): void {
    this.#stage.split = !this.#stage.split;
    document.body.classList.toggle('split', this.#stage.split);
    this.#splitButton.classList.toggle('on', this.#stage.split);
  }

  #sight() {
    const view = this.#view;
    return view && { view, self: view.mine('player'), tick: view.tick };
  }

  #draw(nowMs: number): void {
    const dt = Math.min(LONGEST_FRAME, Math.max(0, (nowMs - this.#nowMs) / 1000));
    this.#nowMs = nowMs;
    if (dt > 0) this.#framesPerSecond += (1 / dt - this.#framesPerSecond) * 0.05;
    this.#stage.fit();
    if (!this.options.sharp) this.#stage.ease(nowMs);
    const { game } = this.#session;
    if (game) this.#drawGame(game, dt);
    this.#stage.render();
  }

  #drawGame(game: ArenaGame, dt: number): void {
    this.#aim();
    const view = game.view();
    this.#view = view;
    const self = view.mine('player');
    const order = ranked(view.all('card'));
    const names = new Map<number, string>(order.map((card) => [card.player, card.name]));
    const { main, raw } = this.#stage;
    this.#ownFire.watch(self, view, main, this.#sound);
    this.#drawScene(main, view, self, names, dt);
    main.ghosts.draw(view, this.#ghosts ? game.newest() : undefined);
    if (this.#stage.split) {
      const newest = game.newest();
      this.#drawScene(raw, newest, newest.mine('player'), names, dt);
    }
    this.#sound.listenAt(main.camera.x, main.camera.y);
    this.#minimap.draw(view, self);
    const rank = order.findIndex((card) => card.player === self?.id);
    this.#scoreboard.draw(order, self?.id ?? 0, game.room);
    this.#hud.draw({
      self,
      card: order[rank],
      rank: rank + 1,
      players: order.length,
      rttMs: game.stats.rttMs,
      framesPerSecond: this.#framesPerSecond,
      nowMs: this.#nowMs,
    });
    this.#panel.draw(this.#nowMs);
    this.#frame += 1;
    if (self) this.#drawn = { x: self.x, y: self.y, frame: this.#frame };
  }

  #drawScene(
    scene: Scene,
    view: ArenaView,
    self: ShownPlayer | undefined,
    names: ReadonlyMap<number, string>,
    dt: number,
  ): void {
    const ship = this.#shipOnScreen();
    const zoom = this.#stage.main.camera.zoom;
    const pointX = this.#sticks.active ? 0 : (this.#controls.pointerX - ship.x) / zoom;
    const pointY = this.#sticks.active ? 0 : (this.#controls.pointerY - ship.y) / zoom;
    scene.draw({ view, self, names, pointX, pointY, dt });
  }

  #shipOnScreen(): { x: number; y: number } {
    return this.#stage.main.toScreen(this.#drawn.x, this.#drawn.y);
  }

  #aim(): void {
    const ship = this.#shipOnScreen();
    this.#controls.aimFrom(ship.x, ship.y);
    const { pointerX, pointerY } = this.#controls;
    this.#hud.crosshair.style.transform = `translate(${pointerX}px, ${pointerY}px)`;
  }
}
