// A session whose room lives elsewhere, or moves while it plays: where its lines lead, with what
// they prove the seat, and what becomes of the picture. The servers are made of frames; real ones
// are in server/test.
import { CloseCode, Credential } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import type { FakePeer } from '../test/fake-server.ts';
import { Stage } from '../test/stage.ts';
import type { SessionOptions } from './session-options.ts';

type Answer = (peer: FakePeer) => void;

/** A stage on which each address has an answer of its own; others refuse the line. */
function stageOf(answers: Record<string, Answer>, more: Partial<SessionOptions> = {}): Stage {
  const stage = new Stage(more);
  stage.answer = (peer) => {
    const url = stage.urls[stage.peers.indexOf(peer)];
    (answers[url] ?? ((one: FakePeer) => one.close(CloseCode.Lost)))(peer);
  };
  return stage;
}

/** Says MOVED and closes, as a server does. */
const sendTo =
  (stage: () => Stage, url: string, ticket = ''): Answer =>
  (peer) => {
    peer.send(stage().world.moved(url, ticket));
    peer.close(CloseCode.Restart, 'the room lives elsewhere');
  };

const hellos = (stage: Stage) =>
  stage.peers.map(({ hello }) => hello && [hello.room, hello.credential, hello.secret]);

describe('a join that is sent elsewhere', () => {
  test.each([{}, { offers: true }])(
    '[J11] goes there with the ticket it is given: %j',
    async (more) => {
      const stage: Stage = stageOf(
        {
          'wss://entry': (peer) => sendTo(() => stage, 'https://b:1/x', 'T-2')(peer),
          'wss://b:1/x': (peer) => stage.seat(peer),
        },
        { token: () => 'ada', ...more },
      );
      await stage.live();
      expect(stage.urls).toEqual(['wss://entry', 'wss://b:1/x']);
      if (!more.offers) expect(hellos(stage)[1]).toEqual(['field', Credential.Ticket, 'T-2']);
      expect(stage.statuses).toEqual(['connecting', 'live']);
    },
  );

  test('[J13] keeps the host that it knows where it is told a port', async () => {
    const answers: Record<string, Answer> = {};
    const stage: Stage = stageOf(answers, { url: 'http://10.0.0.7:9001' });
    answers['ws://10.0.0.7:9001'] = (peer) => sendTo(() => stage, ':9002', 'T-2')(peer);
    answers['ws://10.0.0.7:9002'] = (peer) => stage.seat(peer);
    await stage.live();
    sendTo(() => stage, ':9001')(stage.peer);
    await stage.run(1000);
    const [entry, other] = ['ws://10.0.0.7:9001', 'ws://10.0.0.7:9002'];
    expect(stage.urls).toEqual([entry, other, entry, other]);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
  });

  test('[J11] says there what it said here where it is given none', async () => {
    let asked = 0;
    const stage: Stage = stageOf(
      {
        'wss://entry': (peer) => sendTo(() => stage, 'wss://b')(peer),
        'wss://b': (peer) => stage.seat(peer),
      },
      { token: () => `token-${++asked}` },
    );
    await stage.live();
    expect(hellos(stage)).toEqual([
      ['field', Credential.Token, 'token-1'],
      ['field', Credential.Token, 'token-2'],
    ]);
  });

  test('[J11] uses its ticket there, and that ticket never again', async () => {
    const stage: Stage = stageOf(
      {
        'wss://entry': (peer) => sendTo(() => stage, 'wss://b')(peer),
        'wss://b': (peer) => stage.seat(peer),
      },
      { ticket: 'T-1', token: () => 'ada' },
    );
    await stage.live();
    stage.peer.close(CloseCode.ResumeOver);
    await stage.run(3000);
    expect(hellos(stage)).toEqual([
      ['field', Credential.Ticket, 'T-1'],
      ['field', Credential.Ticket, 'T-1'],
      ['field', Credential.Token, 'ada'],
      ['field', Credential.Token, 'ada'],
    ]);
    expect(stage.urls.slice(2)).toEqual(['wss://entry', 'wss://b']);
  });

  test('[J14] in circles is turned away as busy, after four servers', async () => {
    const stage: Stage = stageOf({
      'wss://entry': (peer) => sendTo(() => stage, 'wss://b')(peer),
      'wss://b': (peer) => sendTo(() => stage, '')(peer),
    });
    await stage.run(2000);
    expect(stage.outcome).toBe('busy');
    expect(stage.urls).toHaveLength(5);
  });
});

