// The party: friends in a private room, who find it by its id. Whoever presses play has all of them
// taken along; each is told of a seat of his own.

import { button, make, setText } from '@tickwire/kit/dom';
import type { Account } from './account.ts';
import { Chat } from './chat.ts';
import { panel, Rows } from './dom.ts';
import { ended, joinParty, openParty, type PartyClient, type Seat } from './rooms.ts';

export class PartyView {
  readonly root = panel('party', 'Party');
  readonly #account: Account;
  readonly #go: (seat: Seat) => void;
  readonly #idle = make('div', 'idle');
  readonly #busy = make('div', 'busy');
  readonly #link = make('input');
  readonly #members: Rows<{ id: number; name: string }>;
  readonly #chat: Chat;
  readonly #note = make('p', 'note');
  client: PartyClient | undefined;

  constructor(account: Account, go: (seat: Seat) => void) {
    this.#account = account;
    this.#go = go;
    const members = make('ul', 'members');
    this.#members = new Rows(
      members,
      ({ id }) => id,
      ({ name }) => make('li', 'member', name),
    );
    this.#chat = new Chat('', 'Say to the party…', async (line) =>
      this.client?.call('say', { line }),
    );
    this.#idle.append(
      make('p', '', 'Friends who go together get into the same duel.'),
      button('', 'Make a party', () => void this.#enter(() => openParty(account))),
    );
    this.#link.type = 'text';
    this.#link.readOnly = true;
    this.#link.setAttribute('aria-label', 'Invitation link');
    const invitation = make('div', 'row');
    invitation.append(
      this.#link,
      button('', 'Copy', () => void this.#copy()),
    );
    const acts = make('div', 'row');
    acts.append(
      button('primary', 'Play together', () => void this.#play()),
      button('', 'Leave', () => this.client?.leave()),
    );
    this.#busy.append(invitation, members, acts, this.#chat.root);
    this.root.append(this.#idle, this.#busy, this.#note);
    this.draw();
  }

  /** By the id from an invitation. */
  join(room: string): Promise<void> {
    return this.#enter(() => joinParty(this.#account, room));
  }

  /** Of the party that one is in. */
  get users(): ReadonlySet<string> | undefined {
    const view = this.client?.view();
    return view && new Set([...view.all('member')].map(({ user }) => user));
  }

  draw(): void {
    const view = this.client?.view();
    this.#idle.hidden = view !== undefined;
    this.#busy.hidden = view === undefined;
    if (!view) return;
    this.#members.draw([...view.all('member')]);
    this.#chat.draw(view.all('line'));
  }

  async #enter(open: () => Promise<PartyClient>): Promise<void> {
    this.client?.leave();
    setText(this.#note, '');
    try {
      const client = await open();
      this.client = client;
      this.#link.value = `${location.origin}/?party=${client.room}`;
      client.on('go', this.#go);
      await ended(client);
      if (this.client === client) this.client = undefined;
    } catch {
      setText(this.#note, 'There is no such party any more.');
    }
  }

  async #play(): Promise<void> {
    setText(this.#note, '');
    await this.client?.call('play', {}).catch((error: Error) => setText(this.#note, error.message));
  }

  async #copy(): Promise<void> {
    this.#link.select();
    // Without https the clipboard is closed to pages; the link is selected, the keyboard copies it.
    const done = await navigator.clipboard?.writeText(this.#link.value).then(
      () => true,
      () => false,
    );
    setText(this.#note, done ? 'Copied.' : 'Press Ctrl+C: the link is selected.');
  }
}
