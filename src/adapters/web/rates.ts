/**
 * How often something happened for a key within a window, and how many hold a place at once. In memory and bounded; knows
 * neither addresses nor requests.
 */

import { BoundedMap } from '../shared/bounded-map.ts';

/** Counts within fixed windows; keys beyond `maxKeys` push out the one that was begun longest ago. */
export class WindowCounter {
  readonly #windowMs: number;
  readonly #counts: BoundedMap<string, { readonly sinceMs: number; count: number }>;

  constructor(windowMs: number, maxKeys: number) {
    this.#windowMs = windowMs;
    this.#counts = new BoundedMap({ entries: maxKeys });
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

export type PlaceLimit = { readonly key: string; readonly max: number };

/** Places that are taken and given back: each taken under several keys at once, all of which have a limit. */
export class Places {
  readonly #taken = new Map<string, number>();

  /** What gives the place back (once, however often it is called); undefined where any of the limits is reached. */
  take(limits: readonly PlaceLimit[]): (() => void) | undefined {
    if (limits.some(({ key, max }) => this.taken(key) >= max)) {
      return undefined;
    }
    for (const { key } of limits) {
      this.#taken.set(key, this.taken(key) + 1);
    }
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        limits.forEach(({ key }) => this.#giveBack(key));
      }
    };
  }

  taken(key: string): number {
    return this.#taken.get(key) ?? 0;
  }

  #giveBack(key: string): void {
    const left = this.taken(key) - 1;
    if (left > 0) {
      this.#taken.set(key, left);
    } else {
      this.#taken.delete(key);
    }
  }
}
