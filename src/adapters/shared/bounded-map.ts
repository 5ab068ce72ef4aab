/**
 * A memory that ends by itself: the newest entries, at most so many and none older than a limit. What a chat remembers of
 * the world outside goes in here, so that nothing grows with the days a process runs.
 */
export type BoundedMapOptions = {
  readonly entries: number;
  /** Entries older than this are forgotten; by the monotonic clock. */
  readonly age?: { readonly ms: number; readonly monotonicMs: () => number };
};

export class BoundedMap<Key, Value> {
  readonly #entries: number;
  readonly #ageMs: number;
  readonly #monotonicMs: () => number;
  /** A Map keeps the order of coming: the oldest is always the first. */
  readonly #kept = new Map<Key, { readonly value: Value; readonly atMs: number }>();

  constructor({ entries, age }: BoundedMapOptions) {
    this.#entries = entries;
    this.#ageMs = age?.ms ?? Number.POSITIVE_INFINITY;
    this.#monotonicMs = age?.monotonicMs ?? (() => 0);
  }

  get(key: Key): Value | undefined {
    this.#forgetOld();
    return this.#kept.get(key)?.value;
  }

  has(key: Key): boolean {
    this.#forgetOld();
    return this.#kept.has(key);
  }

  /** The key becomes the newest, also one that was there. */
  set(key: Key, value: Value): void {
    this.#kept.delete(key);
    this.#kept.set(key, { value, atMs: this.#monotonicMs() });
    this.#forgetOld();
  }

  delete(key: Key): void {
    this.#kept.delete(key);
  }

  deleteWhere(isDone: (value: Value, key: Key) => boolean): void {
    for (const [key, { value }] of this.#kept) {
      if (isDone(value, key)) {
        this.#kept.delete(key);
      }
    }
  }

  #forgetOld(): void {
    const nowMs = this.#monotonicMs();
    for (const [key, { atMs }] of this.#kept) {
      if (this.#kept.size <= this.#entries && nowMs - atMs < this.#ageMs) {
        return;
      }
      this.#kept.delete(key);
    }
  }
}
