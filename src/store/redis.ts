/** A store on a Redis server, through Keyv's own adapter. How durable a save is, is the server's setting (appendfsync). */
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import type { Database } from './database.ts';
import { keyvDatabase } from './keyv-database.ts';
import { steadied } from './steadied.ts';

const SCAN_COUNT = 500;
const CONNECT_MS = 5000;

/** Connects to `redis://…`; keys lie under `prefix`, so that a server can be shared. Throws when it cannot connect. */
export async function openRedis(url: string, prefix = 'fourstep'): Promise<Database> {
  const adapter = new KeyvRedis<string>(url, {
    namespace: prefix,
    keyPrefixSeparator: ':',
    throwOnConnectError: true,
    throwOnErrors: true,
    connectionTimeout: CONNECT_MS,
  });
  const database = keyvDatabase({
    keyv: new Keyv({ store: adapter, namespace: prefix, useKeyPrefix: false, throwOnErrors: true }),
    listKeys: async (start) => await scan(adapter, `${prefix}:`, start),
  });
  try {
    await database.get('meta/schema');
    return steadied(Object.assign(database, { isForgetful: async () => isForgetful(adapter) }));
  } catch (error) {
    // Else the client goes on knocking for as long as the process lives.
    await adapter.client.destroy();
    throw error;
  }
}

/** False also where the server does not let itself be asked. */
async function isForgetful({ client }: KeyvRedis<string>): Promise<boolean> {
  if (!('configGet' in client)) {
    return false;
  }
  const found = await client.configGet('appendonly').catch(() => undefined);
  return found?.['appendonly'] === 'no';
}

async function scan(adapter: KeyvRedis<string>, prefix: string, start: string): Promise<readonly string[]> {
  const { client } = adapter;
  if (!('scan' in client)) {
    throw new Error('a Redis cluster cannot list keys by prefix; give the address of a single server');
  }
  const found = new Set<string>();
  const MATCH = `${`${prefix}${start}`.replace(/[*?[\]\\]/gu, '\\$&')}*`;
  let cursor = '0';
  do {
    const answer = await client.scan(cursor, { MATCH, COUNT: SCAN_COUNT });
    ({ cursor } = answer);
    for (const key of answer.keys) {
      found.add(key.slice(prefix.length));
    }
  } while (cursor !== '0');
  return [...found].sort();
}
