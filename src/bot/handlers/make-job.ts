/** A new job of a turn: who asked, where the answer belongs, what is to be done. */
import type { Job, JobOrigin, JobWork } from '../../core/job.ts';
import { jobIdOf } from '../jobs/ids.ts';
import type { Kit, Turn } from '../kit.ts';

type NewJob = {
  readonly work: JobWork;
  readonly origin: JobOrigin;
  readonly styleName: string;
  readonly typed: NonNullable<Job['typed']>;
  /** Another than the delivery's own. */
  readonly id?: string;
};

export function makeJob(kit: Kit, turn: Turn, { work, origin, styleName, typed, id }: NewJob): Job {
  const { invocation, address, publicLocale } = turn;
  const { actor, place } = invocation;
  return {
    id: id ?? jobIdOf(place.platform, invocation.id),
    server: place.server,
    user: actor.user,
    userName: actor.name,
    channel: place.channel,
    isNsfwChannel: place.isNsfw,
    locale: publicLocale,
    maxUploadBytes: place.maxUploadBytes,
    work,
    typed,
    origin,
    styleName,
    createdAtMs: kit.clock.now(),
    attempts: 0,
    state: { kind: 'queued' },
    address,
  };
}

/** Keeps the job and sees it to its end, unless this very delivery has made it before. */
export async function submit(kit: Kit, turn: Turn, job: Job): Promise<void> {
  if ((await kit.stores.jobs.get(job.id)) !== undefined) {
    return;
  }
  const isPress = turn.invocation.action.kind === 'button' || turn.invocation.action.kind === 'message';
  await kit.jobs.submit(job, {
    settings: turn.settings,
    priority: isPress ? 'button' : 'job',
    receivedAtMs: turn.invocation.receivedAtMs,
  });
}
