/**
 * The page's own files: read, hashed and compressed once, then served from memory, so that a name in a request never
 * meets the disk. Knows nothing of the page's chat.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import type { Context } from 'hono';

import { packageFolder } from '../../../config/paths.ts';

const PAGE_FOLDER = join(packageFolder, 'src/adapters/web/page');

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

type PageFile = {
  readonly contentType: string;
  readonly etag: string;
  readonly plain: Buffer<ArrayBuffer>;
  readonly br: Buffer<ArrayBuffer>;
  readonly gzip: Buffer<ArrayBuffer>;
};

/** Name → file. A Map: no name of a request is a property of it. */
export type PageFiles = ReadonlyMap<string, PageFile>;

export function readPageFiles(folder: string = PAGE_FOLDER): PageFiles {
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const contentType = CONTENT_TYPES[name.split('.').at(-1) ?? ''];
    if (contentType !== undefined) {
      const plain = readFileSync(join(folder, name));
      files.set(name, {
        contentType,
        etag: `"${createHash('sha256').update(plain).digest('hex').slice(0, 16)}"`,
        plain,
        br: brotliCompressSync(plain),
        gzip: gzipSync(plain, { level: 9 }),
      });
    }
  }
  return files;
}

/** In the smallest form that the browser reads, or nothing at all where it has this very file. */
export function servePageFile(context: Context, files: PageFiles, name: string): Response | Promise<Response> {
  const file = files.get(name);
  if (file === undefined) {
    return context.notFound();
  }
  const headers = {
    'content-type': file.contentType,
    'cache-control': 'no-cache', // asked for each time, and answered 304
    etag: file.etag,
    vary: 'accept-encoding',
  };
  if (context.req.header('if-none-match')?.includes(file.etag) === true) {
    return context.body(null, 304, headers);
  }
  const accepted = context.req.header('accept-encoding') ?? '';
  if (/\bbr\b/.test(accepted)) {
    return context.body(file.br, 200, { ...headers, 'content-encoding': 'br' });
  }
  if (/\bgzip\b/.test(accepted)) {
    return context.body(file.gzip, 200, { ...headers, 'content-encoding': 'gzip' });
  }
  return context.body(file.plain, 200, headers);
}
