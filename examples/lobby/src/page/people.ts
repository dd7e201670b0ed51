// The lists of the lobby: who is online and where, the duels that are played, the leaders.
import { button, make, setText } from '@tickwire/kit/dom';
import { panel, Rows } from './dom.ts';
import type { LobbyClient } from './rooms.ts';

type LobbyView = ReturnType<LobbyClient['view']>;

/** What somebody does beside being in the lobby. */
const DOING: Readonly<Record<Person['doing'], string>> = {
  lobby: '',
  party: 'in a party · ',
  duel: 'in a duel · ',
};

interface Person {
  readonly user: string;
  readonly name: string;
  readonly port: number;
  readonly away: boolean;
  readonly isSelf: boolean;
  readonly doing: 'lobby' | 'party' | 'duel';
}

interface DuelLine {
  readonly room: string;
  readonly port: number;
  readonly phase: string;
  readonly standing: string;
}

interface Leader {
  readonly user: string;
  readonly name: string;
  readonly points: number;
  readonly place: number;
}

export class People {
  readonly online = panel('online', 'Online');
  readonly duels = panel('duels', 'Duels');
  readonly leaders = panel('leaders', 'Leaders');
  readonly #people: Rows<Person>;
  readonly #duels: Rows<DuelLine>;
  readonly #leaders: Rows<Leader>;
  /** Users in one's party, to which others can be asked; undefined where there is none. */
  party: ReadonlySet<string> | undefined;

  constructor(invite: (user: string) => void) {
    const [people, duels, leaders] = [make('ul'), make('ul'), make('ol')];
    this.online.append(people);
    this.duels.append(duels);
    this.leaders.append(leaders);
    const person = ({ user }: Person) => {
      const ask = button('small', 'Invite', () => {
        invite(user);
        ask.disabled = true;
      });
      return line(make('i', 'dot'), make('b'), make('small'), ask);
    };
    this.#people = new Rows(
      people,
      ({ user }) => user,
      person,
      (li, one) => this.#person(li, one),
    );
    const duel = () => line(make('span'), make('small'));
    this.#duels = new Rows(duels, ({ room }) => room, duel, fillDuel);
    const leader = () => line(make('b'), make('small'));
    this.#leaders = new Rows(leaders, ({ user }) => user, leader, fillLeader);
  }

  draw(view: LobbyView): void {
    const self = view.mine('visitor')?.user;
    const duels = [...view.all('duel')];
    const people = new Map<string, Person>();
    // In two lobbies with two tabs: what one's own lobby knows at first hand counts.
    const visitors = [...view.all('visitor')].sort((a, b) => Number(a.here) - Number(b.here));
    for (const { user, name, port, away, doing } of visitors) {
      const isSelf = user === self;
      people.set(user, { user, name, port, away, isSelf, doing });
    }
    this.#people.draw([...people.values()].sort((a, b) => a.name.localeCompare(b.name)));
    this.#duels.draw(duels);
    this.duels.hidden = duels.length === 0;
    const leaders = [...view.all('leader')].sort((a, b) => a.place - b.place);
    this.#leaders.draw(leaders);
    this.leaders.classList.toggle('empty', leaders.length === 0);
  }

  #person(li: HTMLElement, { user, name, port, away, isSelf, doing }: Person): void {
    const [dot, label, where, ask] = li.children;
    dot.className = `dot ${away ? 'away' : doing}`;
    setText(label, isSelf ? `${name} (you)` : name);
    setText(where, `${DOING[doing]}shard :${port}`);
    (ask as HTMLElement).hidden = isSelf || !this.party || this.party.has(user);
  }
}

function line(...parts: HTMLElement[]): HTMLElement {
  const li = make('li', 'item');
  li.append(...parts);
  return li;
}

function fillDuel(li: HTMLElement, { port, phase, standing }: DuelLine): void {
  const [score, where] = li.children;
  setText(score, standing);
  setText(where, `${phase} · shard :${port}`);
}

function fillLeader(li: HTMLElement, { name, points }: Leader): void {
  const [label, count] = li.children;
  setText(label, name);
  setText(count, `${points} ${points === 1 ? 'point' : 'points'}`);
}
