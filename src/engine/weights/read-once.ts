/**
 * What was read out of a file, kept while the file stays as it is and there is room: whoever asks again waits for one look at
 * the disk and for no reading. Knows no format.
 */
import path from 'node:path';

import { LruCache, type LruCacheOptions } from '../cache/lru-cache.ts';
import { fileState } from './file-state.ts';

export class ReadOnce<Value> {
  readonly #kept: LruCache<Value>;

  constructor(options: LruCacheOptions<Value>) {
    this.#kept = new LruCache(options);
  }

  /** Two that ask at once share one reading. Throws `UserError` `weights.missing`, and what `read` throws. */
  async get(file: string, read: () => Promise<Value>): Promise<Value> {
    return this.at(file, await fileState(file), read);
  }

  /** The same for who has looked at the file already: `state` changes with it. */
  at(file: string, state: readonly number[], read: () => Promise<Value>): Promise<Value> {
    return this.#kept.get(JSON.stringify([path.resolve(file), state]), read);
  }
}
