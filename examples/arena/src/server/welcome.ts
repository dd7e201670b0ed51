// What the terminal says when the arena runs: the address here, the address in the local network,
// and its QR code. Called by `server.ts` once the port is open.

import { createRequire } from 'node:module';
import { lanAddresses } from '@tickwire/kit/lan';

/** What is used of the qrcode package, which ships no types. */
interface QrCode {
  toString(text: string, options: { type: 'terminal'; small: boolean }): Promise<string>;
}
const qrCode: QrCode = createRequire(import.meta.url)('qrcode');

/** Hosts that nobody outside this machine can reach. */
const LOCAL_ONLY = new Set(['127.0.0.1', 'localhost', '::1']);

/** The lines to print. `host`: what the server listens on; '' or 0.0.0.0 is every interface. */
export async function welcome(port: number, host: string, bots: number): Promise<string> {
  const lines = [
    '',
    `  Tickwire arena · ${bots} bots`,
    '',
    `  Here       http://localhost:${port}/`,
  ];
  const lan = LOCAL_ONLY.has(host) ? undefined : lanAddresses()[0];
  if (lan) {
    const url = `http://${lan}:${port}/`;
    lines.push(`  In the LAN ${url}`, '');
    const code = await qrCode.toString(url, { type: 'terminal', small: true });
    const rows = code.split('\n').filter((row) => row.includes('▀') || row.includes('▄'));
    lines.push(...rows.map((row) => `  ${row}`));
  } else lines.push('  Only this machine can reach it (host is local).');
  lines.push('', '  Ctrl+C stops it.', '');
  return lines.join('\n');
}
