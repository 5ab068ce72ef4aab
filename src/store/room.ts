/**
 * Whether a disk has room for what is about to be written, asked before it is. The store's library does not survive a
 * disk that is full while it commits (some failures, and it ends the process), so the last of the room is left to it:
 * files of ours stop before.
 */
import { statfs } from 'node:fs/promises';

import { fullDisk } from './database.ts';

/** Left by records that are written, and by files. */
const RESERVE_BYTES = { records: 1_048_576, files: 2_097_152 } as const;
/** Without so much not even a record is deleted: that is written, too. */
const DELETE_BYTES = 131_072;

/** Throws `UserError` `store.full` where the folder's disk has no room for so many bytes and the reserve. */
export async function requireRoomFor(folder: string, what: 'records' | 'files', bytes: number): Promise<void> {
  if ((await roomIn(folder)) < bytes + RESERVE_BYTES[what]) {
    throw fullDisk();
  }
}

/** Throws `UserError` `store.full`. */
export async function requireRoomToDelete(folder: string): Promise<void> {
  if ((await roomIn(folder)) < DELETE_BYTES) {
    throw fullDisk();
  }
}

/** Bytes; a folder that is not there yet has what its making will tell. */
async function roomIn(folder: string): Promise<number> {
  return await statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY,
  );
}
