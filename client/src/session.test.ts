import { CloseCode, Credential, FrameType, Random, reactionTo } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { game, Stage } from '../test/stage.ts';
import { Backoff } from './backoff.ts';

/** Why a call was refused. */
const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => 'it was answered',
    (error: Error) => error.message,
  );

describe('joining', () => {
  test('goes from connecting to live and says HELLO with the token', async () => {
    const stage = await new Stage({ token: () => 'ada' }).live();
    expect(stage.outcome).toBe('live');
    expect(stage.statuses).toEqual(['connecting', 'live']);
    expect(stage.peer.hello).toMatchObject({
      room: 'field',
      hash: game.hash,
      credential: Credential.Token,
      secret: 'ada',
    });
  });

  test('[J2] uses a ticket once, and the resume key from then on', async () => {
    const stage = new Stage({ ticket: 'T-1', token: () => 'ada' });
    await stage.live();
    expect(stage.peer.hello).toMatchObject({ credential: Credential.Ticket, secret: 'T-1' });
    stage.peer.close(CloseCode.Lost);
    await stage.run(2000);
    expect(stage.peers.length).toBe(2);
    expect(stage.peer.hello).toMatchObject({ credential: Credential.Resume, secret: 'key-1' });
    stage.peer.close(CloseCode.ResumeOver);
    await stage.run(4000);
    expect(stage.peer.hello).toMatchObject({ credential: Credential.Token, secret: 'ada' });
  });

  test.each([
    [CloseCode.Full, 'full'],
    [CloseCode.AuthFailed, 'refused'],
    [CloseCode.TicketSpent, 'refused'],
    [CloseCode.NoRoom, 'no-room'],
    [CloseCode.GameMismatch, 'game-mismatch'],
    [CloseCode.Overloaded, 'busy'],
    [CloseCode.RoomError, 'room-error'],
  ])('that is turned down with %i rejects with %s', async (code, reason) => {
    const stage = new Stage();
    stage.answer = (peer) => peer.close(code, 'because');
    await stage.run(1000);
    expect(stage.outcome).toBe(reason);
    expect(stage.statuses).toEqual(['connecting', 'closed']);
    expect(stage.peers.length).toBe(1);
  });

  test('{S11} tries three times before it is unreachable', async () => {
    const stage = new Stage({}, false);
    await stage.run(5000);
    expect(stage.outcome).toBe('unreachable');
    expect(stage.peers.length).toBe(3);
  });

  test('gives up a server that does not answer', async () => {
    const stage = new Stage();
    stage.answer = undefined;
    await stage.run(30_000);
    expect(stage.outcome).toBe('unreachable');
    expect(stage.peers.every((peer) => peer.closed)).toBe(true);
  });

  test('rejects where the token function fails or the address cannot be opened', async () => {
    const failing = new Stage({ token: () => Promise.reject(new Error('no account')) });
    await failing.run(500);
    expect(failing.outcome).toBe('refused');
    expect(failing.session.status).toMatchObject({ state: 'closed', message: 'no account' });
    const open = () => {
      throw new SyntaxError('bad address');
    };
    const wrong = new Stage({ open });
    await wrong.run(500);
    expect(wrong.outcome).toBe('unreachable');
    expect(wrong.session.status).toMatchObject({ message: 'bad address' });
  });

  test('of a page that is put away meanwhile goes on when it comes back', async () => {
    const stage = new Stage();
    stage.session.pause();
    await stage.run(20_000);
    expect(stage.outcome).toBe('');
    stage.session.wake();
    await stage.run(500);
    expect(stage.outcome).toBe('live');
  });
});

