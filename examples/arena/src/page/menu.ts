// The join screen: name, rooms to choose from, a new room for friends, the invite link. Opens with
// M or its button. Playing starts without it; it is there for who wants another name or another
// room.

import { make } from '@tickwire/kit/dom';
import { NAME_LENGTH } from '../rules.ts';
import { button } from './dom.ts';
import { PUBLIC_ROOM } from './options.ts';

/** One line of GET /rooms. */
interface RoomLine {
  id: string;
  kind: string;
  seats: number;
  taken: number;
  free: number;
}

/** What the menu can ask for. */
export interface MenuActions {
  rename(name: string): void;
  enter(room: string): void;
  /** Id of the room one is in. */
  room(): string;
}

/** What players read instead of a kind. */
const KIND_NAMES: Readonly<Record<string, string>> = {
  field: 'Public arena with bots',
  friends: 'Friends only, no bots',
};

export class Menu {
  readonly root = make('section', 'menu panel');
  readonly #name = make('input');
  readonly #rooms = make('div', 'rooms');
  readonly #invite = make('input');
  readonly #note = make('p', 'note');
  readonly #actions: MenuActions;

  constructor(name: string, actions: MenuActions) {
    this.#actions = actions;
    this.root.hidden = true;
    this.#name.type = 'text';
    this.#name.maxLength = NAME_LENGTH;
    this.#name.value = name;
    this.#name.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Enter') this.open = false;
    });
    this.#name.addEventListener('change', () => this.#actions.rename(this.#name.value));
    this.#invite.type = 'text';
    this.#invite.readOnly = true;
    this.#build();
  }

  get open(): boolean {
    return !this.root.hidden;
  }

  set open(on: boolean) {
    if (this.open === on) return;
    this.root.hidden = !on;
    this.#note.textContent = '';
    if (on) void this.refresh();
    else this.#name.blur();
  }

  #build(): void {
    const title = make('h1', '', 'Tickwire arena');
    const close = button('close', '×', () => {
      this.open = false;
    });
    close.setAttribute('aria-label', 'Close');
    const quick = button('primary', 'Quick play', () => this.#go(PUBLIC_ROOM));
    const fresh = button('', 'New room for friends', () => void this.#create());
    const buttons = make('div', 'row');
    buttons.append(quick, fresh);
    const copy = button('', 'Copy', () => void this.#copy());
    const invite = make('div', 'row');
    invite.append(this.#invite, copy);
    this.root.append(
      close,
      title,
      labelled('Your name', this.#name),
      buttons,
      make('h2', '', 'Rooms'),
      this.#rooms,
      make('h2', '', 'Invite link to this room'),
      invite,
      this.#note,
      keysHelp(),
    );
  }

  /** The page is in a room: another one than the list says, perhaps. */
  joined(): void {
    if (this.open) void this.refresh();
  }

  /** Reads the rooms anew. */
  async refresh(): Promise<void> {
    this.#invite.value = inviteLink(this.#actions.room());
    try {
      const answer = await fetch('/rooms');
      const rooms: RoomLine[] = await answer.json();
      this.#rooms.replaceChildren(...rooms.map((room) => this.#line(room)));
    } catch {
      this.#rooms.replaceChildren();
      this.#note.textContent = 'The list of rooms did not come: the server is away.';
    }
  }

  #line(room: RoomLine): HTMLElement {
    const here = room.id === this.#actions.room();
    const line = button(here ? 'room here' : 'room', '', () => this.#go(room.id));
    line.disabled = here || room.free === 0;
    line.append(
      make('b', '', KIND_NAMES[room.kind] ?? room.kind),
      make('span', 'id', room.id),
      make('span', 'taken', here ? 'you are here' : `${room.taken} of ${room.seats} seats`),
    );
    return line;
  }

  #go(room: string): void {
    this.open = false;
    this.#actions.enter(room);
  }

  async #create(): Promise<void> {
    try {
      const answer = await fetch('/rooms/friends', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ create: true }),
      });
      const { room }: { room: string } = await answer.json();
      this.#actions.enter(room);
      this.#note.textContent = 'Your room is open. Send the link to your friends.';
    } catch {
      this.#note.textContent = 'The room could not be opened: the server is away.';
    }
  }

  async #copy(): Promise<void> {
    this.#invite.select();
    try {
      await navigator.clipboard.writeText(this.#invite.value);
      this.#note.textContent = 'Copied.';
    } catch {
      // Without https the clipboard is closed to pages; the link is selected, the keyboard can copy
      // it.
      this.#note.textContent = 'Press Ctrl+C: the link is selected.';
    }
  }
}

function inviteLink(room: string): string {
  return `${location.origin}/?room=${encodeURIComponent(room)}`;
}

function labelled(text: string, field: HTMLElement): HTMLElement {
  const label = make('label');
  label.append(make('span', '', text), field);
  return label;
}

const KEYS: ReadonlyArray<readonly [string, string]> = [
  ['W A S D', 'move'],
  ['Mouse', 'aim, fire'],
  ['Right click, E', 'rocket'],
  ['Shift', 'dash'],
  ['Enter', 'chat'],
  ['Tab', 'scores'],
  ['G', 'truth as ghosts'],
  ['V', 'split view'],
  ['~', 'network panel'],
  ['N', 'sound'],
];

function keysHelp(): HTMLElement {
  const list = make('dl', 'keys');
  for (const [key, meaning] of KEYS) list.append(make('dt', '', key), make('dd', '', meaning));
  return list;
}
