/**
 * How long somebody has been silent, fairly: a process that was itself stopped or busy looks at its clock before it has
 * read what arrived meanwhile, so a look that comes late starts the count anew instead of blaming the other. Uses a
 * monotonic clock: setting the machine's time changes nothing.
 */
export class LateClock {
  readonly #intervalMs: number;
  readonly #now: () => number;
  #heardAtMs: number;
  #lookedAtMs: number;

  /** `intervalMs`: how often `silenceMs` is meant to be asked. */
  constructor(intervalMs: number, now: () => number = () => performance.now()) {
    this.#intervalMs = intervalMs;
    this.#now = now;
    this.#heardAtMs = now();
    this.#lookedAtMs = now();
  }

  heard(): void {
    this.#heardAtMs = this.#now();
  }

  silenceMs(): number {
    const nowMs = this.#now();
    const isLate = nowMs - this.#lookedAtMs > 3 * this.#intervalMs;
    this.#lookedAtMs = nowMs;
    if (isLate) {
      this.#heardAtMs = nowMs;
    }
    return nowMs - this.#heardAtMs;
  }
}
