/**
 * Values that may be made again, kept up to a total cost; the one that was used longest ago goes first. Knows nothing of
 * what it keeps, nor how it is made.
 */

export type LruOptions<Value> = {
  /** In the unit of the costs. */
  readonly maxCost: number;
  /** Values that are in use stay, whatever they cost; the default is that none is. */
  readonly isInUse?: (value: Value) => boolean;
  /** Called once for each value that is let go. */
  readonly onEvict?: (value: Value) => void;
};

export class Lru<Value> {
  readonly #options: LruOptions<Value>;
  /** In the order of last use. */
  readonly #entries = new Map<string, { readonly value: Value; readonly cost: number }>();
  #cost = 0;

  constructor(options: LruOptions<Value>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, entry); // A map keeps the order of insertion: the last is the newest.
    }
    return entry?.value;
  }

  /** Keeps at least this value, even one that alone costs more than the limit. */
  set(key: string, value: Value, cost: number): void {
    this.#evict(key);
    this.#entries.set(key, { value, cost });
    this.#cost += cost;
    for (const [other, entry] of this.#entries) {
      if (this.#cost <= this.#options.maxCost) {
        return;
      }
      if (other !== key && this.#options.isInUse?.(entry.value) !== true) {
        this.#evict(other);
      }
    }
  }

  /** Keeps the value no longer and does not tell; false where it is not kept. */
  forget(value: Value): boolean {
    for (const [key, entry] of this.#entries) {
      if (entry.value === value) {
        this.#cost -= entry.cost;
        return this.#entries.delete(key);
      }
    }
    return false;
  }

  /** Lets everything go, in use or not. */
  clear(): void {
    for (const key of this.#entries.keys()) {
      this.#evict(key);
    }
  }

  #evict(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#cost -= entry.cost;
      this.#options.onEvict?.(entry.value);
    }
  }
}
