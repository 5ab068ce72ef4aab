/**
 * Keeps what was used last, up to a total cost, and lets go of the rest.
 *
 * Values may be promises: two who ask at once share one making, and a making that fails is forgotten. An entry that
 * alone costs more than the limit is kept until the next one comes. Knows nothing of what it keeps.
 */

export type LruCacheOptions<V> = {
  /** In the unit of `costOf`. */
  readonly maxCost: number;
  readonly costOf: (value: V) => number;
  /** Values that are in use stay, whatever they cost; the default is that none is. */
  readonly isInUse?: (value: V) => boolean;
  /** Called once for each value that is let go. */
  readonly onEvict?: (value: V) => void;
};

type Entry<V> = { readonly made: Promise<V>; value: V | undefined; cost: number };

export class LruCache<V> {
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry<V>>();
  readonly #options: LruCacheOptions<V>;

  constructor(options: LruCacheOptions<V>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  async get(key: string, make: () => Promise<V>): Promise<V> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.made;
    }
    const entry: Entry<V> = { made: make(), value: undefined, cost: 0 };
    this.#entries.set(key, entry);
    try {
      entry.value = await entry.made;
      entry.cost = this.#options.costOf(entry.value);
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
    this.#shrink(key);
    return entry.value;
  }

  /** Lets everything go, in use or not. */
  async clear(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) {
      const value = await entry.made.catch(() => undefined);
      if (value !== undefined) {
        this.#options.onEvict?.(value);
      }
    }
  }

  #shrink(keep: string): void {
    let total = 0;
    for (const { cost } of this.#entries.values()) {
      total += cost;
    }
    for (const [key, entry] of this.#entries) {
      if (total <= this.#options.maxCost) {
        return;
      }
      const { value } = entry;
      if (key !== keep && value !== undefined && this.#options.isInUse?.(value) !== true) {
        this.#entries.delete(key);
        total -= entry.cost;
        this.#options.onEvict?.(value);
      }
    }
  }
}
