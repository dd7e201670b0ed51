// A join that waits for others to play with: what the page is told, how long the client believes in
// a server that has it wait, and what ends the wait.
import { CloseCode, defineGame, FrameType, type Waiting } from '@tickwire/protocol';
import { expect, test } from 'vitest';
import type { FakePeer } from '../test/fake-server.ts';
import { Stage } from '../test/stage.ts';
import { connect } from './connect.ts';
import type { SessionOptions } from './session-options.ts';

function waiting(more: Partial<SessionOptions> = {}) {
  const told: Waiting[] = [];
  const stage: Stage = new Stage({ onWaiting: (one) => told.push(one), ...more });
  stage.answer = (peer) => peer.send(stage.world.waiting(1, 4));
  /** The server says how it stands, every 2 s, for so long. */
  const waits = async (ms: number) => {
    for (let left = ms; left > 0; left -= 2000) {
      stage.peer.send(stage.world.waiting(3, 4));
      await stage.run(2000);
    }
  };
  return { stage, told, waits };
}

test('[J18] waits for minutes, is told how far it is, and then plays', async () => {
  const { stage, told, waits } = waiting();
  await waits(120_000);
  expect([stage.outcome, stage.peers.length]).toEqual(['', 1]);
  expect(stage.statuses).toEqual(['connecting']);
  expect(told[1]).toEqual({ waiting: 1, found: 1, wanted: 4, etaS: undefined });
  expect(told.length).toBe(61);
  stage.seat(stage.peer);
  await stage.run(100);
  expect([stage.outcome, stage.statuses]).toEqual(['live', ['connecting', 'live']]);
});

test('[J18] answers pings while it waits, and takes none before', async () => {
  const { stage } = waiting();
  await stage.run(500);
  const pongs = stage.peer.count(FrameType.Pong);
  stage.peer.send(stage.world.ping(7));
  await stage.run(100);
  expect(stage.peer.count(FrameType.Pong)).toBe(pongs + 1);
  expect(stage.peer.count(FrameType.Input)).toBe(0);
  const early: Stage = new Stage();
  early.answer = (peer) => peer.send(early.world.ping(7));
  await early.run(300);
  expect(early.peers[0].closed?.[0]).toBe(CloseCode.Malformed);
});

test('[F6] takes no WAITING once it plays', async () => {
  const stage = await new Stage().live();
  stage.peer.send(stage.world.waiting(1, 2));
  await stage.run(100);
  expect(stage.peers[0].closed?.[0]).toBe(CloseCode.Malformed);
});

test('asks anew, as often as it takes, where its line breaks or falls silent', async () => {
  const { stage, waits } = waiting();
  for (let i = 1; i <= 8; i++) {
    await waits(4000);
    stage.peer.close(i % 2 ? CloseCode.Lost : CloseCode.Restart);
    await stage.run(2000);
    expect(stage.peers.length).toBe(i + 1);
  }
  await stage.run(11_000, false);
  expect([stage.outcome, stage.peers.length]).toEqual(['', 10]);
  expect(stage.statuses).toEqual(['connecting']);
});

test.each([
  [CloseCode.TicketSpent, 'refused'],
  [CloseCode.AuthFailed, 'refused'],
  [CloseCode.Overloaded, 'busy'],
  [CloseCode.Full, 'full'],
])('is turned down with %i like every join: %s', async (code, reason) => {
  const { stage, waits } = waiting();
  await waits(2000);
  stage.peer.close(code, 'because');
  await stage.run(100);
  expect(stage.outcome).toBe(reason);
});

test('follows to where the match is, with the ticket for it', async () => {
  const { stage, waits } = waiting({ token: () => 'ada' });
  const wait = stage.answer!;
  stage.answer = (peer) => (stage.urls.at(-1) === 'wss://b' ? stage.seat(peer) : wait(peer));
  await waits(2000);
  const moved = stage.world.moved('wss://b', 'T-2');
  const sendAway = (peer: FakePeer) => {
    peer.send(moved);
    peer.close(CloseCode.Restart);
  };
  sendAway(stage.peer);
  await stage.run(500);
  expect([stage.outcome, stage.peer.hello?.secret]).toEqual(['live', 'T-2']);
});

test('is over at once where the page calls it off', async () => {
  const { stage, waits } = waiting();
  await waits(2000);
  stage.session.leave();
  await stage.run(100);
  expect([stage.outcome, stage.peer.closed?.[0]]).toEqual(['left', CloseCode.Done]);
});

test('connect() goes by its signal, before and while it waits', async () => {
  const game = defineGame({ tickRate: 20, entities: { mark: {} } });
  const sockets: { closed?: number }[] = [];
  class Silent {
    closed?: number;
    binaryType = '';
    bufferedAmount = 0;
    readyState = 0;
    onopen = null;
    onmessage = null;
    onclose = null;
    onerror = null;
    constructor() {
      sockets.push(this);
    }
    send() {}
    close(code: number) {
      this.closed = code;
    }
  }
  const options = { url: 'ws://a', room: 'duel', WebSocket: Silent, later: () => () => {} };
  await expect(connect(game, { ...options, signal: AbortSignal.abort('no') })).rejects.toBe('no');
  expect(sockets).toEqual([]);
  const control = new AbortController();
  const joining = connect(game, { ...options, signal: control.signal });
  control.abort();
  await expect(joining).rejects.toMatchObject({ reason: 'left' });
  expect(sockets.map(({ closed }) => closed)).toEqual([1000]);
});
