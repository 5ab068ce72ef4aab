/** A store on a PostgreSQL server, through Keyv's own adapter: one table, `fourstep_store`. */
import { KeyvPostgres } from '@keyv/postgres';
import { Keyv } from 'keyv';
import type { Database } from './database.ts';
import { KeyvDatabase } from './keyv-database.ts';

/** Connects to `postgres://…` and makes the table where it is missing. Throws when it cannot connect. */
export async function openPostgres(url: string, table = 'fourstep_store'): Promise<Database> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/u.test(table)) {
    throw new RangeError(`a table's name has letters, digits and _; got ${JSON.stringify(table)}`);
  }
  const adapter = new KeyvPostgres({ uri: url, table, dialect: 'postgres', connectionTimeoutMillis: 10_000 });
  const database = new KeyvDatabase({
    keyv: new Keyv({ store: adapter, useKeyPrefix: false, throwOnErrors: true }),
    listKeys: async (prefix) => {
      const pattern = `${prefix.replace(/[%_\\]/gu, '\\$&')}%`;
      const rows = await adapter.query(`SELECT key FROM public.${table} WHERE key LIKE $1`, [pattern]);
      return rows.map((row: { readonly key: string }) => row.key).sort();
    },
  });
  try {
    await database.get('meta/schema');
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
