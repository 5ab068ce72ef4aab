/** Reroll, Info, Delete, Cancel, Try again, Report and Block: what is done with a job as a whole. */
import type { Job } from '../../core/job.ts';
import { audit } from '../auditing.ts';
import type { JobAction } from '../button-id.ts';
import { encodeButtonId } from '../button-id.ts';
import {
  requireAdmin,
  requireDrawable,
  requireJob,
  requireMayDraw,
  requireOwner,
  requireStillThere,
} from '../gates.ts';
import { retryIdOf } from '../jobs/ids.ts';
import { rootOf } from '../jobs/lineage.ts';
import type { Kit, Turn } from '../kit.ts';
import { headLine, promptOf } from '../present/answer.ts';
import { infoMessage } from '../present/info.ts';
import { bold, button, message, plain, user } from '../present/lines.ts';
import { jobButton } from '../present/rows.ts';
import { refusal } from '../refusal.ts';
import { answerPrivately, sayPrivately } from '../speaking.ts';
import { text } from '../texts/index.ts';
import { optionsText } from './imagine.ts';
import { makeJob, submit } from './make-job.ts';

export async function handleJobAction(kit: Kit, turn: Turn, action: JobAction, id: string): Promise<void> {
  const job = await requireJob(kit, turn.invocation.place, id);
  switch (action) {
    case 'reroll':
      await reroll(kit, turn, job);
      return;
    case 'retry':
      await retry(kit, turn, job);
      return;
    case 'info':
      await showInfo(kit, turn, job);
      return;
    case 'delete':
      await deleteAnswer(kit, turn, job);
      return;
    case 'cancel':
      await cancel(kit, turn, job);
      return;
    case 'report':
      await report(kit, turn, job);
      return;
    case 'block':
      await block(kit, turn, job);
      return;
    case 'remix':
      throw refusal('button.old'); // it opens a form, and comes back as one
    default:
      action satisfies never;
  }
}

/** The same words with another seed. */
async function reroll(kit: Kit, turn: Turn, job: Job): Promise<void> {
  await requireMayDraw(kit, turn);
  const root = await rootOf(job, (other) => kit.stores.jobs.get(other));
  if (root === undefined) {
    throw refusal('job.unknown');
  }
  requireDrawable(kit, turn, promptOf(root), []);
  await requireStillThere(kit, root, root.work.request);
  const made = makeJob(kit, turn, {
    work: { kind: 'imagine', request: { ...root.work.request, seed: kit.random.uint32() } },
    origin: { kind: 'reroll', of: job.id },
    styleName: root.styleName,
    typed: root.typed ?? { prompt: promptOf(root), negative: root.work.request.negative },
  });
  await submit(kit, turn, made);
}

/** Exactly the same again, in the same place. */
async function retry(kit: Kit, turn: Turn, job: Job): Promise<void> {
  requireOwner(turn.invocation.actor, job);
  await requireMayDraw(kit, turn);
  if (job.state.kind !== 'failed' && job.state.kind !== 'cancelled') {
    throw refusal('job.unfinished');
  }
  requireDrawable(kit, turn, promptOf(job), []);
  if (job.work.kind === 'imagine') {
    await requireStillThere(kit, job, job.work.request);
  }
  const id = retryIdOf(job.id);
  const before = await kit.stores.jobs.get(id);
  if (before?.state.kind === 'failed' || before?.state.kind === 'cancelled') {
    await kit.stores.jobs.delete(before); // its message has not arrived: once more
  }
  const made = makeJob(kit, turn, {
    id,
    work: job.work,
    origin: job.origin.kind === 'command' ? { kind: 'retry', of: job.id } : job.origin,
    styleName: job.styleName,
    typed: job.typed ?? { prompt: promptOf(job), negative: '' },
  });
  await submit(kit, turn, made);
}

export async function showInfo(kit: Kit, turn: Turn, job: Job): Promise<void> {
  const root = await rootOf(job, (other) => kit.stores.jobs.get(other));
  const again = root === undefined ? '' : `/imagine ${optionsText(kit, root, promptOf(root))}`;
  await answerPrivately(turn, infoMessage({ job, root, again, models: kit.models, locale: turn.locale }));
}

async function deleteAnswer(kit: Kit, turn: Turn, job: Job): Promise<void> {
  const { actor, place } = turn.invocation;
  requireOwner(actor, job);
  if (job.state.kind === 'queued' || job.state.kind === 'running') {
    throw refusal('job.unfinished');
  }
  await turn.chat.remove(turn.address);
  if (job.state.kind === 'done') {
    for (const { file } of job.state.pictures) {
      await kit.stores.files.remove(file);
    }
  }
  await kit.stores.jobs.delete(job);
  if (actor.user !== job.user) {
    await audit(kit, turn, { what: 'delete', params: { person: job.userName }, was: promptOf(job), is: '' });
  }
  kit.log.info({ job: job.id, server: place.server }, 'answer deleted');
}

async function cancel(kit: Kit, turn: Turn, job: Job): Promise<void> {
  requireOwner(turn.invocation.actor, job);
  // Its own life ends the conversation, in the very message that was pressed.
  if (!kit.jobs.cancel(job.id, turn.invocation.actor.user)) {
    throw refusal('job.over');
  }
}

async function report(kit: Kit, turn: Turn, job: Job): Promise<void> {
  const { settings, invocation, publicLocale, locale } = turn;
  if (settings.auditChannel === undefined) {
    throw refusal('report.nowhere');
  }
  const shown = await kit.jobs.answers.compose(job);
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
  await turn.chat.post(channel, posted, `report:${job.id}:${invocation.actor.user}`);
  await sayPrivately(turn, text(locale, 'report.done'));
}

async function block(kit: Kit, turn: Turn, job: Job): Promise<void> {
  const { actor, place } = turn.invocation;
  requireAdmin(actor);
  const name = { name: job.userName };
  if (await kit.stores.people.isBlocked(place.server, job.user)) {
    await sayPrivately(turn, text(turn.locale, 'block.already', name));
    return;
  }
  const entry = { user: job.user, name: job.userName, by: actor.user, atMs: kit.clock.now() };
  await kit.stores.people.block(place.server, entry);
  await audit(kit, turn, { what: 'block', params: { person: job.userName }, was: '', is: '' });
  await answerPrivately(
    turn,
    message({ lines: [[plain(text(turn.locale, 'block.done', name))], [user(job.user, job.userName)]] }),
  );
}
