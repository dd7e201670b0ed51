// Colyseus and its uWebSockets transport, made to start here: bound to 127.0.0.1, without express.
// Trap: the transport imports uwebsockets-express as it loads, does without it while no Express app
// is asked for, and leaves the failed import unhandled, which ends the process.
process.on('unhandledRejection', (reason) => {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (reason);
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'uwebsockets-express'")) return;
  throw reason;
});

export const core = await import('@colyseus/core');
const { uWebSocketsTransport } = await import('@colyseus/uwebsockets-transport');

/** Its own listen leaves the address out. */
export class LocalTransport extends uWebSocketsTransport {
  /**
   * @param {number} port
   * @param {string} _host
   * @param {number} _backlog
   * @param {((error?: Error) => void) | undefined} listening
   */
  listen(port, _host, _backlog, listening) {
    this.app.listen('127.0.0.1', port, (/** @type {unknown} */ socket) => {
      listening?.(socket ? undefined : new Error(`port ${port} is taken`));
    });
    return this;
  }
}
