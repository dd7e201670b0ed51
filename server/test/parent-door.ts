// One shard's door to the directory of its parent, in a process of its own: does what the messages
// of its parent ask, with the directory that the same channel leads to. Started by parent-store.ts,
// which listens to both kinds of talk.
import { type Directory, DirectoryError } from '../src/directory.ts';
import { ParentDirectory } from '../src/parent-directory.ts';
import type { Channel } from '../src/parent-messages.ts';
import type { Call, Reply } from './parent-store.ts';

const parent = process as typeof process & Channel;
const ends = new Map<number, () => Promise<void>>();
let directory: Directory | undefined;

function tell(reply: Reply): void {
  process.send!(reply);
}

async function answer({ call, method, args }: Call): Promise<unknown> {
  if (method === 'open') {
    directory = await ParentDirectory.open(parent);
    return directory.leaseMs;
  }
  if (method === 'subscribe') {
    const hear = (heard: Uint8Array) => tell({ call, heard });
    ends.set(call, await directory!.subscribe(args[0] as string, hear));
    return undefined;
  }
  if (method === 'unsubscribe') return ends.get(args[0] as number)!();
  const ask = directory![method as keyof Directory] as (...given: unknown[]) => unknown;
  return ask.apply(directory, [...args]);
}

process.on('message', (message: Partial<Call>) => {
  if (message.call === undefined) return;
  const { call } = message;
  answer(message as Call).then(
    (value) => tell({ call, value }),
    (error: Error) => {
      const code = error instanceof DirectoryError ? error.code : undefined;
      tell({ call, error: error.message, code });
    },
  );
});
process.once('disconnect', () => process.exit(0));
tell({ call: 0 });
