/**
 * A turn in the queue that lasts as long as somebody reads from it: the admission runs a promise, a reader pulls events,
 * and this ties the two. Knows neither what is drawn nor for whom.
 */
import type { Admission, QueueLimits, Ticket } from '../core/admission.ts';
import { deferred } from '../core/deferred.ts';
import { CancelledError } from '../core/errors.ts';

export type HeldSlot = {
  readonly admission: Admission;
  readonly ticket: Ticket;
  readonly limits: QueueLimits;
  readonly signal: AbortSignal;
};

/** Waits for the turn, then yields what `work` yields; the turn ends with the last of it, or when the reader leaves. */
export async function* duringSlot<T>(
  { admission, ticket, limits, signal }: HeldSlot,
  work: (signal: AbortSignal) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  if (signal.aborted) {
    throw new CancelledError();
  }
  const left = deferred();
  const granted = deferred<AbortSignal>();
  const ended = admission.add(ticket, limits, async (mine) => {
    granted.resolve(mine);
    await left.promise;
  });
  // A turn that never comes (refused, cancelled, replaced by a newer one) rejects the wait for it.
  ended.catch(granted.reject);
  const cancel = (): void => {
    admission.cancel(ticket.id);
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    yield* work(AbortSignal.any([await granted.promise, signal]));
  } finally {
    signal.removeEventListener('abort', cancel);
    left.resolve();
    await ended.catch(() => undefined);
  }
}
