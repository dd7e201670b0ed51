import { CloseCode, type Continuity, MsgpackWriter, writeContinuity } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { Stage } from '../test/stage.ts';
import type { CommandError } from './status.ts';

const continuity = (more: Partial<Continuity>): Uint8Array => {
  const out = new MsgpackWriter(16);
  writeContinuity(out, { lostEvents: 0, inputTick: 0, commands: 0, ...more });
  return out.bytes();
};

const outcomeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: CommandError) => error.reason,
  );

/** A stage whose server answers the next HELLO with what goes on. */
async function resumed(more: Partial<Continuity>, before: (stage: Stage) => void): Promise<Stage> {
  const stage = await new Stage().live();
  before(stage);
  await stage.run(1, false);
  stage.answer = (peer) => {
    peer.send(stage.world.welcome(1));
    peer.send(continuity(more));
    peer.send(stage.world.everything(1));
  };
  stage.peer.close(CloseCode.Lost);
  await stage.run(3000);
  expect(stage.session.status.state).toBe('live');
  return stage;
}

describe('a seat that goes on', () => {
  test('[J8] says again the calls that did not come, and fails those that did', async () => {
    let calls: Promise<string>[] = [];
    const stage = await resumed({ commands: 1 }, ({ session }) => {
      calls = ['a', 'b', 'c'].map((words) => outcomeOf(session.call('say', { words })));
    });
    const [first, second] = stage.peers;
    expect(first.commands).toHaveLength(3);
    expect(second.commands).toEqual(first.commands.slice(1));
    expect(await calls[0]).toBe('unanswered');
    stage.session.leave();
    expect(await Promise.all(calls.slice(1))).toEqual(['unknown', 'unknown']);
  });

  test('[J7, E3] counts the events that came and those that are lost, and says so', async () => {
    const stage = await resumed({ lostEvents: 5 }, ({ peer, world }) => {
      peer.send(world.event(0, { hard: 1 }));
      peer.send(world.event(0, { hard: 2 }));
    });
    expect(stage.peer.hello?.events).toBe(2);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false, lostEvents: 5 });
    stage.peer.send(continuity({ lostEvents: 3 }));
    await stage.run(50);
    expect(stage.session.status).toEqual({ state: 'live', fresh: false, lostEvents: 3 });
    stage.peer.close(CloseCode.Lost);
    await stage.run(3000);
    expect(stage.peer.hello?.events).toBe(2 + 5 + 3);
  });

  test('[J7] counts from nothing where another seat is taken', async () => {
    const stage = await new Stage().live();
    const call = outcomeOf(stage.session.call('say', { words: 'a' }));
    stage.peer.send(stage.world.event(0, { hard: 1 }));
    await stage.run(50);
    stage.peer.close(CloseCode.ResumeOver);
    await stage.run(3000);
    expect(stage.peer.hello?.events).toBe(0);
    expect(await call).toBe('unknown');
    expect(stage.peer.commands).toEqual([]);
  });

  test('a call without a line does not run', async () => {
    const stage = await new Stage().live();
    stage.peer.close(CloseCode.Lost);
    await stage.run(50, false);
    expect(await outcomeOf(stage.session.call('say', { words: 'a' }))).toBe('not-sent');
  });
});
