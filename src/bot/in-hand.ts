/**
 * How many of something are in memory at once: one more is refused rather than kept waiting with what it has brought.
 * Knows nothing of what it counts.
 */
import { refusal } from './refusal.ts';

const RETRY_MS = 5000;

export class InHand {
  readonly #most: number;
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Throws `UserError` `image.busy` where as many are in hand as may be. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#count >= this.#most) {
      throw refusal('image.busy', {}, RETRY_MS);
    }
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#count -= 1;
    }
  }
}
