/**
 * `Database` on a Keyv, whose adapters know how to talk to each kind of store. Keyv has no listing by prefix, so each
 * kind brings its own.
 */
import type { Keyv } from 'keyv';
import { type Database, writeFailure } from './database.ts';

type KeyvDatabaseOptions = {
  /** With `throwOnErrors`: a failure that is only reported would be a lost job. */
  readonly keyv: Keyv;
  readonly listKeys: (prefix: string) => Promise<readonly string[]>;
  /** Throws where there is no room to write so many bytes, or, for undefined, to delete. */
  readonly requireRoom?: (bytes: number | undefined) => Promise<void>;
  /** Waits until what was written is on the disk; nothing for stores that answer only then. */
  readonly flush?: () => Promise<void>;
  /** A failure to write in better words than the store's own. */
  readonly explain?: (error: unknown) => Promise<unknown>;
};

export function keyvDatabase({ keyv, listKeys, flush, requireRoom, explain }: KeyvDatabaseOptions): Database {
  // Keyv reports what it also throws.
  keyv.on('error', () => undefined);
  const written = async (bytes: number | undefined, write: () => Promise<unknown>): Promise<void> => {
    try {
      await requireRoom?.(bytes);
      await write();
      await flush?.();
    } catch (error) {
      throw writeFailure(explain === undefined ? error : await explain(error));
    }
  };
  return {
    get: async (key) => (await keyv.get<unknown>(key)) ?? undefined,
    getMany: async (keys) => (keys.length === 0 ? [] : await keyv.getMany<unknown>([...keys])),
    put: (entries) =>
      written(JSON.stringify(entries).length, async () => {
        const [first, ...rest] = entries;
        if (first !== undefined && rest.length === 0) {
          await keyv.set(first.key, first.value, first.ttlMs);
        } else if (first !== undefined) {
          await keyv.setMany(
            entries.map(({ key, value, ttlMs }) => (ttlMs === undefined ? { key, value } : { key, value, ttl: ttlMs })),
          );
        }
      }),
    delete: async (keys) => {
      if (keys.length > 0) {
        await written(undefined, () => keyv.deleteMany([...keys]));
      }
    },
    keys: listKeys,
    close: () => keyv.disconnect(),
  };
}
