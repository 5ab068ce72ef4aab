/**
 * Looks at an LMDB file before LMDB maps it: the library trusts its file, and a damaged one ends the process with a
 * segmentation fault where there should be a sentence. First the two meta pages (layout: `MDB_meta` of lmdb.h as lmdb-js
 * writes it), then, in a process of its own, every entry.
 */
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { corruptStore } from './database.ts';

const MAGIC = 0xbe_ef_c0_de;
/** What stands before `MDB_meta` on a page, with lmdb-js's transaction number. */
const PAGE_HEADER_BYTES = 24;
const MAX_WALK_MS = 60_000;

const WALK = `
  const { open } = await import(process.argv[1]);
  const db = open({ path: process.argv[2], encoding: 'string', readOnly: true });
  let entries = 0;
  for (const { value } of db.getRange({})) { JSON.parse(value); entries++; }
  await db.close();
`;

/**
 * Throws `UserError` `store.corrupt` for a file that is there and no whole LMDB file. Changes nothing. A look at the
 * entries that takes longer than `limitMs` is broken off: a large store on a slow disk is no damaged one.
 */
export async function checkLmdbFile(path: string, limitMs = MAX_WALK_MS): Promise<void> {
  const exists = await checkMeta(path);
  if (exists) {
    await walk(path, limitMs);
  }
}

async function checkMeta(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  if (handle === undefined) {
    return false;
  }
  try {
    const { size } = await handle.stat();
    if (size === 0) {
      return false; // made when the disk was full: there is nothing to lose
    }
    const head = Buffer.alloc(PAGE_HEADER_BYTES + 32);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    if (bytesRead < head.length || head.readUInt32LE(PAGE_HEADER_BYTES) !== MAGIC) {
      throw corruptStore(path, 'it does not begin like a store');
    }
    if (size < 2 * 4096) {
      throw corruptStore(path, `it ends after ${size} bytes`);
    }
    return true;
  } finally {
    await handle.close();
  }
}

async function walk(path: string, limitMs: number): Promise<void> {
  const lmdb = pathToFileURL(createRequire(import.meta.url).resolve('lmdb')).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', WALK, lmdb, path], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: limitMs,
    // Damage ends the process by other signals.
    killSignal: 'SIGTERM',
    env: {},
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, 4000);
  });
  const end = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(code === 0 ? 'whole' : (signal ?? `status ${code}`));
    });
  });
  if (end !== 'whole' && end !== 'SIGTERM') {
    const sentence = /Error: (.*)/u.exec(complaint)?.[1];
    throw corruptStore(path, sentence ?? `reading it ended with ${end}`);
  }
}
