/**
 * What is waited for before a picture begins, said where it takes long: a model's weights, or those of a style that is
 * merged into them, may have to be widened, merged, transformed or quantised first, once. Knows no model.
 */
import type { WorkEvent } from '../core/work.ts';
import type { Lease } from './cache/lease-cache.ts';

/** Opening what is ready takes less, on any machine that draws at all. */
export const SAID_AFTER_MS = 2500;

/** Gives what `work` gives. Whoever turns away waits all the same: what is under way uses what he would free. */
export async function* told<T>(work: Promise<T>, saidAfterMs: number = SAID_AFTER_MS): AsyncGenerator<WorkEvent, T> {
  try {
    if (await takesLonger(work, saidAfterMs)) {
      yield { kind: 'preparing' };
    }
    return await work;
  } finally {
    await Promise.allSettled([work]);
  }
}

/** Gives the lease. Where nobody waits for it any more it is given back when it comes. */
export async function* toldLease<T>(
  leasing: Promise<Lease<T>>,
  saidAfterMs: number = SAID_AFTER_MS,
): AsyncGenerator<WorkEvent, Lease<T>> {
  let isTaken = false;
  try {
    const lease = yield* told(leasing, saidAfterMs);
    isTaken = true;
    return lease;
  } finally {
    if (!isTaken) {
      await leasing.then(
        ({ release }) => release(),
        () => {},
      );
    }
  }
}

async function takesLonger(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), ms);
  });
  const settled = work.then(
    () => false,
    () => false,
  );
  const isLonger = await Promise.race([settled, late]);
  clearTimeout(timer);
  return isLonger;
}
