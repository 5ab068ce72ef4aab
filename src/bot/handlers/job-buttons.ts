/** Reroll, Info, Delete, Cancel, Try again, Report and Block: what is done with a job as a whole. */
import { serverForLog } from '../../core/people.ts';
import type { Job } from '../../core/job.ts';
import { audit } from '../auditing.ts';
import type { JobAction } from '../button-id.ts';
import { encodeButtonId } from '../button-id.ts';
import { requireAdmin, requireJob, requireOwner, requireShowable, requireStillThere } from '../gates.ts';
import { retryIdOf } from '../jobs/ids.ts';
import { rootOf } from '../jobs/job-ancestry.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { headLine, promptOf } from '../present/answer.ts';
import { infoMessage } from '../present/info.ts';
import { bold, button, message, plain, user } from '../present/lines.ts';
import { jobButton } from '../present/rows.ts';
import { refusal } from '../refusal.ts';
import { answerPrivately, replace, sayPrivately } from '../speaking.ts';
import { text } from '../texts/index.ts';
import { commandText } from './imagine.ts';
import { makeJob, submit } from './make-job.ts';

type JobHandler = (context: BotContext, asked: RequestContext, job: Job) => Promise<void>;

const HANDLERS: Readonly<Record<JobAction, JobHandler | undefined>> = {
  reroll,
  retry,
  info: showInfo,
  delete: deleteAnswer,
  cancel,
  report,
  block,
  share,
  // These open a form, and come back as one.
  remix: undefined,
  emoji: undefined,
};

export async function handleJobAction(
  context: BotContext,
  asked: RequestContext,
  action: JobAction,
  id: string,
): Promise<void> {
  const job = await requireJob(context, asked, id);
  const handler = HANDLERS[action];
  if (handler === undefined) {
    throw refusal('button.old');
  }
  await handler(context, asked, job);
}

/** The same words with another seed. */
async function reroll(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  const root = await requireShowable(context, asked, job);
  if (root === undefined) {
    throw refusal('job.unknown');
  }
  await requireStillThere(context, root, root.work.request);
  const made = makeJob(context, asked, {
    work: {
      kind: 'imagine',
      request: { ...root.work.request, seed: context.random.uint32(), index: 0, variation: undefined },
    },
    origin: { kind: 'reroll', of: job.id },
    styleName: root.styleName,
    typed: root.typed ?? { prompt: promptOf(root), negative: root.work.request.negative },
  });
  await submit(context, asked, made);
}

/** Exactly the same again, in the same place. */
async function retry(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  requireOwner(asked.invocation.actor, job);
  await requireShowable(context, asked, job);
  if (job.state.kind !== 'failed' && job.state.kind !== 'cancelled') {
    throw refusal('job.unfinished');
  }
  if (job.work.kind === 'imagine') {
    await requireStillThere(context, job, job.work.request);
  }
  const id = retryIdOf(job.id);
  const before = await context.stores.jobs.get(id);
  if (before?.state.kind === 'failed' || before?.state.kind === 'cancelled') {
    await context.stores.jobs.delete(before); // its message has not arrived: once more
  }
  const made = makeJob(context, asked, {
    id,
    work: job.work,
    origin: job.origin.kind === 'command' ? { kind: 'retry', of: job.id } : job.origin,
    styleName: job.styleName,
    typed: job.typed ?? { prompt: promptOf(job), negative: '' },
    isPrivate: job.isPrivate ?? false,
  });
  await submit(context, asked, made);
}

export async function showInfo(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  const root = await rootOf(job, (other) => context.stores.jobs.get(other));
  const again = root === undefined ? '' : `/imagine ${commandText(context, root)}`;
  await answerPrivately(asked, infoMessage({ job, root, again, models: context.models, locale: asked.locale }));
}

async function deleteAnswer(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  const { actor, place } = asked.invocation;
  requireOwner(actor, job);
  if (job.state.kind === 'queued' || job.state.kind === 'running') {
    throw refusal('job.unfinished');
  }
  await asked.chat.remove(asked.address);
  if (job.state.kind === 'done') {
    for (const { file } of job.state.pictures) {
      await context.stores.files.remove(file);
    }
  }
  await context.stores.jobs.delete(job);
  if (actor.user !== job.user) {
    await audit(context, asked, {
      what: 'delete',
      params: { person: job.userName },
      about: job.user,
      was: promptOf(job),
      is: '',
    });
  }
  context.log.info({ job: job.id, server: serverForLog(place.server) }, 'answer deleted');
}

/** A private picture for everybody, in a message of its own: from then on that is the picture's. */
async function share(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  await requireShowable(context, asked, job);
  if (job.state.kind !== 'done') {
    throw refusal('job.unfinished');
  }
  const { isPrivate: _, ...shared } = job;
  const message = await context.jobs.answers.compose(shared);
  if (message === undefined) {
    throw refusal('job.unknown');
  }
  const address = await replace(asked, message);
  await context.stores.jobs.save({ ...shared, address });
}

async function cancel(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  requireOwner(asked.invocation.actor, job);
  // Its own life ends the conversation, in the very message that was pressed.
  if (!context.jobs.cancel(job.id, asked.invocation.actor.user)) {
    throw refusal('job.over');
  }
}

async function report(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  const { settings, invocation, publicLocale, locale } = asked;
  if (settings.auditChannel === undefined) {
    throw refusal('report.nowhere');
  }
  const shown = await context.jobs.answers.compose(job);
  const line = text(publicLocale, 'report.line', {
    reporter: invocation.actor.name,
    author: job.userName,
    channel: job.channel,
  });
  const picture = shown?.picture === undefined ? undefined : { ...shown.picture, isSpoiler: true };
  const block = encodeButtonId({ kind: 'job', action: 'block', job: job.id });
  const posted = message({
    lines: [[bold(text(publicLocale, 'report.title'))], [plain(line)], headLine(job, publicLocale)],
    picture,
    rows: [
      [
        jobButton(job.id, 'info', publicLocale),
        button(block, text(publicLocale, 'button.block', { name: job.userName }), { tone: 'danger' }),
      ],
    ],
  });
  const channel = { server: invocation.place.server, id: settings.auditChannel };
  await asked.chat.post(channel, posted, `report:${job.id}:${invocation.actor.user}`);
  await sayPrivately(asked, text(locale, 'report.done'));
}

async function block(context: BotContext, asked: RequestContext, job: Job): Promise<void> {
  const { actor, place } = asked.invocation;
  requireAdmin(actor);
  const name = { name: job.userName };
  if (await context.stores.people.isBlocked(place.server, job.user)) {
    await sayPrivately(asked, text(asked.locale, 'block.already', name));
    return;
  }
  const entry = { user: job.user, name: job.userName, by: actor.user, atMs: context.clock.now() };
  await context.stores.people.block(place.server, entry);
  await audit(context, asked, { what: 'block', params: { person: job.userName }, about: job.user, was: '', is: '' });
  await answerPrivately(
    asked,
    message({ lines: [[plain(text(asked.locale, 'block.done', name))], [user(job.user, job.userName)]] }),
  );
}
