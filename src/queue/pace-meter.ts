/**
 * How long work really takes against what it was expected to cost: an exponentially weighted mean of the ratio. Covers
 * a device that is slower or faster than thought and work that shares it. Knows no work and no clock.
 */

/** Weight of the newest measurement. */
const ALPHA = 0.2;

export class PaceMeter {
  #ratio = 1;
  #isMeasured = false;

  measure(expectedMs: number, tookMs: number): void {
    if (!(expectedMs > 0) || !(tookMs >= 0)) {
      return;
    }
    const ratio = tookMs / expectedMs;
    this.#ratio = this.#isMeasured ? this.#ratio + ALPHA * (ratio - this.#ratio) : ratio;
    this.#isMeasured = true;
  }

  /** Milliseconds that work of this cost can be expected to take. */
  expect(costMs: number): number {
    return this.#ratio * costMs;
  }
}
