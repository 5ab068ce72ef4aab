/**
 * Keyv's adapter over LMDB: one file, no server, no install script, and a commit is whole or not there at all, whenever
 * the power goes. Reads are synchronous memory reads; writes commit in a thread.
 */
import { EventEmitter } from 'node:events';
import type { KeyvEntry, KeyvStoreAdapter } from 'keyv';
import type { RootDatabase } from 'lmdb';

export class LmdbAdapter extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = { dialect: 'lmdb', url: '' };
  readonly namespace = undefined;
  readonly #root: RootDatabase<string, string>;

  constructor(root: RootDatabase<string, string>) {
    super();
    this.#root = root;
  }

  // The adapter contract lets the caller name the type of what it stored; we keep strings.
  async get<Value>(key: string): Promise<Value | undefined> {
    return this.#root.get(key) as Value | undefined;
  }

  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    return keys.map((key) => this.#root.get(key) as Value | undefined);
  }

  async set(key: string, value: string): Promise<boolean> {
    return await this.#root.put(key, value);
  }

  async setMany(entries: KeyvEntry[]): Promise<void> {
    await this.#root.batch(() => {
      for (const { key, value } of entries) {
        void this.#root.put(key, String(value));
      }
    });
  }

  async delete(key: string): Promise<boolean> {
    return await this.#root.remove(key);
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    return await this.#root.batch(() => {
      for (const key of keys) {
        void this.#root.remove(key);
      }
    });
  }

  async clear(): Promise<void> {
    await this.#root.clearAsync();
  }

  async has(key: string): Promise<boolean> {
    return this.#root.doesExist(key);
  }

  async disconnect(): Promise<void> {
    await this.#root.close();
  }

  /** Ascending keys that begin with `prefix`. */
  keysFrom(prefix: string): readonly string[] {
    return [...this.#root.getKeys({ start: prefix, end: `${prefix}\uffff` })];
  }

  /** Resolves once everything written so far is on the disk. */
  async flushed(): Promise<void> {
    await this.#root.flushed;
  }
}
