/** The default store: one LMDB file in the data folder. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Keyv } from 'keyv';
import { open } from 'lmdb';
import type { Database } from './database.ts';
import { KeyvDatabase } from './keyv-database.ts';
import { LmdbAdapter } from './lmdb-adapter.ts';
import { checkLmdbFile } from './lmdb-check.ts';

/** Opens or makes `store.mdb` in `folder`; throws `UserError` `store.corrupt` for a damaged one and leaves it as it is. */
export async function openEmbedded(folder: string): Promise<Database> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'store.mdb');
  await checkLmdbFile(path);
  const adapter = new LmdbAdapter(open<string, string>({ path, encoding: 'string' }));
  return new KeyvDatabase({
    keyv: new Keyv({ store: adapter, useKeyPrefix: false, throwOnErrors: true }),
    listKeys: async (prefix) => adapter.keysFrom(prefix),
    flush: async () => {
      await adapter.flushed();
    },
  });
}
