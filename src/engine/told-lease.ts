/**
 * What is waited for before a picture begins, said where it takes long: a model's weights may have to be widened, merged,
 * transformed or quantised first, once. Knows no model.
 */
import type { WorkEvent } from '../core/work.ts';
import type { Lease } from './cache/lease-cache.ts';

/** Opening what is ready takes less, on any machine that draws at all. */
export const SAID_AFTER_MS = 2500;

/** Gives the lease. Where nobody waits for it any more it is given back when it comes. */
export async function* toldLease<T>(
  leasing: Promise<Lease<T>>,
  saidAfterMs: number = SAID_AFTER_MS,
): AsyncGenerator<WorkEvent, Lease<T>> {
  let isTaken = false;
  try {
    if (await takesLonger(leasing, saidAfterMs)) {
      yield { kind: 'preparing' };
    }
    const lease = await leasing;
    isTaken = true;
    return lease;
  } finally {
    if (!isTaken) {
      leasing.then(
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