describe('a room that moves', () => {
  async function played(more: Partial<SessionOptions> = {}) {
    const answers: Record<string, Answer> = { 'wss://entry': (peer) => stage.seat(peer) };
    const stage: Stage = stageOf(answers, { token: () => 'ada', ...more });
    stage.world.spawn('ship', { x: 0 });
    await stage.live();
    return { stage, answers };
  }

  test('[J12] takes its players along at once, each to the same seat', async () => {
    const { stage, answers } = await played();
    answers['wss://b'] = (peer) => stage.seat(peer);
    sendTo(() => stage, 'wss://b')(stage.peer);
    await stage.run(200);
    expect(stage.urls).toEqual(['wss://entry', 'wss://b']);
    expect(hellos(stage)[1]).toEqual(['room-1', Credential.Resume, 'key-1']);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
    expect(stage.statuses).toEqual(['connecting', 'live', 'resuming', 'live']);
  });

  test('[J12] says why, and that it is the first attempt', async () => {
    const { stage } = await played();
    const seen: unknown[] = [];
    stage.session.onStatus((status) => seen.push(status));
    sendTo(() => stage, 'wss://b')(stage.peer);
    await stage.run(50);
    expect(seen[1]).toEqual({ state: 'resuming', attempt: 1, reason: 'moved' });
  });

  test('[J17] whose new server does not answer is asked for where the page said', async () => {
    const { stage, answers } = await played();
    // It still says that the room lives on b, then that it lives on c.
    answers['wss://entry'] = (peer) => sendTo(() => stage, 'wss://b')(peer);
    sendTo(() => stage, 'wss://b')(stage.peer);
    await stage.run(4000);
    expect(new Set(stage.urls.slice(1))).toEqual(new Set(['wss://b', 'wss://entry']));
    answers['wss://entry'] = (peer) => sendTo(() => stage, 'wss://c')(peer);
    answers['wss://c'] = (peer) => stage.seat(peer);
    const before = stage.urls.length;
    await stage.run(20_000);
    expect(stage.urls.slice(before).slice(-2)).toEqual(['wss://entry', 'wss://c']);
    expect(hellos(stage).at(-1)).toEqual(['room-1', Credential.Resume, 'key-1']);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
  });

  test('[J17] is looked for where it was last, then where the page said, in turn', async () => {
    const { stage, answers } = await played();
    answers['wss://b'] = (peer) => stage.seat(peer);
    sendTo(() => stage, 'wss://b')(stage.peer);
    await stage.run(500);
    delete answers['wss://b'];
    delete answers['wss://entry'];
    stage.peer.close(CloseCode.Lost);
    await stage.run(8000);
    expect(stage.urls.slice(2, 6)).toEqual(['wss://b', 'wss://entry', 'wss://b', 'wss://entry']);
  });

  test('[J17] and is nobody’s for now is asked for within half a second, eight times', async () => {
    const { stage, answers } = await played();
    answers['wss://entry'] = (peer) => peer.close(CloseCode.Restart, 'nobody has it now');
    stage.peer.close(CloseCode.Lost);
    const waits: number[] = [];
    let heldMs = stage.time.nowMs;
    for (let seen = 1; waits.length < 9; ) {
      await stage.run(50);
      if (stage.peers.length === seen) continue;
      seen = stage.peers.length;
      waits.push(stage.time.nowMs - heldMs);
      heldMs = stage.time.nowMs;
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(600);
    answers['wss://entry'] = (peer) => stage.seat(peer);
    await stage.run(8000);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
  });

  test('[J17] whose owner is silent for 2 s is asked for where the page said', async () => {
    const { stage, answers } = await played();
    answers['wss://b'] = (peer) => {
      peer.send(stage.world.welcome(1, { roomEpoch: 1 }));
      peer.send(stage.world.everything(1));
    };
    sendTo(() => stage, 'wss://b')(stage.peer);
    await stage.run(500);
    answers['wss://entry'] = (peer) => sendTo(() => stage, 'wss://c')(peer);
    answers['wss://c'] = (peer) => {
      peer.send(stage.world.welcome(1, { roomEpoch: 2 }));
      peer.send(stage.world.everything(1));
    };
    // It stands still: its line stays, and takes another one as well.
    delete answers['wss://b'];
    const { peer } = stage;
    peer.pings.push = () => 0;
    await stage.run(1800, false);
    expect(stage.session.status.state).toBe('live');
    await stage.run(1200, false);
    expect(peer.closed?.[0]).toBe(3001);
    expect(stage.urls.slice(2)).toEqual(['wss://entry', 'wss://c']);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
  });

  test('[J17] whose owner is gone is asked for where the page said, within a second', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const { stage, answers } = await played({ seed });
      answers['wss://b'] = (peer) => {
        peer.send(stage.world.welcome(1, { roomEpoch: 1 }));
        peer.send(stage.world.everything(1));
      };
      sendTo(() => stage, 'wss://b')(stage.peer);
      await stage.run(500);
      delete answers['wss://b'];
      stage.peer.close(CloseCode.Lost);
      await stage.run(1100);
      expect(stage.urls.slice(2, 4)).toEqual(['wss://b', 'wss://entry']);
    }
  });

  test('[J14] in circles is waited for, and given up like other lines', async () => {
    const { stage, answers } = await played({ giveUpMs: 30_000 });
    answers['wss://entry'] = (peer) => sendTo(() => stage, 'wss://b')(peer);
    answers['wss://b'] = (peer) => sendTo(() => stage, 'wss://entry')(peer);
    sendTo(() => stage, 'wss://b')(stage.peer);
    await stage.run(1000);
    expect(stage.urls).toHaveLength(5);
    await stage.run(60_000);
    expect(stage.session.status.state).toBe('lost');
    // Each wait is 5 s or more, and five lines follow it.
    expect(stage.urls.length).toBeLessThan(5 * 8);
  });

  test.each(['ws://b', 'http://b'])(
    '[J13] {S47} is not followed to %s: the line is broken',
    async (url) => {
      const { stage, answers } = await played();
      answers['ws://b'] = (peer) => stage.seat(peer);
      sendTo(() => stage, url)(stage.peer);
      await stage.run(3000);
      expect(new Set(stage.urls)).toEqual(new Set(['wss://entry']));
      expect(stage.session.status).toEqual({ state: 'live', fresh: false });
    },
  );

  test('[J17] to an address that cannot be opened is asked for where the page said', async () => {
    const { stage, answers } = await played();
    const { open } = stage;
    stage.open = (url, opened) => {
      if (url === 'wss://b:99999') throw new SyntaxError('the port is none');
      return open(url, opened);
    };
    answers['wss://entry'] = (peer) => stage.seat(peer);
    sendTo(() => stage, 'wss://b:99999')(stage.peer);
    await stage.run(2000);
    expect(stage.urls).toEqual(['wss://entry', 'wss://entry']);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
  });

  test('[J15] is not taken from an owner of before', async () => {
    const answers: Record<string, Answer> = {};
    const stage: Stage = stageOf(answers);
    const welcome =
      (roomEpoch: number): Answer =>
      (peer) => {
        peer.send(stage.world.welcome(1, { roomEpoch, resumeKey: `key-${roomEpoch}` }));
        peer.send(stage.world.everything(1));
      };
    answers['wss://entry'] = welcome(7);
    await stage.live();
    answers['wss://b'] = welcome(8);
    sendTo(() => stage, 'wss://b')(stage.peer);
    await stage.run(500);
    delete answers['wss://b'];
    stage.peer.close(CloseCode.Lost);
    await stage.run(4000);
    expect(stage.session.status.state).toBe('resuming');
    expect(stage.urls.filter((url) => url === 'wss://entry').length).toBeGreaterThan(1);
    expect(
      new Set(
        hellos(stage)
          .slice(2)
          .map((said) => said?.[2]),
      ),
    ).toEqual(new Set(['key-8']));
    answers['wss://b'] = welcome(8);
    await stage.run(20_000);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false });
    expect(stage.urls.at(-1)).toBe('wss://b');
  });
});

