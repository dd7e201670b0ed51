// The port that an app of uWebSockets.js listens on: opened for one process alone, or found free.
// Called by uws-transport.ts. Trap: uWebSockets.js says nothing of why a port cannot be opened.
import type * as uws from 'uWebSockets.js';
import { type AddressInfo, createServer } from 'node:net';
import { portError } from './request.ts';

/** SO_REUSEPORT off: another process on the port would silently take half of the connections. */
const EXCLUSIVE_PORT = 1;

/** At once. The typings lack the form with a host and options; the binding reads both (3.0.6). */
export function openPort(
  app: uws.TemplatedApp,
  { host, port }: { host: string; port: number },
): uws.us_listen_socket | false {
  const listen = app.listen.bind(app) as unknown as (
    host: string,
    port: number,
    options: number,
    done: (socket: uws.us_listen_socket | false) => void,
  ) => void;
  let opened: uws.us_listen_socket | false = false;
  listen(host, port, EXCLUSIVE_PORT, (socket) => {
    opened = socket;
  });
  return opened;
}

/**
 * A port nobody listens on. uWebSockets.js takes one for 0 itself, but without SO_REUSEADDR: it
 * could not be opened again while old connections linger.
 */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () => reject(portError({ port: 0, host })));
    probe.listen({ port: 0, host, exclusive: true }, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
