/** A store that lasts as long as the process: for tests and for trying things out. */
import { Keyv } from 'keyv';
import type { Database } from './database.ts';
import { keyvDatabase } from './keyv-database.ts';

export function openMemory(): Database {
  const map = new Map<string, unknown>();
  return keyvDatabase({
    keyv: new Keyv({ store: map, useKeyPrefix: false, throwOnErrors: true }),
    listKeys: async (prefix) => [...map.keys()].filter((key) => key.startsWith(prefix)).sort(),
  });
}
