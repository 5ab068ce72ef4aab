/**
 * A style in the making shown once more, where its admin asks by its name: its message may be out of reach, for what only
 * one person sees can be changed for some minutes only, and goes as a direct message then, where no server's buttons work.
 */
import type { BotContext, RequestContext } from '../context.ts';
import { inboxIdOf } from '../inbox-record.ts';
import { showTrial } from '../handlers/style-trial.ts';
import { trialMessage } from '../present/styles.ts';
import { replace } from '../speaking.ts';
import type { StyleDraft } from '../../store/index.ts';
import { learningMessage } from './collecting-message.ts';
import { showCollecting } from './own-training.ts';

/** False: nothing of that name is in the making here by this person. */
export async function showAgain(context: BotContext, asked: RequestContext, name: string): Promise<boolean> {
  const { actor, place, locale } = asked;
  const { stores, trainings } = context;
  const id = name.trim().toLowerCase();
  if (!actor.isAdmin) {
    return false;
  }
  const drafts = await stores.styles.drafts();
  const draft = drafts.find(
    ({ server, preset }) => server === place.server && preset.addedBy === actor.user && preset.id === id,
  );
  if (draft !== undefined) {
    await showDraft(context, asked, draft);
    return true;
  }
  const training = (await stores.trainings.of(place.server)).find(
    (each) => each.by === actor.user && each.name.toLowerCase() === id && each.address !== undefined,
  );
  switch (training?.state.kind) {
    case 'collecting':
      await showCollecting(context, asked, training, []);
      return true;
    case 'learning': {
      const address = await replace(asked, learningMessage(training, locale, { kind: 'begun' }, undefined));
      await trainings.change(training.id, (known) => ({ ...known, address }));
      return true;
    }
    default:
      return false; // being learnt to its end just now, or kept for another time
  }
}

async function showDraft(context: BotContext, asked: RequestContext, draft: StyleDraft): Promise<void> {
  const training = await context.stores.trainings.get(draft.id);
  const address = await replace(asked, trialMessage(draft, asked.locale, undefined, training));
  const here = { ...draft, address, isShown: false };
  await context.stores.styles.saveDraft(here);
  await context.stores.inbox.discard(inboxIdOf(asked.invocation));
  await showTrial(context, here);
}
