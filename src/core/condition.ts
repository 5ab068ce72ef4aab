/** Waiting until somebody says that something has changed. Knows nothing of what: whoever waits looks for himself. */
type Until = { readonly limitMs?: number | undefined; readonly signal?: AbortSignal | undefined };

export class Condition {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `notify`, after that time at the latest, or when `signal` fires. */
  wait({ limitMs, signal }: Until = {}): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = limitMs === undefined ? undefined : setTimeout(done, limitMs);
      const waiting = this.#waiting;
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        waiting.delete(done);
        resolve();
      }
      waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  notify(): void {
    this.#waiting.forEach((done) => done());
  }
}
