/**
 * What the stores of records share: a database, and reading it as a schema says, one record or all whose keys begin
 * alike. Knows no kind of record.
 */
import { z } from 'zod';

import { corruptStore, type Database } from './database.ts';

type Kept<T> = { readonly key: string; readonly value: T };

export abstract class RecordStore {
  protected readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** Throws `UserError` `store.corrupt` for what the schema does not read. */
  protected async read<T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const found = await this.database.get(key);
    return found === undefined ? undefined : readRecord(key, found, schema);
  }

  /** All below the prefix, by key. Throws as `read` does. */
  protected async readAll<T>(prefix: string, schema: z.ZodType<T>): Promise<readonly T[]> {
    return (await this.#below(prefix)).map(({ key, value }) => readRecord(key, value, schema));
  }

  /** The same, but what the schema does not read is passed over. */
  protected async readable<T>(prefix: string, schema: z.ZodType<T>): Promise<readonly Kept<T>[]> {
    return (await this.#below(prefix)).flatMap(({ key, value }) => {
      const { success, data } = schema.safeParse(value);
      return success ? [{ key, value: data }] : [];
    });
  }

  /** Durable when it resolves; gone after `ttlMs`, where that is given. Throws `UserError` `store.full`. */
  protected async write(key: string, value: unknown, ttlMs?: number): Promise<void> {
    await this.database.put([{ key, value, ...(ttlMs === undefined ? {} : { ttlMs }) }]);
  }

  async #below(prefix: string): Promise<readonly Kept<unknown>[]> {
    const keys = await this.database.keys(prefix);
    const found = await this.database.getMany(keys);
    return keys.flatMap((key, at) => (found[at] === undefined ? [] : [{ key, value: found[at] }]));
  }
}

/** `name` is for the sentence. Throws `UserError` `store.corrupt`. */
export function readRecord<T>(name: string, value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw corruptStore(name, z.prettifyError(parsed.error));
  }
  return parsed.data;
}
