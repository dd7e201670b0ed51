// Serves the built page of a game: every file of one directory, read once at start-up and kept in
// memory. Asked by serve() for paths that are no route of its own; answers undefined for what it
// does not have. Trap: a request's path is only ever looked up in a map, never joined to a
// directory, so nothing can climb out of it.

import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { UsageError } from '@tickwire/protocol';
import type { HttpRequest, HttpResponse } from './transport.ts';

/** What a page with pixi may load. */
export const PAGE_CSP = [
  "default-src 'self'",
  // Textures made in the page.
  "img-src 'self' data: blob:",
  // pixi decodes images in a worker that it makes from a blob.
  "worker-src 'self' blob:",
  // The game socket may be on another host or port than the page.
  "connect-src 'self' ws: wss:",
  // A <style> in index.html; no script is ever inline, and nothing is evaluated.
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.wav': 'audio/wav',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
};

/**
 * All files together. A page is a few MB; far more is a wrong directory, and it would all be kept
 * in memory.
 */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/**
 * How vite names what it built: assets/, then 8 base64url characters of hash before the extension.
 */
const HASHED_NAME = /\/assets\/[^/]*-([\w-]{8})\.\w+$/;

/**
 * A year, the longest that RFC 9111 caches are asked to honour: a changed file has another name.
 */
const IMMUTABLE = 'public, max-age=31536000, immutable';

interface StaticFile {
  readonly body: Uint8Array;
  readonly headers: Record<string, string>;
}

export interface StaticFiles {
  /** Answers GET and HEAD for a path of the page; undefined for a path that is not one. */
  respond(request: Pick<HttpRequest, 'method' | 'path' | 'headers'>): HttpResponse | undefined;
  /** The paths that are served, raw as a browser sends them. */
  readonly paths: readonly string[];
}

/**
 * Reads `directory` whole; later changes are not seen. Names that start with a dot, and links, are
 * left out. Throws UsageError if it cannot be read, has no index.html, or is larger than 64 MiB.
 */
export function loadStaticFiles(directory: string, options: { csp?: string } = {}): StaticFiles {
  const files = new Map<string, StaticFile>();
  const policy = { 'content-security-policy': options.csp ?? PAGE_CSP };
  let totalBytes = 0;
  for (const { path, file } of listFiles(directory, '')) {
    const body = readFileSync(file);
    totalBytes += body.length;
    if (totalBytes > MAX_TOTAL_BYTES)
      throw new UsageError(
        `page directory ${directory} has more than 64 MiB; is it the built page?`,
      );
    files.set(path, { body, headers: { ...policy, ...fileHeaders(path, body) } });
  }
  const index = files.get('/index.html');
  if (!index)
    throw new UsageError(`page directory ${directory} has no index.html; build the page first`);
  files.set('/', index);
  return {
    paths: [...files.keys()],
    respond(request) {
      const file = files.get(request.path);
      return file && answer(file, request);
    },
  };
}

function answer(file: StaticFile, request: Pick<HttpRequest, 'method' | 'headers'>): HttpResponse {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, headers: { allow: 'GET, HEAD' } };
  const known = request.headers.get('if-none-match');
  if (known?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === file.headers.etag))
    return { status: 304, headers: file.headers };
  return { status: 200, headers: file.headers, body: file.body };
}

function fileHeaders(path: string, body: Uint8Array): { [name: string]: string } {
  // 128 bits of SHA-256: no two builds of a file meet by chance.
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
  const hash = HASHED_NAME.exec(path)?.[1];
  // A word of eight letters looks like a hash; a real hash nearly always has a digit or a capital.
  const isHashed = hash !== undefined && /[0-9A-Z]/.test(hash);
  return {
    'content-type': CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
    'cache-control': isHashed ? IMMUTABLE : 'no-cache',
    etag,
  };
}

function* listFiles(directory: string, prefix: string): Generator<{ path: string; file: string }> {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw new UsageError(`page directory ${directory} cannot be read; build the page first`, {
      cause: error,
    });
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = `${prefix}/${encodeURIComponent(entry.name)}`;
    const file = join(directory, entry.name);
    if (entry.isDirectory()) yield* listFiles(file, path);
    else if (entry.isFile()) yield { path, file };
  }
}
