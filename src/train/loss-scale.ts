/**
 * How many times the loss counts where gradients pass through halves: small ones would be zeros there, and large ones are no
 * numbers (Micikevicius et al., arXiv 1710.03740, section 3.2). A power of two, so that scaling rounds nothing: half of it after
 * an update that overflowed and was left out, twice of it after many that did not.
 */
import { z } from 'zod';

export const lossScaleState = z.object({ factor: z.number().positive(), good: z.number().int().nonnegative() });

const BEGINNING = 2 ** 12;
/** Above it the loss itself, which is fp32, would come near its own bounds. */
const MOST = 2 ** 24;
const DOUBLED_AFTER = 200;

export class LossScale {
  #factor = BEGINNING;
  /** Updates since it changed. */
  #good = 0;

  get factor(): number {
    return this.#factor;
  }

  /** Of one update; below 1 it does not go: what overflows then does so by itself. */
  seen(isFinite: boolean): void {
    this.#good = isFinite ? this.#good + 1 : 0;
    if (!isFinite) {
      this.#factor = Math.max(1, this.#factor / 2);
    } else if (this.#good === DOUBLED_AFTER) {
      this.#factor = Math.min(MOST, 2 * this.#factor);
      this.#good = 0;
    }
  }

  get state(): z.infer<typeof lossScaleState> {
    return { factor: this.#factor, good: this.#good };
  }

  restore({ factor, good }: z.infer<typeof lossScaleState>): void {
    [this.#factor, this.#good] = [factor, good];
  }
}