describe('a room that was kept a second ago and goes on elsewhere', () => {
  const START_X = 100;
  const SPEED = 4;

  /** Moved to another owner, which starts a second before what was told, where the ship was. */
  async function movedBack(
    epochs: readonly (number | undefined)[] = [1, 2],
    events: number[] = [],
  ) {
    let [epoch] = epochs;
    const stage: Stage = stageOf({
      'wss://entry': (peer) => {
        peer.send(stage.world.welcome(1, { roomEpoch: epoch }));
        if (epoch === 2 && stage.peers.length === 2)
          peer.send(stage.world.continuity(1, stage.world.tick, 0));
        peer.send(stage.world.everything(1));
      },
    });
    const ship = stage.world.spawn('ship', { x: START_X });
    const hits: number[] = [];
    stage.session.on('hit', (({ hard }: { hard: number }) => hits.push(hard)) as never);
    const drawn: { row: unknown; x: number; tick: number }[] = [];
    const play = async (ms: number, speed = SPEED) => {
      for (let left = ms; left > 0; left -= 50) {
        ship.x = (ship.x as number) + speed / 20;
        await stage.run(50);
        const view = stage.session.view();
        const [row] = [...(view.all('ship') as Iterable<{ x: number }>)];
        if (row) drawn.push({ row, x: row.x, tick: view.tick });
      }
    };
    await play(2000);
    for (const hard of events) stage.peer.send(stage.world.event(0, { hard }));
    await stage.time.advance(1);
    [, epoch] = epochs;
    stage.world.tick -= 20;
    ship.x = START_X;
    stage.peer.close(CloseCode.Lost);
    return { stage, ship, drawn, play, hits };
  }

  test('[J16] keeps its rows, and they glide to where they are now', async () => {
    const { stage, drawn, play } = await movedBack();
    const before = drawn.length;
    const from = drawn[before - 1];
    await play(3000);
    expect(stage.session.status).toMatchObject({ state: 'live', fresh: false });
    expect(stage.session.playback.tick).toBe(stage.world.tick);
    const after = drawn.slice(before);
    expect(new Set(after.map(({ row }) => row)).size).toBe(1);
    expect(after[0].row).toBe(from.row);
    // 8 units back in 0.6 s at the most: a jump would be all of them in a frame.
    const steps = after.map(({ x }, i) => x - (after[i - 1] ?? from).x);
    expect(Math.min(...steps)).toBeLessThan(-0.1);
    expect(Math.min(...steps)).toBeGreaterThan(-2);
    expect(after.at(-1)!.x).toBeCloseTo(START_X + (SPEED * 60) / 20, 0);
    // The new time runs as steadily as the old one.
    expect(after.at(-1)!.tick).toBeGreaterThan(stage.world.tick - 12);
    expect(after.at(-1)!.tick - after.at(-11)!.tick).toBeCloseTo(10, 0);
  });

  test('[J16] makes inputs for the ticks that are to come there', async () => {
    const { stage, play } = await movedBack();
    const { inputs } = stage.session.playback;
    const before = inputs.tick;
    await play(1500);
    expect(inputs.running).toBe(true);
    expect(inputs.tick).toBeGreaterThan(stage.world.tick);
    expect(inputs.tick).toBeLessThan(stage.world.tick + 8);
    expect(inputs.tick).toBeLessThan(before + 30);
  });

  test('[J16] forgets events that never were, and counts on from those that were', async () => {
    // Of five none was shown yet, and none will be; one more was lost with them.
    const { stage, play, hits } = await movedBack([1, 2], [1, 2, 3, 4, 5]);
    expect(hits).toEqual([]);
    await play(2000);
    for (const hard of [6, 7]) stage.peer.send(stage.world.event(0, { hard }));
    await play(1000);
    expect(hits).toEqual([6, 7]);
    stage.peer.close(CloseCode.Lost);
    await play(2000);
    expect(stage.peers.map(({ hello }) => hello?.events)).toEqual([0, 5, 8]);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false, lostEvents: undefined });
  });

  test('without an epoch is another room: all its rows leave first', async () => {
    const { drawn, play } = await movedBack([]);
    const { row } = drawn.at(-1)!;
    await play(3000);
    expect(drawn.at(-1)!.row).not.toBe(row);
    expect(drawn.at(-1)!.x).toBeGreaterThan(START_X);
  });
});
