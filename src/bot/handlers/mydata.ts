/** `/mydata`: all that is kept about the asker as a file, or no more of it. */
import { encodeButtonId } from '../button-id.ts';
import { filesOf, isOpen } from '../../store/index.ts';
import type { Job } from '../../core/job.ts';
import { forgetElsewhere } from '../jobs/forgotten-elsewhere.ts';
import { inboxIdOf, parseRecord } from '../inbox-record.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { button, message, plain, textFile } from '../present/lines.ts';
import { answerPrivately, replace } from '../speaking.ts';
import { forgetPictures } from '../training/forget-pictures.ts';
import { text } from '../texts/index.ts';

export async function exportMine(context: BotContext, asked: RequestContext): Promise<void> {
  const { actor } = asked.invocation;
  const { jobs, people, trainings } = context.stores;
  const own = await jobs.ofUser(actor.user);
  const brought = (await trainings.all()).flatMap(({ name, pictures }) =>
    pictures.filter(({ by }) => by === actor.user).map((picture) => ({ style: name, picture: picture.name })),
  );
  // Where an answer belongs is the platform's business and may hold a key to it.
  const kept = own.map((job) => ({ ...job, address: job.address.platform }));
  const data = { user: actor.user, name: actor.name, styles: await people.export(actor.user), jobs: kept, brought };
  const file = textFile('mydata.json', 'application/json', JSON.stringify(data, null, 2));
  const line = text(asked.locale, 'mydata.export', { jobs: own.length });
  await answerPrivately(asked, message({ lines: [[plain(line)]], files: [file] }));
}

/** Asks before it does. */
export async function askToForget(context: BotContext, asked: RequestContext): Promise<void> {
  const { user } = asked.invocation.actor;
  const own = await context.stores.jobs.ofUser(user);
  const lines = [text(asked.locale, 'mydata.confirm', { jobs: own.length }), ...(await learntLines(context, asked))];
  const yes = button(encodeButtonId({ kind: 'forget-me' }), text(asked.locale, 'button.forget-me'), { tone: 'danger' });
  await answerPrivately(asked, message({ lines: lines.map((line) => [plain(line)]), rows: [[yes]] }));
}

/** Forgets whoever presses it: what is in line is cancelled first. */
export async function forget(context: BotContext, asked: RequestContext): Promise<void> {
  const { actor } = asked.invocation;
  const { jobs, people, files } = context.stores;
  const own = await jobs.ofUser(actor.user);
  const theirs = new Set(await context.starts.forget(actor.user));
  const elsewhere: Job[] = [];
  for (const job of own.filter(isOpen)) {
    if (context.jobs.cancel(job.id, actor.user)) {
      await context.jobs.ended(job.id);
    } else if (context.options.partition !== undefined) {
      elsewhere.push(job);
    }
  }
  await forgetElsewhere(context, elsewhere);
  for (const job of own) {
    filesOf((await jobs.get(job.id)) ?? job).forEach((path) => theirs.add(path));
    await jobs.delete(job);
  }
  // Files are named by what is in them: the same picture may be somebody else's, too.
  const others = await jobs.filesAmong(theirs);
  for (const path of [...theirs].filter((each) => !others.has(each))) {
    await files.remove(path);
  }
  // What counts against a day's quota runs out by itself: forgetting gives no new day.
  await asked.chat.forget?.(
    actor.user,
    own.map(({ address }) => address),
  );
  await people.forget(actor.user);
  await context.stores.styles.forgetDraftsOf(actor.user);
  await context.stores.audit.forget(actor.user);
  const current = inboxIdOf(asked.invocation);
  await context.stores.inbox.forget((record) => {
    const invocation = parseRecord(record)?.invocation;
    return invocation?.actor.user === actor.user && inboxIdOf(invocation) !== current;
  });
  const named = await learntLines(context, asked);
  const pictures = await forgetPictures(context, actor.user);
  const lines = [
    text(asked.locale, 'mydata.done', { jobs: own.length }),
    ...(pictures === 0 ? [] : [text(asked.locale, 'mydata.pictures', { pictures })]),
    ...named,
  ];
  await replace(asked, message({ lines: lines.map((line) => [plain(line)]) }));
}

/** Names the styles that were learnt from this person's pictures: they are their servers', and stay. */
async function learntLines({ stores }: BotContext, { actor, locale }: RequestContext): Promise<readonly string[]> {
  const styles = (await stores.styles.learntFrom(actor.user)).map(({ name }) => name);
  return styles.length === 0 ? [] : [text(locale, 'mydata.learnt', { styles: styles.join(', ') })];
}
