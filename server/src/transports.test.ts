import { UsageError } from '@tickwire/protocol';
import { describe, expect, test } from 'vitest';
import { pickTransport, type TransportLog, type TransportName } from './transports.ts';
import { loadUws } from './uws-package.ts';

function recorder(): { log: TransportLog; lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (_: object, message: string) => {
    lines.push(`${level} ${message}`);
  };
  return { lines, log: { info: write('info'), warn: write('warn'), error: write('error') } };
}

const absent = async () => {
  throw Object.assign(new Error("Cannot find package 'uWebSockets.js'"), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
};

describe('loading uWebSockets.js', () => {
  test('a package that is missing is a UsageError with three ways out', async () => {
    const loading = loadUws(absent);
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(/npm:uwebsockets@3\.0\.6/);
    await expect(loading).rejects.toThrow(/github:uNetworking\/uWebSockets\.js/);
    await expect(loading).rejects.toThrow(/transport: 'ws'/);
  });

  test('a binary that does not load here says which Node and why', async () => {
    const loading = loadUws(async () => {
      throw new Error('This version supports only...\n\nError: GLIBC_2.38 not found');
    });
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(process.version);
    await expect(loading).rejects.toThrow(/GLIBC_2\.38 not found/);
  });
});

describe('picking a transport', () => {
  test('ws is ws, and nothing is logged', async () => {
    const { log, lines } = recorder();
    expect((await pickTransport('ws', {}, log)).name).toBe('ws');
    expect(lines).toEqual([]);
  });

  test('auto takes ws where uWebSockets.js is missing, and says why in one line', async () => {
    const { log, lines } = recorder();
    const create = async () => {
      await loadUws(absent);
      throw new Error('not reached');
    };
    const transport = await pickTransport('auto', {}, log, undefined, create);
    expect(transport.name).toBe('ws');
    expect(lines).toEqual([expect.stringMatching(/^warn .*not installed.*npm:uwebsockets@3/)]);
  });

  test('auto does not hide a limit that is out of range', async () => {
    const { log } = recorder();
    await expect(pickTransport('auto', { idleTimeoutS: 5 }, log)).rejects.toThrow(/idleTimeoutS/);
  });

  test('another name is a UsageError', async () => {
    const { log } = recorder();
    await expect(pickTransport('tcp' as TransportName, {}, log)).rejects.toThrow(UsageError);
  });
});
