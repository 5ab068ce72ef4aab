/**
 * Keyv's adapter over LMDB: one file, no server, no install script, and a commit is whole or not there at all, whenever
 * the power goes. Reads are synchronous memory reads; writes commit in a thread.
 */
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyvEntry, KeyvStoreAdapter } from 'keyv';
import type { RootDatabase } from 'lmdb';

const REASON_MS = 1000;
const CLOSE_MS = 2000;

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
    await this.setMany([{ key, value }]);
    return true;
  }

  async setMany(entries: KeyvEntry[]): Promise<void> {
    await this.#together(() => entries.map(({ key, value }) => this.#root.put(key, String(value))));
  }

  async delete(key: string): Promise<boolean> {
    const wasThere = this.#root.doesExist(key);
    await this.deleteMany([key]);
    return wasThere;
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    await this.#together(() => keys.map((key) => this.#root.remove(key)));
    return true;
  }

  async clear(): Promise<void> {
    await this.#root.clearAsync();
  }

  async has(key: string): Promise<boolean> {
    return this.#root.doesExist(key);
  }

  /** After a commit that failed, LMDB waits for its flush for ever. */
  async disconnect(): Promise<void> {
    await Promise.race([this.#root.close(), sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  /** Ascending keys that begin with `prefix`. */
  keysFrom(prefix: string): readonly string[] {
    return [...this.#root.getKeys({ start: prefix, end: `${prefix}\uffff` })];
  }

  /** Resolves once everything written so far is on the disk. */
  async flushed(): Promise<void> {
    await this.#root.flushed;
  }

  /** Writes of one transaction: all of them are kept or none. */
  async #together(write: () => readonly Promise<boolean>[]): Promise<void> {
    let writes: readonly Promise<boolean>[] = [];
    const batch = this.#root.batch(() => {
      writes = write();
    });
    await committed([batch, ...writes]);
  }
}

/** Waits for every write, so that none fails unheard: Node ends a program over that. Throws the first failure's reason. */
async function committed(writes: readonly Promise<boolean>[]): Promise<void> {
  const failed = (await Promise.allSettled(writes)).find((end) => end.status === 'rejected');
  if (failed !== undefined) {
    throw await reasonOf(failed.reason);
  }
}

/** LMDB's own error comes as a promise on the one that says only that the commit failed, and soon after it. */
async function reasonOf(failure: unknown): Promise<unknown> {
  const reason = failure instanceof Error && 'commitError' in failure ? failure.commitError : undefined;
  if (!(reason instanceof Promise)) {
    return failure;
  }
  const told = reason.then(
    () => failure,
    (cause: unknown) => cause,
  );
  return await Promise.race([told, sleep(REASON_MS, failure, { ref: false })]);
}
