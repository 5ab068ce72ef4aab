/**
 * Drawing in turn with everything else what is no job: a style's trial, a picture that the cache has let go. Nothing of
 * it is saved and nobody is answered here; a stop ends the wait for it.
 */
import type { Admission, QueueLimits } from '../../core/admission.ts';
import { deferred } from '../../core/deferred.ts';
import { StoppedError } from '../../core/errors.ts';
import type { RandomSource } from '../ports.ts';
import type { Drawn, ExecuteJob, TransientWork } from './execute-job.ts';
import { randomId } from './ids.ts';

type InTurn = {
  readonly admission: Admission;
  readonly random: RandomSource;
  readonly limits: QueueLimits;
  readonly costMs: number;
  readonly execute: ExecuteJob;
  readonly closing: AbortSignal;
};

/** Throws what the device throws, and `StoppedError` once `closing` fires. */
export async function drawInTurn(work: TransientWork, inTurn: InTurn): Promise<Drawn> {
  const { admission, random, costMs, execute, closing } = inTurn;
  const { server, user } = work;
  const id = randomId(random);
  let drawn: Drawn | undefined;
  const ticket = { id, server, user, costMs, priority: 'button' } as const;
  const ended = admission.add(ticket, undefined, async (signal) => {
    drawn = await execute({ ...work, id }, signal, () => undefined);
  });
  const left = deferred();
  const leave = (): void => left.resolve();
  closing.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([ended, left.promise]);
  } finally {
    closing.removeEventListener('abort', leave);
    ended.catch(() => undefined);
  }
  if (drawn === undefined) {
    throw new StoppedError();
  }
  return drawn;
}
