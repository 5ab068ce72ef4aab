/** How often something happened for a key within a window. In memory and bounded; knows neither addresses nor requests. */

import { BoundedMap } from '../../core/bounded-map.ts';

/** Counts within fixed windows; keys beyond `maxKeys` push out the one that was asked about longest ago. */
export class WindowCounter {
  readonly #windowMs: number;
  readonly #counts: BoundedMap<string, { readonly sinceMs: number; count: number }>;

  constructor(windowMs: number, maxKeys: number) {
    this.#windowMs = windowMs;
    this.#counts = new BoundedMap({ maxCost: maxKeys });
  }

  /** How often `add` was called for the key in its present window. */
  count(key: string, nowMs: number): number {
    const entry = this.#counts.get(key);
    return entry === undefined || nowMs - entry.sinceMs >= this.#windowMs ? 0 : entry.count;
  }

  add(key: string, nowMs: number): number {
    const entry = this.#counts.get(key);
    if (entry !== undefined && nowMs - entry.sinceMs < this.#windowMs) {
      entry.count += 1;
      return entry.count;
    }
    this.#counts.set(key, { sinceMs: nowMs, count: 1 });
    return 1;
  }

  /** Until the key's window is over. */
  leftMs(key: string, nowMs: number): number {
    const entry = this.#counts.get(key);
    return entry === undefined ? 0 : Math.max(0, entry.sinceMs + this.#windowMs - nowMs);
  }
}
