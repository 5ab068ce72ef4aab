/** What a person brought for styles to be learnt from, gone: out of every style in the making, and out of the files. */
import type { UserKey } from '../../core/people.ts';
import type { BotContext } from '../context.ts';
import { endTraining } from './press.ts';

/** Resolves to how many pictures went. A style that is being learnt from them is stopped first. */
export async function forgetPictures(context: BotContext, user: UserKey): Promise<number> {
  const { trainings, files } = context.stores;
  let count = 0;
  for (const { id, by } of await trainings.all()) {
    const training = await trainings.get(id);
    const own = training?.pictures.filter((picture) => picture.by === user) ?? [];
    if (training === undefined || (own.length === 0 && by !== user)) {
      continue;
    }
    if (context.trainings.cancel(id)) {
      await context.trainings.ended(id);
    }
    count += own.length;
    if (by === user) {
      await context.stores.styles.removeDraft(id);
      await endTraining(context, id, 'discarded');
      continue;
    }
    await files.removeRun(id); // what was learnt so far was learnt from them
    await context.trainings.change(id, (known) => ({
      ...known,
      pictures: known.pictures.filter((picture) => picture.by !== user),
    }));
    const used = await trainings.files();
    for (const { sha256 } of own.filter((picture) => !used.has(picture.sha256))) {
      await files.remove(files.pathOf('training', sha256, '.png'));
    }
  }
  return count;
}
