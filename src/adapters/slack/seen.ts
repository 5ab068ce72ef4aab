/**
 * Deliveries seen lately, by id: Slack delivers again what it believes was not acknowledged, and a refreshed socket can
 * bring the same envelope twice. Bounded in number and age.
 */
const KEPT_MS = 60 * 60 * 1000;
const KEPT = 20_000;

export class Seen {
  readonly #monotonicMs: () => number;
  readonly #atMs = new Map<string, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** It did not count after all. */
  forget(id: string): void {
    this.#atMs.delete(id);
  }

  /** True the first time. */
  isNew(id: string): boolean {
    const nowMs = this.#monotonicMs();
    for (const [old, atMs] of this.#atMs) {
      if (nowMs - atMs < KEPT_MS && this.#atMs.size < KEPT) {
        break;
      }
      this.#atMs.delete(old);
    }
    if (this.#atMs.has(id)) {
      return false;
    }
    this.#atMs.set(id, nowMs);
    return true;
  }
}
