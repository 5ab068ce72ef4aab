/**
 * Values that take time to make and hold something of a device: lent to those who use them, kept while there is room, freed
 * when nobody has them. What is lent knows nothing of it.
 */
import { LruCache } from './lru-cache.ts';

export type LeaseCacheOptions<Value> = {
  /** In the unit of the costs. */
  readonly maxCost: number;
  readonly costOf: (value: Value) => number;
  /** Called once for each value, when it is neither kept nor lent. */
  readonly free: (value: Value) => Promise<void>;
};

export type Lease<Value> = { readonly value: Value; readonly release: () => void };

export class LeaseCache<Value extends object> {
  readonly #cache: LruCache<Value>;
  readonly #free: (value: Value) => Promise<void>;
  readonly #lent = new Map<Value, number>();
  /** Lent for the last time. */
  readonly #retired = new Set<Value>();
  readonly #freed = new WeakSet<Value>();
  #freeing: Promise<unknown> = Promise.resolve();

  constructor({ maxCost, costOf, free }: LeaseCacheOptions<Value>) {
    this.#free = free;
    this.#cache = new LruCache({
      maxCost,
      costOf,
      isInUse: (value) => this.#lent.has(value),
      onEvict: (value) => this.#letGo(value),
    });
  }

  /** Throws what `make` throws. `release` it once. */
  async lease(key: string, make: () => Promise<Value>): Promise<Lease<Value>> {
    const value = await this.#cache.get(key, make);
    if (this.#freed.has(value)) {
      return this.lease(key, make); // it was let go between being found and being lent
    }
    this.#lent.set(value, (this.#lent.get(value) ?? 0) + 1);
    return { value, release: () => this.#return(value) };
  }

  /** Lent to nobody else: the next who asks has it made anew. */
  retire(value: Value): void {
    if (!this.#cache.forget(value)) {
      return; // somebody else has seen it first
    }
    this.#retired.add(value);
    this.#freeRetired(value);
  }

  /** Taken from the cache, to be freed by the caller; false where somebody has it, or it is not kept. */
  reclaim(value: Value): boolean {
    if (this.#lent.has(value) || !this.#cache.forget(value)) {
      return false;
    }
    this.#freed.add(value); // who has found it just now asks anew
    return true;
  }

  /** Frees everything, lent or not. */
  async close(): Promise<void> {
    await this.#cache.clear();
    this.#retired.forEach((value) => this.#letGo(value));
    await this.#freeing;
  }

  #return(value: Value): void {
    const others = (this.#lent.get(value) ?? 1) - 1;
    if (others > 0) {
      this.#lent.set(value, others);
    } else {
      this.#lent.delete(value);
      this.#freeRetired(value);
    }
  }

  #freeRetired(value: Value): void {
    if (!this.#lent.has(value) && this.#retired.delete(value)) {
      this.#letGo(value);
    }
  }

  #letGo(value: Value): void {
    this.#freed.add(value);
    this.#freeing = Promise.allSettled([this.#freeing, this.#free(value)]);
  }
}
