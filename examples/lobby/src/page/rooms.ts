// The ways into rooms: a lobby that is entered again whenever it is lost, a duel, a party. Each is
// a connection of its own, and goes by itself to the shard that has the room.
import { type ConnectOptions, connect, type GameClient } from '@tickwire/client';
import { duel } from '../duel-game.ts';
import { lobby } from '../lobby-game.ts';
import { party } from '../party-game.ts';
import type { Account } from './account.ts';

export type LobbyClient = GameClient<typeof lobby>;
export type DuelClient = GameClient<typeof duel>;
export type PartyClient = GameClient<typeof party>;

/** A place in the queue with one's party. */
export interface Seat {
  readonly room: string;
  /** Of a shard of the host that the page came from. */
  readonly port: number;
  readonly ticket: string;
}

export type Push = { x: number; y: number };

/** Longest wait between two attempts, ms: a shard is back in a second or two. */
const RETRY_MS = 600;
/** A tab that is left open overnight is there in the morning: a day, ms. */
const GIVE_UP_MS = 86_400_000;
/** Tries of a request while the shard of this page's address is away. */
const TRIES = 8;

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Joins a lobby, and again when the place there is gone for good. */
export async function stayInLobby(
  account: Account,
  joined: (client: LobbyClient) => void,
): Promise<never> {
  const { token } = account;
  for (;;) {
    try {
      const options = { room: 'lobby', token, retryCapMs: RETRY_MS, giveUpMs: GIVE_UP_MS };
      const client = await connect(lobby, options);
      joined(client);
      await ended(client);
    } catch {
      // Its shard is away, or full: the next try goes where there is a place.
    }
    await wait(RETRY_MS);
  }
}

/** Resolves when the session is over. */
export function ended(client: Pick<LobbyClient, 'onStatus'>): Promise<void> {
  return new Promise((resolve) => {
    client.onStatus(({ state }) => {
      if (state === 'closed' || state === 'lost') resolve();
    });
  });
}

export function joinDuel(
  account: Account,
  sample: () => { push: Push },
  {
    seat,
    ...more
  }: { seat?: Seat | undefined } & Pick<ConnectOptions<typeof duel>, 'onWaiting' | 'signal'>,
): Promise<DuelClient> {
  const { token } = account;
  const { room = 'duel', ticket } = seat ?? {};
  const url = seat && `${location.protocol}//${location.hostname}:${seat.port}`;
  return connect(duel, { url, room, ticket, token, sample, retryCapMs: RETRY_MS, ...more });
}

export function joinParty(account: Account, room: string, ticket?: string): Promise<PartyClient> {
  const { token } = account;
  return connect(party, { room, token, ticket, retryCapMs: RETRY_MS });
}

/** Opens a private room for a party, and takes a seat in it. */
export async function openParty(account: Account): Promise<PartyClient> {
  const body = JSON.stringify({ token: account.token(), private: true });
  for (let tried = 1; ; tried++) {
    const answer = await fetch('/rooms/party', { method: 'POST', body }).catch(() => undefined);
    if (answer?.ok) {
      const { room, ticket }: { room: string; ticket: string } = await answer.json();
      return joinParty(account, room, ticket);
    }
    if (tried === TRIES || (answer && answer.status < 500)) throw new Error('no room for a party');
    await wait(RETRY_MS);
  }
}
