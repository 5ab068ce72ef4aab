/**
 * How the time of a bench is shared out: every part may begin something until its share is over, and what a part leaves over
 * goes to those after it. So a slow device shows a little of everything, not everything of the first. Knows no device.
 */
export type TimePlanOptions<Part extends string> = {
  readonly seconds: number;
  /** In the order in which they come; weights, of any sum. */
  readonly shares: Readonly<Record<Part, number>>;
  /** Milliseconds. */
  readonly now?: () => number;
};

/** Whether it is too late to begin `what`, which most likely takes `needsMs`; where it is, `what` is noted down. */
export type IsOver = (what: string, needsMs?: number) => boolean;

export class TimePlan<Part extends string> {
  readonly #ends: ReadonlyMap<string, number>;
  readonly #overMs: number;
  readonly #now: () => number;
  readonly #leftOut: string[] = [];

  constructor({ seconds, shares, now = () => performance.now() }: TimePlanOptions<Part>) {
    const parts = Object.entries<number>(shares);
    const sum = parts.reduce((total, [, share]) => total + share, 0);
    const [beganMs, ms] = [now(), 1000 * seconds];
    let passed = 0;
    this.#ends = new Map(parts.map(([part, share]) => [part, beganMs + (ms * (passed += share)) / sum]));
    this.#overMs = beganMs + ms;
    this.#now = now;
  }

  /** What was too late. */
  get leftOut(): readonly string[] {
    return this.#leftOut;
  }

  /** Of everything. */
  get leftMs(): number {
    return Math.max(0, this.#overMs - this.#now());
  }

  of(part: Part): IsOver {
    return (what, needsMs = 0) => {
      const isLate = this.#now() + needsMs > (this.#ends.get(part) ?? this.#overMs);
      if (isLate) {
        this.leaveOut(what);
      }
      return isLate;
    };
  }

  leaveOut(what: string): void {
    this.#leftOut.push(what);
  }
}
