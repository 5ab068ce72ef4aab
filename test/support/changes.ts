/** Tells of changes and waits for one, so that a test waits by events and not by the clock. Knows not what changes. */

export class Changes {
  readonly #waiting = new Set<() => void>();
  #isTelling = false;

  /** Whoever waits looks once, however many changes come in one go. */
  changed(): void {
    if (this.#isTelling) {
      return;
    }
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const lookAgain of this.#waiting) {
        lookAgain();
      }
    });
  }

  /** The first value that is not undefined, looked for now and after every change; throws with `what` when none comes. */
  async until<T>(what: string, look: () => T | undefined, withinMs = 30_000): Promise<T> {
    const now = look();
    if (now !== undefined) {
      return now;
    }
    return new Promise<T>((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(lookAgain);
        end();
      };
      const lookAgain = (): void => {
        try {
          const found = look();
          if (found !== undefined) {
            settle(() => resolve(found));
          }
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const timer = setTimeout(() => {
        settle(() => reject(new Error(`${what} did not come within ${withinMs} ms`)));
      }, withinMs);
      this.#waiting.add(lookAgain);
    });
  }
}
