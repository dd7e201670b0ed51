// A room whose shard does not know whether it still has it: one that slept beyond its lease, or
// whose directory is away where rooms freeze. Nothing is done in it that another owner may be at.
import {
  FrameType,
  MsgpackReader,
  PlainSink,
  readFrame,
  readReply,
  writeCommandHeader,
  writePayload,
} from '@tickwire/protocol';
import { afterEach, expect, test } from 'vitest';
import { arcade, game } from './arcade.ts';
import { RawPlayer } from './raw-player.ts';
import { ShardStage } from './shard-stage.ts';

let stage: ShardStage;
afterEach(() => stage.stepper.close());

/** What was answered to commands. */
function repliesTo({ frames }: RawPlayer): { id: number; ok: boolean }[] {
  const replies = frames.filter((frame) => frame[1] === FrameType.Reply);
  return replies.map((frame) => {
    const from = new MsgpackReader();
    from.reset(frame);
    readFrame(from, { elements: 0 });
    const { id, ok } = readReply(from);
    return { id, ok };
  });
}

test('{S54} a command is refused, and what other rooms say is not heard', async () => {
  const ran: string[] = [];
  const field = arcade({
    hears: { news: (_room: unknown, text: string) => void ran.push(text) } as never,
    commands: {
      rename: (_: unknown, __: unknown, { name }: { name: string }) => void ran.push(name),
    } as never,
  });
  stage = await ShardStage.start({ field, speaker: arcade() });
  const { stepper } = stage;
  const speaker = await stage.b.shard.open('speaker');
  const ada = new RawPlayer(stepper);
  ada.hello();
  await stepper.advance(50);
  const rename = (id: number, name: string) =>
    ada.say((out) => {
      const number = game.commands.findIndex((plan) => plan.name === 'rename');
      writeCommandHeader(out, id, number);
      writePayload(new PlainSink(out), game.commands[number], { name });
    });
  rename(1, 'awake');
  speaker.publish('news', 'before');
  await stepper.advance(1);
  expect(ran).toEqual(['awake', 'before']);
  // Longer than a lease.
  stepper.nowMs += 700_000;
  rename(2, 'asleep');
  speaker.publish('news', 'after');
  await stepper.advance(1);
  expect(ran).toEqual(['awake', 'before']);
  expect(repliesTo(ada)).toEqual([
    { id: 1, ok: true },
    { id: 2, ok: false },
  ]);
});
