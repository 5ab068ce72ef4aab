/**
 * Jobs of somebody who is to be forgotten, in the hands of other processes on the same store: who forgets asks through
 * the store, and who has one ends its conversation and deletes it. Asked in passing; a store has no other way to call.
 */
import type { Job, JobId } from '../../core/job.ts';
import type { UserKey } from '../../core/people.ts';
import type { BotPorts } from '../ports.ts';
import { everySoOften, sleep } from '../timing.ts';

const LOOK_EVERY_MS = 1000;
/** A step of a large model ends by then; a process that is gone never does. */
const ENDED_WITHIN_MS = 20_000;
const ASK_AGAIN_MS = 250;

type Ports = Pick<BotPorts, 'clock' | 'log' | 'options'> & { readonly stores: Pick<BotPorts['stores'], 'jobs'> };

/** What this process draws, and how it is ended. */
type Drawing = {
  readonly unfinished: readonly Job[];
  cancel(id: JobId, by: UserKey): boolean;
  ended(id: JobId): Promise<void>;
};

/** Looks which of the jobs that are here are asked for, where there are other processes; the returned function ends it. */
export function watchForgotten({ stores, clock, log, options }: Ports, service: Drawing): () => void {
  if (options.partition === undefined) {
    return () => undefined;
  }
  const end = async (job: Job): Promise<void> => {
    if (service.cancel(job.id, job.user)) {
      await service.ended(job.id);
      await stores.jobs.delete(job);
    }
  };
  return everySoOften(clock, { firstMs: LOOK_EVERY_MS, everyMs: LOOK_EVERY_MS }, async () => {
    try {
      const jobs = service.unfinished;
      const asked = new Set(await stores.jobs.askedToForget(jobs.map(({ id }) => id)));
      await Promise.all(jobs.filter(({ id }) => asked.has(id)).map(end));
    } catch (error) {
      log.warn({ err: error }, 'whose jobs are to be forgotten could not be looked up');
    }
  });
}

/** Resolves when other processes have ended and deleted the jobs, or one has had its time. */
export async function forgetElsewhere({ stores, clock }: Ports, jobs: readonly Job[]): Promise<void> {
  if (jobs.length === 0) {
    return;
  }
  await stores.jobs.askToForget(jobs.map(({ id }) => id));
  for (let waitedMs = 0; waitedMs < ENDED_WITHIN_MS; waitedMs += ASK_AGAIN_MS) {
    const left = await Promise.all(jobs.map(async ({ id }) => stores.jobs.get(id)));
    if (left.every((job) => job === undefined)) {
      return;
    }
    await sleep(clock, ASK_AGAIN_MS);
  }
}
