// nginx and HAProxy as private processes of a test, each with the configuration that docs/proxies
// gives to users: the words in capitals are filled in, and a frame around it keeps process id, logs
// and temporary files in a folder of the test's own. Used by front-proxies.test.ts and
// proxied-shards.test.ts. Trap: a port is
// chosen by taking one and letting it go, since neither program can be told to take any.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { freePort } from './ports.ts';
import { RawSocket } from './raw-socket.ts';
import { SelfSigned } from './self-signed.ts';

/** Between two looks whether a program is ready: neither says so. */
const LOOK_MS = 10;

/** A connection that the old workers left lying is given up after this, and another one tried. */
const ANSWER_MS = 1000;

/** HAProxy wants certificate and key in one file. */
const PEM = 'both.pem';

const DOCS = new URL('../../docs/proxies/', import.meta.url);

/** Whatever becomes of a test, its programs end with the process. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill();
});

interface Kind {
  readonly name: 'nginx' | 'haproxy';
  /** In docs/proxies. */
  readonly file: string;
  /** There, for two shards behind one name. */
  readonly shardsFile: string;
  /** Debian's package. */
  readonly package: string;
  readonly reload: NodeJS.Signals;
  /** What the user's own main file would hold. */
  frame(folder: string): string;
  args(folder: string): string[];
}

const KINDS: readonly Kind[] = [
  {
    name: 'nginx',
    file: 'nginx.conf',
    shardsFile: 'nginx-shards.conf',
    package: 'nginx-light',
    reload: 'SIGHUP',
    // Workers of a root are nobody by default, and could not write into the folder.
    frame: (folder) => `
      ${process.getuid?.() === 0 ? 'user root;' : ''}
      daemon off;
      worker_processes 1;
      pid ${folder}/nginx.pid;
      events { worker_connections 256; }
      http {
        access_log off;
        client_body_temp_path ${folder}/body;
        proxy_temp_path ${folder}/proxy;
        fastcgi_temp_path ${folder}/fastcgi;
        uwsgi_temp_path ${folder}/uwsgi;
        scgi_temp_path ${folder}/scgi;
        include ${folder}/nginx.conf;
      }`,
    args: (folder) => ['-p', folder, '-e', `${folder}/error.log`, '-c', `${folder}/frame.conf`],
  },
  {
    name: 'haproxy',
    file: 'haproxy.cfg',
    shardsFile: 'haproxy-shards.cfg',
    package: 'haproxy',
    reload: 'SIGUSR2',
    // Listeners are handed on at a reload: else a connection of that moment may wait in vain.
    frame: (folder) =>
      `global\n  maxconn 256\n  stats socket ${folder}/admin.sock expose-fd listeners\n`,
    // -W: a master that can reload; -db: in the foreground.
    args: (folder) => ['-W', '-db', '-f', `${folder}/frame.conf`, '-f', `${folder}/haproxy.cfg`],
  },
];

/** Debian's programs of the system are in sbin, which a user's PATH may lack. */
function programOf(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export interface ProxySettings {
  /** Port of the server behind it, on 127.0.0.1; or of two shards. */
  upstream: number | readonly [number, number];
  /** Changes to the configuration: each text must stand in it. */
  changes?: Readonly<Record<string, string>>;
}

/** A proxy that runs until `stop`. */
export class RunningProxy {
  readonly port: number;
  readonly #kind: Kind;
  readonly #folder: string;
  readonly #pair: SelfSigned;
  #child: ChildProcess | undefined;

  private constructor(kind: Kind, folder: string, pair: SelfSigned, port: number) {
    this.#kind = kind;
    this.#folder = folder;
    this.#pair = pair;
    this.port = port;
  }

  static async start(kind: Kind, settings: ProxySettings): Promise<RunningProxy> {
    const folder = mkdtempSync(join(tmpdir(), `tickwire-${kind.name}-`));
    const pair = new SelfSigned(['first', 'renewed']);
    const port = await freePort();
    const { certFile, keyFile } = pair.files;
    const shards = typeof settings.upstream === 'number' ? [settings.upstream] : settings.upstream;
    const words = {
      SERVER_NAME: 'localhost',
      HTTPS_PORT: String(port),
      CERT_FILE: certFile,
      KEY_FILE: keyFile,
      PEM_FILE: join(folder, PEM),
      UPSTREAM: `127.0.0.1:${shards[0]}`,
      SHARD_0: `127.0.0.1:${shards[0]}`,
      SHARD_1: `127.0.0.1:${shards[1]}`,
    };
    const file = shards.length > 1 ? kind.shardsFile : kind.file;
    let text = readFileSync(new URL(file, DOCS), 'utf8').replace(/^#.*\n/gm, '');
    for (const [from, to] of Object.entries(settings.changes ?? {})) {
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
      text = text.replace(from, to);
    }
    for (const [word, value] of Object.entries(words)) text = text.replaceAll(word, value);
    writeFileSync(join(folder, kind.file), text);
    writeFileSync(join(folder, 'frame.conf'), kind.frame(folder));
    const proxy = new RunningProxy(kind, folder, pair, port);
    proxy.#certify('first');
    await proxy.run();
    return proxy;
  }

  get url(): string {
    return `https://localhost:${this.port}`;
  }

  /** Starts the program, also again after `end`. */
  async run(): Promise<void> {
    const { name, args } = this.#kind;
    const child = spawn(programOf(name)!, args(this.#folder), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said += text;
      });
    this.#child = child;
    children.add(child);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said}`);
      const line = await RawSocket.connect(this.port).catch(() => undefined);
      line?.destroy();
      if (line) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Takes a renewed certificate, in new workers; resolves when it meets who connects. */
  async reload(): Promise<void> {
    this.#certify('renewed');
    this.#child!.kill(this.#kind.reload);
    while ((await commonNameAt(this.port)) !== 'renewed')
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  #certify(name: string): void {
    this.#pair.put(name);
    const { certFile, keyFile } = this.#pair.files;
    const both = readFileSync(certFile, 'utf8') + readFileSync(keyFile, 'utf8');
    writeFileSync(join(this.#folder, PEM), both);
  }

  /** Ends the program and every line through it. */
  async end(): Promise<void> {
    const child = this.#child!;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await ended;
    }
    children.delete(child);
  }

  async stop(): Promise<void> {
    await this.end();
    this.#pair.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Both, with the reason why one must be skipped; where CI is set, one that is missing is a fault.
 */
export const PROXIES = KINDS.map((kind) => {
  const found = programOf(kind.name) !== undefined;
  if (!found && process.env.CI)
    throw new Error(`${kind.name} is missing: .ci/run installs ${kind.package}`);
  return {
    name: kind.name,
    missing: found ? undefined : `no ${kind.name} program; install ${kind.package}`,
    start: (settings: ProxySettings) => RunningProxy.start(kind, settings),
  };
});

/** Of the certificate that a port shows; undefined while nothing answers. */
function commonNameAt(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const line = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(String(line.getPeerCertificate().subject.CN));
      line.destroy();
    });
    line.on('error', () => {}).once('close', () => resolve(undefined));
    line.setTimeout(ANSWER_MS, () => line.destroy());
  });
}