describe('a line that breaks', () => {
  test('is resumed with the seat’s key, and each attempt is told', async () => {
    const stage = await new Stage().live();
    stage.online = false;
    stage.peer.close(CloseCode.Lost);
    await stage.run(3000);
    expect(stage.session.status).toMatchObject({ state: 'resuming' });
    stage.online = true;
    await stage.run(10_000);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
    const [first, second, ...rest] = stage.statuses;
    expect([first, second]).toEqual(['connecting', 'live']);
    expect(rest.slice(0, -1).every((state) => state === 'resuming')).toBe(true);
    expect(rest.at(-1)).toBe('live');
  });

  test.each(Object.entries(CloseCode))(
    '{S10} %s (%i) is reacted to as the list says',
    async (_, code) => {
      const stage = await new Stage({ token: () => 'ada' }).live();
      stage.peer.close(code, 'because');
      await stage.run(7000);
      const reaction = reactionTo(code);
      const stops = reaction === 'stop';
      expect(stage.session.status.state).toBe(stops ? 'closed' : 'live');
      expect(stage.peers.length).toBe(stops ? 1 : 2);
      if (stops) return;
      const fresh = reaction === 'fresh' || reaction === 'refresh';
      expect(stage.session.status).toEqual({ state: 'live', fresh });
      expect(stage.peer.hello?.credential).toBe(fresh ? Credential.Token : Credential.Resume);
    },
  );

  test('asks the token function anew for each new seat', async () => {
    let asked = 0;
    const stage = await new Stage({ token: async () => `token-${++asked}` }).live();
    stage.peer.close(CloseCode.RoomError);
    await stage.run(3000);
    expect(stage.peer.hello?.secret).toBe('token-2');
  });

  test('refreshes a refused token once, then says so', async () => {
    const stage = await new Stage({ token: () => 'old' }).live();
    stage.answer = (peer) => peer.close(CloseCode.AuthFailed, 'expired');
    stage.peer.close(CloseCode.RoomError);
    await stage.run(20_000);
    expect(stage.peers.length).toBe(3);
    expect(stage.session.status).toMatchObject({ state: 'closed', reason: 'refused' });
  });

  test('waits five seconds or more for a server without capacity', async () => {
    const stage = await new Stage().live();
    stage.peer.close(CloseCode.Overloaded);
    await stage.run(4900);
    expect(stage.peers.length).toBe(1);
    await stage.run(1200);
    expect(stage.peers.length).toBe(2);
  });

  test('is lost when nobody answers for as long as was said', async () => {
    const stage = await new Stage({ giveUpMs: 60_000 }).live();
    stage.online = false;
    stage.peer.close(CloseCode.Lost);
    await stage.run(100_000);
    expect(stage.session.status.state).toBe('lost');
    const attempts = stage.peers.length;
    await stage.run(60_000);
    expect(stage.peers.length).toBe(attempts);
    expect(stage.time.waiting).toBe(0);
  });

  test('is noticed by silence', async () => {
    const stage = await new Stage().live();
    stage.world.pong = () => new Uint8Array([0x91, FrameType.Resync]);
    const { peer } = stage;
    peer.pings.push = () => 0;
    await stage.run(6500, false);
    expect(peer.closed?.[0]).toBe(3001);
    expect(stage.statuses).toContain('resuming');
  });

  test('is not blamed on an attempt that was given up before', async () => {
    const stage = await new Stage().live();
    stage.answer = undefined;
    stage.peer.close(CloseCode.Lost);
    await stage.run(2000);
    expect(stage.peers.length).toBe(2);
    const [, abandoned] = stage.peers;
    stage.session.pause();
    stage.answer = (peer) => stage.seat(peer);
    stage.session.wake();
    await stage.run(500);
    expect(stage.session.status.state).toBe('live');
    // Its deadline passes, and its socket ends late.
    abandoned.close(CloseCode.Kicked);
    await stage.run(12_000);
    expect(stage.session.status.state).toBe('live');
    expect(stage.peers.length).toBe(3);
  });
});

