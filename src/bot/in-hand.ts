/**
 * How many of something are in memory or on their way to the disk at once, in all and for each who brings it: one more is
 * refused rather than kept waiting with what it has brought. Knows nothing of what it counts.
 */
import { Places } from '../core/places.ts';
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
  readonly #places = new Places();

  constructor(limits: InHandLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#places.taken('all');
  }

  /** Throws `UserError` `image.busy` or `style.busy` where as many are in hand as may be. */
  async during<T>(who: string, work: () => Promise<T>): Promise<T> {
    const { all, each, busy } = this.#limits;
    const giveBack = this.#places.take([
      { key: 'all', max: all },
      { key: `of ${who}`, max: each },
    ]);
    if (giveBack === undefined) {
      throw refusal(busy, {}, { retryAfterMs: RETRY_MS });
    }
    try {
      return await work();
    } finally {
      giveBack();
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
