/** Ids of deliveries seen lately: around a reconnect the gateway may tell the same thing twice. Forgets after a while. */

const REMEMBER_MS = 20 * 60_000;

export class RecentIds {
  /** Id → when it came; a Map keeps the order of coming. */
  readonly #seen = new Map<string, number>();
  readonly #steadyMs: () => number;

  constructor({ steadyMs }: { readonly steadyMs: () => number }) {
    this.#steadyMs = steadyMs;
  }

  /** False when it was there already. */
  add(id: string): boolean {
    const now = this.#steadyMs();
    for (const [old, atMs] of this.#seen) {
      if (now - atMs < REMEMBER_MS) {
        break;
      }
      this.#seen.delete(old);
    }
    if (this.#seen.has(id)) {
      return false;
    }
    this.#seen.set(id, now);
    return true;
  }
}