describe('the backoff', () => {
  test('{S19} spreads a thousand clients over the whole wait, each time', () => {
    const clients = Array.from({ length: 1000 }, (_, i) => new Backoff(new Random(i), 15_000));
    for (const most of [500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
      const waits = clients.map((client) => client.next(CloseCode.Lost));
      const bins = new Array<number>(10).fill(0);
      for (const wait of waits) bins[Math.floor((wait / most) * 10)]++;
      expect(Math.min(...bins)).toBeGreaterThan(60);
      expect(Math.max(...bins)).toBeLessThan(150);
    }
  });

  test('{S19} starts over once a line was healthy', async () => {
    const backoff = new Backoff(new Random(1), 15_000);
    for (let i = 0; i < 8; i++) backoff.next(CloseCode.Lost);
    backoff.reset();
    expect(backoff.next(CloseCode.Lost)).toBeLessThan(500);
  });
});

describe('a page', () => {
  test('that is put away closes its line and takes its seat up again', async () => {
    const stage = await new Stage().live();
    stage.session.pause();
    stage.session.pause();
    await stage.run(60_000);
    expect(stage.peer.closed?.[0]).toBe(3001);
    expect(stage.peers.length).toBe(1);
    stage.session.wake();
    await stage.run(500);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
    expect(stage.peer.hello?.credential).toBe(Credential.Resume);
  });

  test('that is online again does not wait for the next attempt', async () => {
    const stage = await new Stage().live();
    stage.online = false;
    stage.peer.close(CloseCode.Lost);
    await stage.run(60_000);
    stage.online = true;
    const attempts = stage.peers.length;
    stage.session.wake();
    await stage.run(300);
    expect(stage.peers.length).toBe(attempts + 1);
    expect(stage.session.status.state).toBe('live');
  });

  test('that wakes a live session changes nothing', async () => {
    const stage = await new Stage().live();
    stage.session.wake();
    stage.session.wake(true);
    await stage.run(300);
    expect(stage.peers.length).toBe(1);
  });

  test('that is online again does not trust a line that has been silent', async () => {
    const stage = await new Stage().live();
    stage.mute = true;
    await stage.run(1500, false);
    expect(stage.statuses.at(-1)).toBe('live');
    stage.session.wake();
    expect(stage.peers.length).toBe(1);
    stage.session.wake(true);
    stage.mute = false;
    await stage.run(300);
    expect(stage.peers[0].closed?.[0]).toBe(3001);
    expect(stage.peers.length).toBe(2);
    expect(stage.peer.hello?.credential).toBe(Credential.Resume);
    expect(stage.session.status.state).toBe('live');
  });

  test('that is thrown away gives its seat up, and says so to nobody', async () => {
    const stage = await new Stage().live();
    stage.session.pause(true);
    await stage.run(1000);
    expect(stage.peer.closed?.[0]).toBe(CloseCode.Done);
    expect(stage.statuses).toEqual(['connecting', 'live']);
  });

  test('that slept beside a line that died takes its seat up within some seconds', async () => {
    const stage = await new Stage().live();
    stage.mute = true;
    stage.time.nowMs += 60_000;
    await stage.run(2500, false);
    stage.mute = false;
    await stage.run(1000);
    expect(stage.peers.length).toBe(2);
    expect(stage.session.status.state).toBe('live');
  });

  test('[J6] that slept for a minute asks for everything once and keeps its line', async () => {
    const stage = await new Stage().live();
    stage.time.nowMs += 60_000;
    stage.world.tick += 1200;
    await stage.run(2000);
    expect(stage.peers.length).toBe(1);
    expect(stage.peer.count(FrameType.Resync)).toBe(1);
    expect(stage.session.status.state).toBe('live');
  });

  test('[I4] without controls acknowledges four times a second', async () => {
    const stage = await new Stage({ sample: undefined }).live();
    const before = stage.peer.count(FrameType.Ack);
    await stage.run(10_000);
    expect(stage.peer.count(FrameType.Input)).toBe(0);
    expect(stage.peer.count(FrameType.Ack) - before).toBeGreaterThan(28);
  });

  test('{S18} puts no pings and inputs on top of a socket that is full', async () => {
    const stage = await new Stage().live();
    stage.peer.bufferedBytes = 5000;
    const before = stage.peer.heard.length;
    await stage.run(5000);
    expect(stage.peer.heard.length).toBe(before);
  });

  test('{S18} sends the newest input only when it is not heard, and every press', async () => {
    const stage = await new Stage().live();
    await stage.run(3000);
    stage.mute = true;
    const before = stage.peer.count(FrameType.Input);
    await stage.run(5000);
    const unheard = stage.peer.count(FrameType.Input) - before;
    // A browser says that its socket is empty when the line behind it is not.
    expect(unheard).toBeGreaterThan(30);
    expect(unheard).toBeLessThan(60);
    stage.mute = false;
    await stage.run(1000);
    expect(stage.peer.count(FrameType.Input) - before - unheard).toBeGreaterThan(15);
    expect(stage.peers.length).toBe(1);
  });

  test('that leaves gives its seat up, and nothing runs on', async () => {
    const stage = await new Stage().live();
    const waiting = reasonOf(stage.session.call('say', { words: 'hi' }));
    stage.session.leave();
    stage.session.leave();
    expect(await waiting).toBe('the session is over');
    await stage.run(2000, false);
    expect(stage.peer.closed).toEqual([CloseCode.Done, 'done']);
    expect(stage.statuses).toEqual(['connecting', 'live', 'closed']);
    expect(stage.session.status).toMatchObject({ reason: 'left' });
    expect(stage.time.waiting).toBe(0);
    stage.session.wake();
    await stage.run(2000, false);
    expect(stage.peers.length).toBe(1);
  });

  test('that leaves from a status handler is not brought back', async () => {
    const stage = await new Stage().live();
    stage.session.onStatus(({ state }) => {
      if (state === 'resuming') stage.session.leave();
    });
    stage.peer.close(CloseCode.Lost);
    await stage.run(10_000);
    expect(stage.peers.length).toBe(1);
    expect(stage.session.status.state).toBe('closed');
  });
});

describe('events and calls', () => {
  test('reach their handlers until they are taken off', async () => {
    const stage = await new Stage().live();
    const hits: unknown[] = [];
    const off = stage.session.on('hit', (payload) => hits.push(payload));
    stage.peer.send(stage.world.event(0, { hard: 3 }));
    await stage.run(1000);
    expect(hits).toEqual([{ hard: 3 }]);
    off();
    stage.peer.send(stage.world.event(0, { hard: 4 }));
    await stage.run(1000);
    expect(hits.length).toBe(1);
    expect(() => stage.session.on('miss', () => {})).toThrow('no such event');
  });

  test('[E2] are answered, or refused with the reason', async () => {
    const stage = await new Stage().live();
    const first = stage.session.call('say', { words: 'hi' });
    const second = reasonOf(stage.session.call('say', { words: 'ho' }));
    stage.peer.send(stage.world.reply(2, false, 'not now'));
    stage.peer.send(stage.world.reply(1, true, { ok: true }));
    stage.peer.send(stage.world.reply(9, true, 1));
    await stage.run(100);
    expect(await first).toMatchObject({ ok: true });
    expect(await second).toBe('not now');
    expect(() => stage.session.call('sing', {})).toThrow('no such command');
    expect(await reasonOf(stage.session.call('say', { words: 7 }))).toBe('wants text, got number');
  });
});
