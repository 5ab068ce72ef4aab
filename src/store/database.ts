/**
 * The port of whatever keeps our records: keys to plain JSON values, with listing by prefix. Knows no job and no server.
 * Every implementation passes one conformance suite; `openDatabase` chooses by address.
 */
import { UserError } from '../core/errors.ts';

export type Entry = {
  /** Parts joined by `/`, each through `keyPart`; at most 255 characters. */
  readonly key: string;
  /** Plain JSON. */
  readonly value: unknown;
  /** Gone after this time; undefined: stays. */
  readonly ttlMs?: number;
};

export interface Database {
  /** Undefined where nothing is kept under the key, or no longer. */
  get(key: string): Promise<unknown>;
  /** In the order of `keys`. */
  getMany(keys: readonly string[]): Promise<readonly unknown[]>;
  /** Resolves once the entries are durable, all or none of them. Throws `UserError` `store.full` where there is no room. */
  put(entries: readonly Entry[]): Promise<void>;
  delete(keys: readonly string[]): Promise<void>;
  /** All keys that begin so, in ascending order of code units. */
  keys(prefix: string): Promise<readonly string[]>;
  /** It may lose what it was told last when it is killed; absent: it does not. */
  isForgetful?(): Promise<boolean>;
  close(): Promise<void>;
}

/** Our data's layout. A store of a later one is refused; an earlier one is brought up to date at opening. */
export const SCHEMA_VERSION = 1;
const SCHEMA_KEY = 'meta/schema';

/** One part of a key, safe between slashes. */
export function keyPart(text: string): string {
  return encodeURIComponent(text);
}

/** Writes the schema's version into an empty store; throws as `readSchema` does. */
export async function checkSchema(database: Database, name: string): Promise<void> {
  if ((await readSchema(database, name)) === undefined) {
    await database.put([{ key: SCHEMA_KEY, value: SCHEMA_VERSION }]);
  }
}

/** Undefined for an empty store. Throws `UserError` `store.newer` or `store.corrupt` for one that is not ours to open. */
export async function readSchema(database: Database, name: string): Promise<number | undefined> {
  const found = await database.get(SCHEMA_KEY);
  if (found === undefined) {
    return undefined;
  }
  if (typeof found !== 'number' || !Number.isInteger(found) || found < 1) {
    throw corruptStore(name, 'its version is no number');
  }
  if (found > SCHEMA_VERSION) {
    throw new UserError(
      'store.newer',
      `The store ${name} was written by a later version of this program (layout ${found}; this one knows ${SCHEMA_VERSION}). Update the program, or give another store; nothing was changed.`,
      { params: { name, found, known: SCHEMA_VERSION } },
    );
  }
  return found;
}

export function corruptStore(name: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    'store.corrupt',
    `The store ${name} cannot be read: ${reason}. Restore it from a backup, or move it away to begin anew; nothing was changed.`,
    { params: { name, reason }, cause },
  );
}

/** A failure to write, in our words where the reason is a lack of room. */
export function writeFailure(error: unknown): unknown {
  const text = error instanceof Error ? `${'code' in error ? String(error.code) : ''} ${error.message}` : String(error);
  if (!/ENOSPC|EDQUOT|no space left|disk quota|MDB_MAP_FULL|OOM command|\b53100\b/iu.test(text)) {
    return error;
  }
  return fullDisk(error);
}

export function fullDisk(cause?: unknown): UserError {
  return new UserError(
    'store.full',
    'The disk of this bot is full, so nothing could be kept. Its operator needs to make room; nothing was counted.',
    { cause },
  );
}
