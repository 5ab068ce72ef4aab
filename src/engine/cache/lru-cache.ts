/**
 * Values that take time to make, kept as a `BoundedMap` keeps them: two who ask at once share one making, and a making that fails
 * is forgotten.
 */
import { BoundedMap, type BoundedMapOptions } from '../../core/bounded-map.ts';

export type LruCacheOptions<Value> = Omit<BoundedMapOptions<Value>, 'age'> & {
  readonly costOf: (value: Value) => number;
};

export class LruCache<Value> {
  readonly #costOf: (value: Value) => number;
  readonly #kept: BoundedMap<string, Value>;
  readonly #making = new Map<string, Promise<Value>>();

  constructor({ costOf, ...options }: LruCacheOptions<Value>) {
    this.#costOf = costOf;
    this.#kept = new BoundedMap(options);
  }

  get size(): number {
    return this.#kept.size + this.#making.size;
  }

  async get(key: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#kept.get(key) ?? this.#making.get(key);
    if (known !== undefined) {
      return known;
    }
    const making = this.#make(key, make);
    this.#making.set(key, making);
    return making;
  }

  /** The value will be made anew. It is the caller's now; false where it is not kept. */
  forget(value: Value): boolean {
    return this.#kept.deleteWhere((kept) => kept === value).length > 0;
  }

  /** Lets everything go, in use or not, also what is being made. */
  async clear(): Promise<void> {
    await Promise.allSettled(this.#making.values());
    this.#kept.clear();
  }

  async #make(key: string, make: () => Promise<Value>): Promise<Value> {
    try {
      const value = await make();
      this.#kept.set(key, value, this.#costOf(value));
      return value;
    } finally {
      this.#making.delete(key);
    }
  }
}
