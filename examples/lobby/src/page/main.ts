// The page: makes its parts, stays in a lobby, and plays duels over it. Two connections at once, to
// rooms that may be on different shards; with a party three. `window.lobby` is for the console and
// the browser tests; nothing on the page uses it.

import { make } from '@tickwire/kit/dom';
import { NAME_LENGTH } from '../rules.ts';
import { Account } from './account.ts';
import { Chat } from './chat.ts';
import { field } from './dom.ts';
import { DuelView } from './duel-view.ts';
import { type Outage, OutageWatch } from './outage.ts';
import { PartyView } from './party-view.ts';
import { People } from './people.ts';
import { PlayPanel } from './play-panel.ts';
import { type LobbyClient, stayInLobby } from './rooms.ts';
import { Whereabouts } from './whereabouts.ts';

/** Ms between two looks at the lobby, whose rooms tick ten times a second. */
const LOOK_MS = 100;

const query = new URLSearchParams(location.search);
const account = new Account(query.get('name'));
const outages: Outage[] = [];
let client: LobbyClient | undefined;
let watch: OutageWatch | undefined;

const report = (outage: Outage) => {
  outages.push(outage);
  where.report(outage);
};
/** Of the lobby that one is in. */
const call: LobbyClient['call'] = async (command, args) => {
  if (!client) throw new Error('There is no lobby yet.');
  return client.call(command, args);
};
const where = new Whereabouts(() => call('kill', {}));
const chat = new Chat('Chat of all lobbies', 'Say to everybody…', (line) => call('say', { line }));
const people = new People((user) => {
  const room = party.client?.room;
  if (room) void call('invite', { user, party: room }).catch(() => {});
});
const duel = new DuelView(report);
const playing = new PlayPanel(account, duel);
const party = new PartyView(account, (seat) => void playing.play(seat));

document.body.append(header(), main(), duel.root);
void stayInLobby(account, joined);
setInterval(draw, LOOK_MS);
const invitedTo = query.get('party');
if (invitedTo) void party.join(invitedTo);

const handle = {
  get lobby() {
    return client;
  },
  get duel() {
    return duel.client;
  },
  outages,
};
declare global {
  interface Window {
    lobby: typeof handle;
  }
}
window.lobby = handle;

function joined(lobby: LobbyClient): void {
  client = lobby;
  watch = new OutageWatch(lobby, report);
  lobby.on('invited', ({ by, party: room }) => playing.invite(by, () => void party.join(room)));
}

function draw(): void {
  party.draw();
  people.party = party.users;
  const view = client?.view();
  where.draw(client, view);
  if (!view) return;
  watch?.look(view.state);
  chat.draw(view.all('line'));
  people.draw(view);
}

function header(): HTMLElement {
  const top = make('header', 'top');
  const label = make('label', '', 'Your name ');
  const name = field('Your name', NAME_LENGTH, () => name.blur());
  name.value = account.name;
  name.addEventListener('change', () => {
    account.name = name.value.trim() || account.name;
    void call('rename', { name: account.name }).catch(() => {});
  });
  label.append(name);
  top.append(make('h1', '', 'Tickwire lobby'), label);
  return top;
}

function main(): HTMLElement {
  const grid = make('main');
  const column = (...parts: HTMLElement[]) => {
    const element = make('div', 'column');
    element.append(...parts);
    return element;
  };
  grid.append(
    where.root,
    column(playing.root, party.root),
    chat.root,
    column(people.online, people.duels, people.leaders),
  );
  return grid;
}
