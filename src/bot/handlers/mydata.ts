/** `/mydata`: all that is kept about the asker as a file, or no more of it. */
import { encodeButtonId } from '../button-id.ts';
import { isOpen } from '../../store/index.ts';
import { inboxIdOf, parseRecord } from '../inbox-record.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { button, message, plain } from '../present/lines.ts';
import { answerPrivately, replace } from '../speaking.ts';
import { text } from '../texts/index.ts';

export async function exportMine(context: BotContext, asked: RequestContext): Promise<void> {
  const { actor } = asked.invocation;
  const { jobs, people } = context.stores;
  const own = await jobs.ofUser(actor.user);
  // Where an answer belongs is the platform's business and may hold a key to it.
  const kept = own.map((job) => ({ ...job, address: job.address.platform }));
  const data = { user: actor.user, name: actor.name, styles: await people.export(actor.user), jobs: kept };
  const file = {
    name: 'mydata.json',
    contentType: 'application/json',
    data: new TextEncoder().encode(JSON.stringify(data, null, 2)),
    alt: '',
    isSpoiler: false,
  };
  const line = text(asked.locale, 'mydata.export', { jobs: own.length });
  await answerPrivately(asked, message({ lines: [[plain(line)]], files: [file] }));
}

/** Asks before it does. */
export async function askToForget(context: BotContext, asked: RequestContext): Promise<void> {
  const own = await context.stores.jobs.ofUser(asked.invocation.actor.user);
  const line = text(asked.locale, 'mydata.confirm', { jobs: own.length });
  const yes = button(encodeButtonId({ kind: 'forget-me' }), text(asked.locale, 'button.forget-me'), { tone: 'danger' });
  await answerPrivately(asked, message({ lines: [[plain(line)]], rows: [[yes]] }));
}

/** Forgets whoever presses it: what is in line is cancelled first. */
export async function forget(context: BotContext, asked: RequestContext): Promise<void> {
  const { actor } = asked.invocation;
  const { jobs, people, files } = context.stores;
  const own = await jobs.ofUser(actor.user);
  for (const job of own) {
    if (isOpen(job) && context.jobs.cancel(job.id, actor.user)) {
      await context.jobs.ended(job.id);
    }
    for (const path of filesOf(job)) {
      await files.remove(path);
    }
    await jobs.delete(job);
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
  const line = text(asked.locale, 'mydata.done', { jobs: own.length });
  await replace(asked, message({ lines: [[plain(line)]] }));
}

function filesOf(job: Awaited<ReturnType<BotContext['stores']['jobs']['ofUser']>>[number]): readonly string[] {
  const init = job.work.kind === 'imagine' ? job.work.request.init?.file : undefined;
  const pictures = job.state.kind === 'done' ? job.state.pictures.map(({ file }) => file) : [];
  return [...pictures, ...(init === undefined ? [] : [init])].filter((path) => path !== '');
}
