/**
 * How many of something are in memory or on their way to the disk at once, in all and for each who brings it: one more is
 * refused rather than kept waiting with what it has brought. Knows nothing of what it counts.
 */
import { refusal } from './refusal.ts';

const RETRY_MS = 5000;

export type InHandLimits = {
  /** In all, and of one who brings them. */
  readonly all: number;
  readonly each: number;
  /** Said where there is no place. */
  readonly busy: 'image.busy' | 'style.busy';
};

export class InHand {
  readonly #limits: InHandLimits;
  readonly #counts = new Map<string, number>();
  #count = 0;

  constructor(limits: InHandLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Throws `UserError` `image.busy` or `style.busy` where as many are in hand as may be. */
  async during<T>(who: string, work: () => Promise<T>): Promise<T> {
    const own = this.#counts.get(who) ?? 0;
    if (this.#count >= this.#limits.all || own >= this.#limits.each) {
      throw refusal(this.#limits.busy, {}, { retryAfterMs: RETRY_MS });
    }
    this.#count += 1;
    this.#counts.set(who, own + 1);
    try {
      return await work();
    } finally {
      this.#count -= 1;
      const left = (this.#counts.get(who) ?? 1) - 1;
      if (left === 0) {
        this.#counts.delete(who);
      } else {
        this.#counts.set(who, left);
      }
    }
  }
}

/** What strangers bring: pictures are in memory, counted by person; styles' files on the disk, counted by server. */
export type Hands = { readonly pictures: InHand; readonly styles: InHand };

export function openHands(limits: Readonly<Record<keyof Hands, Omit<InHandLimits, 'busy'>>>): Hands {
  return {
    pictures: new InHand({ ...limits.pictures, busy: 'image.busy' }),
    styles: new InHand({ ...limits.styles, busy: 'style.busy' }),
  };
}
