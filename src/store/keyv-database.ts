/**
 * `Database` on a Keyv, whose adapters know how to talk to each kind of store. Keyv has no listing by prefix, so each
 * kind brings its own.
 */
import type { Keyv } from 'keyv';
import { type Database, type Entry, writeFailure } from './database.ts';

export type KeyvDatabaseOptions = {
  /** With `throwOnErrors`: a failure that is only reported would be a lost job. */
  readonly keyv: Keyv;
  readonly listKeys: (prefix: string) => Promise<readonly string[]>;
  /** Waits until what was written is on the disk; nothing for stores that answer only then. */
  /** Throws where there is no room to write so many bytes, or, for undefined, to delete. */
  readonly requireRoom?: (bytes: number | undefined) => Promise<void>;
  readonly flush?: () => Promise<void>;
  /** A failure to write in better words than the store's own. */
  readonly explain?: (error: unknown) => Promise<unknown>;
};

export class KeyvDatabase implements Database {
  readonly #keyv: Keyv;
  readonly #listKeys: (prefix: string) => Promise<readonly string[]>;
  readonly #flush: () => Promise<void>;
  readonly #requireRoom: (bytes: number | undefined) => Promise<void>;
  readonly #explain: (error: unknown) => Promise<unknown>;

  constructor({
    keyv,
    listKeys,
    flush = async () => undefined,
    requireRoom = async () => undefined,
    explain = async (error) => error,
  }: KeyvDatabaseOptions) {
    this.#keyv = keyv;
    this.#listKeys = listKeys;
    this.#flush = flush;
    this.#requireRoom = requireRoom;
    this.#explain = explain;
    // Keyv reports what it also throws.
    keyv.on('error', () => undefined);
  }

  async get(key: string): Promise<unknown> {
    return (await this.#keyv.get<unknown>(key)) ?? undefined;
  }

  async getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    return keys.length === 0 ? [] : await this.#keyv.getMany<unknown>([...keys]);
  }

  async put(entries: readonly Entry[]): Promise<void> {
    try {
      await this.#requireRoom(JSON.stringify(entries).length);
      const [first, ...rest] = entries;
      if (first !== undefined && rest.length === 0) {
        await this.#keyv.set(first.key, first.value, first.ttlMs);
      } else if (first !== undefined) {
        await this.#keyv.setMany(
          entries.map(({ key, value, ttlMs }) => (ttlMs === undefined ? { key, value } : { key, value, ttl: ttlMs })),
        );
      }
      await this.#flush();
    } catch (error) {
      throw writeFailure(await this.#explain(error));
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) {
      return;
    }
    try {
      await this.#requireRoom(undefined);
      await this.#keyv.deleteMany([...keys]);
      await this.#flush();
    } catch (error) {
      throw writeFailure(await this.#explain(error));
    }
  }

  async keys(prefix: string): Promise<readonly string[]> {
    return await this.#listKeys(prefix);
  }

  async close(): Promise<void> {
    await this.#keyv.disconnect();
  }
}
