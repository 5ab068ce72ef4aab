/** Waiting for the last of something to end. Knows nothing of what ends: whoever sees it calls `wake`. */
export class IdleWait {
  readonly #wakes = new Set<() => void>();

  /** Resolves at the next `wake`, or after that time at the latest. */
  async wait(limitMs?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = limitMs === undefined ? undefined : setTimeout(done, limitMs);
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
      this.#wakes.add(done);
    });
  }

  wake(): void {
    this.#wakes.forEach((done) => done());
    this.#wakes.clear();
  }
}
