// What native code calls may not throw: out of there nobody catches, and the process ends. A
// stand-in for the package hands out every function that it is given, whatever it is called.

import { expect, test } from 'vitest';
import { createUwsTransport } from './uws-transport.ts';

const broken = (): never => {
  throw new Error('broken');
};

/** Any object of the package: every method of it throws, but those of `working`. */
function hostile(working: Record<string, unknown> = {}): object {
  return new Proxy(working, { get: (own, name) => Reflect.get(own, name) ?? broken });
}

/** All functions within a call's arguments. */
function functionsIn(given: readonly unknown[]): ((...args: unknown[]) => unknown)[] {
  return given.flatMap((one) => {
    if (typeof one === 'function') return [one as (...args: unknown[]) => unknown];
    return one && typeof one === 'object' ? functionsIn(Object.values(one)) : [];
  });
}

/** A transport that listens through a stand-in, and what it gave to it. */
async function started(port: number) {
  const faults: string[] = [];
  const taken: ((...args: unknown[]) => unknown)[] = [];
  const take = (...given: unknown[]): unknown => {
    taken.push(...functionsIn(given));
    return app;
  };
  const app: object = new Proxy(
    { listen: (...given: unknown[]) => (given.at(-1) as (socket: object) => void)({}) },
    { get: (own, name) => Reflect.get(own, name) ?? take },
  );
  const native = { App: () => app, us_socket_local_port: () => port };
  const watch = { fault: (_: unknown, where: string) => faults.push(where), refused: () => {} };
  const transport = await createUwsTransport({}, watch, async () => native);
  const handler = { http: broken, upgrade: broken, open: broken };
  await transport.listen({ port, host: '127.0.0.1' }, handler);
  return { faults, taken };
}

test('{T26} nothing that native code calls throws, whatever the package does', async () => {
  const { faults, taken } = await started(9);
  expect(taken.length).toBeGreaterThanOrEqual(6);
  for (const call of taken) expect(() => call(hostile(), hostile(), hostile())).not.toThrow();
  expect(faults).toEqual(expect.arrayContaining(['upgrade', 'open', 'message', 'ping', 'close']));
  expect(faults).toHaveLength(taken.length);
});

test('{T26} nor what it calls of one request', async () => {
  const { faults, taken } = await started(9);
  const later: ((...args: unknown[]) => unknown)[] = [];
  const keep = (...given: unknown[]) => void later.push(...functionsIn(given));
  const res = hostile({
    onAborted: keep,
    onData: keep,
    cork: keep,
    getRemoteAddressAsText: () => new ArrayBuffer(0),
  });
  const req = {
    forEach: (run: (name: string, value: string) => void) => run('content-length', '5'),
    getCaseSensitiveMethod: () => 'POST',
    getUrl: () => '/',
    getQuery: () => '',
  };
  const request = taken.at(-1);
  request?.(res, req);
  await new Promise((resolve) => setImmediate(resolve));
  // The end of the request, its body, and its answer, which was refused by the handler.
  expect(later).toHaveLength(3);
  expect(faults).toEqual(['http']);
  for (const call of later) expect(() => call(hostile(), hostile())).not.toThrow();
  expect(faults).toContain('http answer');
});
