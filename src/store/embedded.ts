/** The default store: one LMDB file in the data folder. */
import { chmod, mkdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Keyv } from 'keyv';
import { open } from 'lmdb';
import { UserError } from '../core/errors.ts';
import { type Database, fullDisk } from './database.ts';
import { keyvDatabase } from './keyv-database.ts';
import { LmdbAdapter } from './lmdb-adapter.ts';
import { checkLmdbFile } from './lmdb-check.ts';
import { requireRoomFor, requireRoomToDelete } from './room.ts';

/** LMDB ends the process where it cannot even write the first pages of a new file. */
const ROOM_BYTES = 4 * 1_048_576;
const PAGE_ROOM_BYTES = 65_536;
const FILE = 'store.mdb';

/** Whether there is a store in the folder. */
export async function hasEmbedded(folder: string): Promise<boolean> {
  return await hasFile(join(folder, FILE));
}

/**
 * Opens or makes `store.mdb` in `folder`; throws `UserError` `store.corrupt` for a damaged one and leaves it as it is,
 * `store.folder` where nothing can be written.
 */
export async function openEmbedded(folder: string): Promise<Database> {
  await makeFolder(folder);
  const path = join(folder, FILE);
  await checkLmdbFile(path);
  if (!(await hasFile(path)) && !(await hasRoom(folder, ROOM_BYTES))) {
    throw fullDisk();
  }
  // Batching by turns of the event loop makes promises that nobody can listen to, and a full disk rejects them.
  const options = { path, encoding: 'string', eventTurnBatching: false } as const;
  const root = openRoot(folder, () => open<string, string>(options));
  await Promise.all([keepPrivate(path, 0o600), keepPrivate(`${path}-lock`, 0o600)]);
  const adapter = new LmdbAdapter(root);
  return keyvDatabase({
    keyv: new Keyv({ store: adapter, useKeyPrefix: false, throwOnErrors: true }),
    listKeys: async (prefix) => adapter.keysFrom(prefix),
    flush: async () => {
      await adapter.flushed();
    },
    // A tree of pages is written anew from its leaf to its root.
    requireRoom: (bytes) =>
      bytes === undefined ? requireRoomToDelete(folder) : requireRoomFor(folder, 'records', 4 * bytes),
    // A page that fits in part is reported as an input/output error.
    explain: async (error) => ((await hasRoom(folder, PAGE_ROOM_BYTES)) ? error : fullDisk(error)),
  });
}

/** Throws `UserError` `store.folder`. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw unusable(folder, error);
  });
  await keepPrivate(folder, 0o700);
}

/** Prompts and pictures of people are in it. Where it is somebody else's, its rights are theirs to set. */
async function keepPrivate(path: string, mode: number): Promise<void> {
  await chmod(path, mode).catch(() => undefined);
}

function openRoot<Root>(folder: string, openIt: () => Root): Root {
  try {
    return openIt();
  } catch (error) {
    throw unusable(folder, error);
  }
}

function unusable(folder: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    'store.folder',
    `Expected to keep the store in ${folder}, but that is not possible (${reason}). Let this user write there, or set FOURSTEP_DATA to another folder.`,
    { params: { folder, reason }, cause },
  );
}

async function hasRoom(folder: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= bytes;
}

async function hasFile(path: string): Promise<boolean> {
  return await stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );
}
