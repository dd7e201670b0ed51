// The way into a duel: the button, the wait in the queue with its progress and the way out of it,
// and invitations to a party. A party waits together.
import { ConnectError } from '@tickwire/client';
import { button, make, setText } from '@tickwire/kit/dom';
import type { Account } from './account.ts';
import { panel } from './dom.ts';
import type { DuelView } from './duel-view.ts';
import { joinDuel, type Seat } from './rooms.ts';

interface Waiting {
  readonly waiting: number;
  readonly found: number;
  readonly wanted: number;
  readonly etaS?: number | undefined;
}

export class PlayPanel {
  readonly root = panel('play', 'Play');
  readonly #account: Account;
  readonly #duel: DuelView;
  readonly #play = button('primary', 'Play', () => void this.play());
  readonly #wait = make('div', 'wait');
  readonly #progress = make('progress');
  readonly #words = make('p');
  readonly #note = make('p', 'note');
  readonly #invitations = make('div', 'invitations');
  /** Calls the wait off. */
  #calling: AbortController | undefined;

  constructor(account: Account, duel: DuelView) {
    this.#account = account;
    this.#duel = duel;
    const stop = button('', 'Stop waiting', () => this.#calling?.abort());
    this.#wait.append(this.#progress, this.#words, stop);
    this.#wait.hidden = true;
    const rules = make('p', '', 'Twenty seconds, two to four players: who collects most?');
    this.root.append(rules, this.#play, this.#wait, this.#note, this.#invitations);
  }

  /** Waits for a duel, alone or with a party. */
  async play(seat?: Seat): Promise<void> {
    if (this.#duel.client) return;
    this.#calling?.abort();
    const calling = new AbortController();
    this.#calling = calling;
    this.#shows({ waiting: 1, found: 1, wanted: 0 });
    setText(this.#note, '');
    try {
      const { signal } = calling;
      const onWaiting = (waiting: Waiting) => this.#shows(waiting);
      const session = await joinDuel(this.#account, this.#duel.sample, {
        seat,
        onWaiting,
        signal,
      });
      this.#ends(calling);
      await this.#duel.play(session);
    } catch (error) {
      const isLeft = calling.signal.aborted;
      if (!isLeft) setText(this.#note, `No duel just now: ${whyOf(error)}`);
      this.#ends(calling);
    }
  }

  invite(by: string, join: () => void): void {
    const note = make('p', 'invitation', `${by} asks you to a party. `);
    const end = () => note.remove();
    const take = () => {
      end();
      join();
    };
    note.append(button('small', 'Join', take), button('small', 'No', end));
    this.#invitations.append(note);
  }

  #shows({ waiting, found, wanted, etaS }: Waiting): void {
    this.#play.hidden = true;
    this.#wait.hidden = false;
    if (wanted === 0) {
      this.#progress.removeAttribute('value');
      setText(this.#words, 'Looking for a duel…');
      return;
    }
    this.#progress.max = wanted;
    this.#progress.value = found;
    const soon = etaS === undefined ? '' : `, about ${etaS} s`;
    setText(this.#words, `${found} of ${wanted} players found, ${waiting} waiting${soon}`);
  }

  #ends(calling: AbortController): void {
    if (this.#calling !== calling) return;
    this.#calling = undefined;
    this.#play.hidden = false;
    this.#wait.hidden = true;
  }
}

function whyOf(error: unknown): string {
  return error instanceof ConnectError ? error.message : String(error);
}
