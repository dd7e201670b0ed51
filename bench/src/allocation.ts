// Who allocates: V8's sampling heap profiler over a run, by source file and line. Objects that died
// count too: garbage per tick is the question, not what stays. Trap: sampled, so a figure is an
// estimate whose error falls with the root of the run's length.
import { Session } from 'node:inspector';

/** Bytes between two samples, on average. Small enough to see one number object per tick. */
const INTERVAL_BYTES = 64;

interface ProfileNode {
  callFrame: { functionName: string; url: string; lineNumber: number };
  selfSize: number;
  children: ProfileNode[];
}

/** Bytes allocated by file, and by "file:line function". Files outside the packages are `other`. */
export interface Allocation {
  readonly files: Map<string, number>;
  readonly places: Map<string, number>;
}

/** Runs `work` and answers who allocated how much in it. */
export async function allocationOf(work: () => void): Promise<Allocation> {
  const session = new Session();
  session.connect();
  try {
    await post(session, 'HeapProfiler.startSampling', {
      samplingInterval: INTERVAL_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    work();
    const { profile } = (await post(session, 'HeapProfiler.stopSampling')) as {
      profile: { head: ProfileNode };
    };
    const found: Allocation = { files: new Map(), places: new Map() };
    collect(profile.head, found);
    return found;
  } finally {
    session.disconnect();
  }
}

function post(session: Session, method: string, params: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, params, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

function collect(node: ProfileNode, found: Allocation): void {
  if (node.selfSize > 0) {
    const { url, functionName, lineNumber } = node.callFrame;
    const file = /((?:protocol|server|client|bench)\/(?:src|dist)\/[\w-]+)\.[tj]s$/.exec(url)?.[1];
    add(found.files, file ?? 'other', node.selfSize);
    add(found.places, `${file ?? url}:${lineNumber + 1} ${functionName}`, node.selfSize);
  }
  for (const child of node.children) collect(child, found);
}

function add(sums: Map<string, number>, name: string, bytes: number): void {
  sums.set(name, (sums.get(name) ?? 0) + bytes);
}
