// A page of another origin in a real browser, which sends an honest Origin and whatever cookies
// there are: it gets no socket, and the page of the listed origin beside it gets one.

import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { browserSuite, launchBrowser } from '@tickwire/kit/browser';
import { defineGame, int } from '@tickwire/protocol';
import { defineRoom, type Server, serve } from '@tickwire/server';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

const game = defineGame({ entities: { coin: { value: int(0, 9) } } });

browserSuite('a page of another origin', () => {
  let server: Server;
  let browser: Browser;
  const pages: HttpServer[] = [];

  /** Serves an empty page; its origin. */
  async function origin(): Promise<string> {
    const http = createServer((_, answer) => {
      answer.setHeader('set-cookie', 'token=ada');
      answer.setHeader('content-type', 'text/html').end('<!doctype html>');
    });
    pages.push(http);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    for (const http of pages) http.close();
  });

  test('{T51} gets no socket', async () => {
    const [own, foreign] = [await origin(), await origin()];
    server = await serve({
      rooms: { field: defineRoom(game, { seats: 2 }) },
      port: 0,
      host: '127.0.0.1',
      production: true,
      trustedProxies: ['127.0.0.1'],
      origins: [own],
      signals: false,
      log: 'silent',
    });
    const page = await browser.newPage();
    const url = server.url.replace(/^http/, 'ws');
    const attempt = async (from: string) => {
      await page.goto(from);
      return page.evaluate(
        (address) =>
          new Promise<string>((resolve) => {
            const socket = new WebSocket(address);
            socket.onopen = () => resolve('open');
            socket.onclose = ({ code }) => resolve(`closed ${code}`);
          }),
        url,
      );
    };
    expect(await attempt(foreign)).toBe('closed 1006');
    expect(server.edge.connections.size).toBe(0);
    expect(await attempt(own)).toBe('open');
    expect(await attempt(foreign)).toBe('closed 1006');
  });
});
