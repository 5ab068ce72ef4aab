/** A store on a PostgreSQL server, through Keyv's own adapter: one table, `fourstep_store`. */
import { KeyvPostgres } from '@keyv/postgres';
import { Keyv } from 'keyv';
import { Pool } from 'pg';
import type { Database } from './database.ts';
import { keyvDatabase } from './keyv-database.ts';
import { steadied } from './steadied.ts';

const CONNECT_MS = 10_000;

/** Connects to `postgres://…` and makes the table where it is missing. Throws when it cannot connect. */
export async function openPostgres(url: string, table = 'fourstep_store'): Promise<Database> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/u.test(table)) {
    throw new RangeError(`a table's name has letters, digits and _; got ${JSON.stringify(table)}`);
  }
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  // A connection that breaks while nobody uses it would end the process; the next query opens another.
  pool.on('error', () => undefined);
  const adapter = adapterOn(pool, { uri: url, table });
  const database = keyvDatabase({
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
  return steadied(database);
}

/** Keyv's adapter has one pool for all stores of a process, which whoever closes first ends; each has its own here. */
function adapterOn(pool: Pool, options: { readonly uri: string; readonly table: string }): KeyvPostgres {
  // Its constructor connects, before any field of a subclass is there.
  return new (class extends KeyvPostgres {
    override async connect() {
      return async (sql: string, values?: unknown[]) => (await pool.query(sql, values)).rows;
    }

    override async disconnect() {
      await pool.end();
    }
  })({ ...options, dialect: 'postgres' });
}
