/** `/mydata`: all that is kept about the asker as a file, or no more of it. */
import { encodeButtonId } from '../button-id.ts';
import { isOpen } from '../../store/index.ts';
import type { Kit, Turn } from '../kit.ts';
import { button, message, plain } from '../present/lines.ts';
import { answerPrivately, replace } from '../speaking.ts';
import { text } from '../texts/index.ts';

export async function exportMine(kit: Kit, turn: Turn): Promise<void> {
  const { actor } = turn.invocation;
  const { jobs, people } = kit.stores;
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
  const line = text(turn.locale, 'mydata.export', { jobs: own.length });
  await answerPrivately(turn, message({ lines: [[plain(line)]], files: [file] }));
}

/** Asks before it does. */
export async function askToForget(kit: Kit, turn: Turn): Promise<void> {
  const own = await kit.stores.jobs.ofUser(turn.invocation.actor.user);
  const line = text(turn.locale, 'mydata.confirm', { jobs: own.length });
  const yes = button(encodeButtonId({ kind: 'forget-me' }), text(turn.locale, 'button.forget-me'), { tone: 'danger' });
  await answerPrivately(turn, message({ lines: [[plain(line)]], rows: [[yes]] }));
}

/** Forgets whoever presses it: what is in line is cancelled first. */
export async function forget(kit: Kit, turn: Turn): Promise<void> {
  const { actor } = turn.invocation;
  const { jobs, people, quotas, files } = kit.stores;
  const own = await jobs.ofUser(actor.user);
  for (const job of own) {
    if (isOpen(job) && kit.jobs.cancel(job.id, actor.user)) {
      await kit.jobs.ended(job.id);
    }
    for (const path of filesOf(job)) {
      await files.remove(path);
    }
    await jobs.delete(job);
  }
  await people.forget(actor.user);
  await quotas.forget(actor.user);
  const line = text(turn.locale, 'mydata.done', { jobs: own.length });
  await replace(turn, message({ lines: [[plain(line)]] }));
}

function filesOf(job: Awaited<ReturnType<Kit['stores']['jobs']['ofUser']>>[number]): readonly string[] {
  const init = job.work.kind === 'imagine' ? job.work.request.init?.file : undefined;
  const pictures = job.state.kind === 'done' ? job.state.pictures.map(({ file }) => file) : [];
  return [...pictures, ...(init === undefined ? [] : [init])].filter((path) => path !== '');
}
