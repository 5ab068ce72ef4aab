/** A new job of a turn: who asked, where the answer belongs, what is to be done. */
import type { Job, JobOrigin, JobWork } from '../../core/job.ts';
import { jobIdOf } from '../jobs/ids.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { refusal } from '../refusal.ts';
import { settingsHere } from '../settings-here.ts';

type NewJob = {
  readonly work: JobWork;
  readonly origin: JobOrigin;
  readonly styleName: string;
  readonly typed: NonNullable<Job['typed']>;
  /** Another than the event's own. */
  readonly id?: string;
  /** In the place of what stands there, for whoever sees that; absent: as the placeholder. */
  readonly isPrivate?: boolean | undefined;
};

export function makeJob(
  context: BotContext,
  asked: RequestContext,
  { work, origin, styleName, typed, id, isPrivate = asked.isPrivate }: NewJob,
): Job {
  const { invocation, address, publicLocale } = asked;
  const { actor, place } = invocation;
  return {
    id: id ?? jobIdOf(place.platform, invocation.id),
    server: place.server,
    user: actor.user,
    userName: actor.name,
    channel: place.channel,
    isNsfwChannel: place.isNsfw,
    ...(isPrivate ? { isPrivate } : {}),
    locale: publicLocale,
    maxUploadBytes: place.maxUploadBytes,
    work,
    typed,
    origin,
    styleName,
    createdAtMs: context.clock.now(),
    event: invocation.id,
    attempts: 0,
    state: { kind: 'queued' },
    address,
  };
}

/**
 * Keeps the job and sees it to its end, unless this very event has made it before. Throws `UserError`
 * `job.unfinished` where another press has made it: its answer comes there, and nothing more comes here.
 */
export async function submit(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  const known = await context.stores.jobs.get(job.id);
  if (known !== undefined) {
    if (isOfThis(asked, known)) {
      return;
    }
    throw refusal('job.unfinished');
  }
  const isPress = asked.invocation.action.kind === 'button' || asked.invocation.action.kind === 'message';
  await context.jobs.submit(job, {
    settings: settingsHere(asked.settings, asked.actor, asked.place),
    priority: isPress ? 'button' : 'job',
    receivedAtMs: asked.invocation.receivedAtMs,
    answerWithinMs: asked.place.answerWithinMs,
  });
}

/** The job is this very event's, which was heard before a crash: it goes on by itself. */
export function isOfThis({ invocation }: RequestContext, { event }: Job): boolean {
  return event === invocation.id;
}
