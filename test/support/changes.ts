/** Tells of changes and waits for one, so that a test waits by events and not by the clock. Knows not what changes. */
import { EventEmitter, once } from 'node:events';

export class Changes {
  readonly #changes = new EventEmitter().setMaxListeners(0);

  changed(): void {
    this.#changes.emit('change');
  }

  /** The first value that is not undefined, looked for now and after every change; throws with `what` when none comes. */
  async until<T>(what: string, look: () => T | undefined, withinMs = 30_000): Promise<T> {
    const signal = AbortSignal.timeout(withinMs);
    for (;;) {
      const found = look();
      if (found !== undefined) {
        return found;
      }
      try {
        await once(this.#changes, 'change', { signal });
      } catch (error) {
        throw new Error(`${what} did not come within ${withinMs} ms`, { cause: error });
      }
    }
  }
}
