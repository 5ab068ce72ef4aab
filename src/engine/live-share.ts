/**
 * How much of the device pictures that follow a hand may have while others are being drawn: an account in milliseconds of
 * device calls. What others take earns live rows their share; alone they pay nothing. Knows no rows and no clock.
 */

/** Of the device, for live rows while others take part. */
const SHARE = 0.25;

/** Had at first, and earned beforehand at most: the first picture of a hand that begins to move comes at once. */
const MOST_MS = 200;

export class LiveShare {
  #earnedMs = MOST_MS;

  /** Live rows may take part beside others. The last call may overdraw; the next ones wait until that is earned. */
  get isEarned(): boolean {
    return this.#earnedMs > 0;
  }

  /** The time of a call that these took part in; `isAlone`: nobody else is there. */
  charge(
    members: readonly { readonly isLive: boolean; readonly passes: number }[],
    callMs: number,
    isAlone: boolean,
  ): void {
    const passes = members.reduce((total, each) => total + each.passes, 0);
    const live = members.reduce((total, each) => total + (each.isLive ? each.passes : 0), 0);
    const liveMs = (callMs * live) / passes;
    const earnedMs = ((callMs - liveMs) * SHARE) / (1 - SHARE);
    this.#earnedMs = Math.min(MOST_MS, this.#earnedMs + earnedMs) - (isAlone ? 0 : liveMs);
  }
}
