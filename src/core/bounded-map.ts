/**
 * A memory that ends by itself: what was used longest ago goes first, so that nothing grows with the days a process runs.
 * Knows nothing of what it keeps, nor how it is made.
 */
export type BoundedMapOptions<Value> = {
  /** The most that all entries may cost together; one costs 1 where nothing else is said. */
  readonly maxCost: number;
  /** Entries set longer ago than this are forgotten; by the monotonic clock. */
  readonly age?: { readonly ms: number; readonly monotonicMs: () => number };
  /** Values that are in use stay, whatever they cost; the default is that none is. */
  readonly isInUse?: (value: Value) => boolean;
  /** Called once for each value that is let go, and not for one that is deleted. */
  readonly onEvict?: (value: Value) => void;
};

type Entry<Value> = { readonly value: Value; readonly cost: number; readonly atMs: number };

export class BoundedMap<Key, Value> {
  readonly #options: BoundedMapOptions<Value>;
  /** In the order of last use: a Map keeps the order of insertion. */
  readonly #entries = new Map<Key, Entry<Value>>();
  #cost = 0;

  constructor(options: BoundedMapOptions<Value>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Counts as a use. */
  get(key: Key): Value | undefined {
    const entry = this.has(key) ? this.#entries.get(key) : undefined;
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry?.value;
  }

  /** Counts as no use. */
  has(key: Key): boolean {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#isOld(entry)) {
      this.#evict(key);
    }
    return this.#entries.has(key);
  }

  /** Keeps at least this value, even one that alone costs more than the limit. */
  set(key: Key, value: Value, cost = 1): void {
    this.#evict(key);
    this.#entries.set(key, { value, cost, atMs: this.#options.age?.monotonicMs() ?? 0 });
    this.#cost += cost;
    for (const [other, entry] of this.#entries) {
      if (this.#cost <= this.#options.maxCost && !this.#isOld(entry)) {
        return;
      }
      if (other !== key && this.#options.isInUse?.(entry.value) !== true) {
        this.#evict(other);
      }
    }
  }

  delete(key: Key): void {
    this.#cost -= this.#entries.get(key)?.cost ?? 0;
    this.#entries.delete(key);
  }

  /** Gives what is the caller's now. */
  deleteWhere(isDone: (value: Value) => boolean): readonly Value[] {
    const done = [...this.#entries].filter(([, { value }]) => isDone(value));
    done.forEach(([key]) => this.delete(key));
    return done.map(([, { value }]) => value);
  }

  /** Lets everything go, in use or not. */
  clear(): void {
    for (const key of this.#entries.keys()) {
      this.#evict(key);
    }
  }

  #isOld({ atMs }: Entry<Value>): boolean {
    const { age } = this.#options;
    return age !== undefined && age.monotonicMs() - atMs >= age.ms;
  }

  #evict(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.delete(key);
      this.#options.onEvict?.(entry.value);
    }
  }
}
