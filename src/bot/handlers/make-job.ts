/** A new job of a turn: who asked, where the answer belongs, what is to be done. */
import type { Job, JobOrigin, JobWork } from '../../core/job.ts';
import { jobIdOf } from '../jobs/ids.ts';
import type { Kit, Turn } from '../kit.ts';
import { refusal } from '../refusal.ts';

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
    delivery: invocation.id,
    attempts: 0,
    state: { kind: 'queued' },
    address,
  };
}

/**
 * Keeps the job and sees it to its end, unless this very delivery has made it before. Throws `UserError`
 * `job.unfinished` where another delivery's press has made it: its answer comes there, and nothing more comes here.
 */
export async function submit(kit: Kit, turn: Turn, job: Job): Promise<void> {
  const known = await kit.stores.jobs.get(job.id);
  if (known !== undefined) {
    if (isOfThis(turn, known)) {
      return;
    }
    throw refusal('job.unfinished');
  }
  const isPress = turn.invocation.action.kind === 'button' || turn.invocation.action.kind === 'message';
  await kit.jobs.submit(job, {
    settings: turn.settings,
    priority: isPress ? 'button' : 'job',
    receivedAtMs: turn.invocation.receivedAtMs,
  });
}

/** The job is this very delivery's, which was heard before a crash: it goes on by itself. */
export function isOfThis({ invocation }: Turn, { delivery }: Job): boolean {
  return delivery === invocation.id;
}
