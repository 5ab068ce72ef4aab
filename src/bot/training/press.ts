/** The buttons of a style in the making: start, stop, discard, train on; and what is left of it when it is over. */
import { StoppedError, type UserError } from '../../core/errors.ts';
import { requireEnough } from '../../core/training-pictures.ts';
import type { StyleDraft, Training } from '../../store/index.ts';
import type { TrainingAction } from '../button-id.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireMayDraw } from '../gates.ts';
import { removeUnused } from '../handlers/lora-files.ts';
import { sentences } from '../present/lines.ts';
import { refusal } from '../refusal.ts';
import { replace } from '../speaking.ts';
import { text } from '../texts/index.ts';
import { ownTraining } from './own-training.ts';

const HOUR_MS = 3_600_000;

export async function pressTraining(
  context: BotContext,
  asked: RequestContext,
  action: TrainingAction,
  id: string,
): Promise<void> {
  switch (action) {
    case 'start':
      return await start(context, asked, await ownTraining(context, asked, id, ['collecting']));
    case 'stop': {
      const training = await ownTraining(context, asked, id, ['learning', 'collecting']);
      if (!context.trainings.cancel(training.id)) {
        throw refusal('train.gone');
      }
      return;
    }
    case 'drop': {
      await ownTraining(context, asked, id, ['collecting']);
      await endTraining(context, id, 'discarded');
      await replace(asked, sentences(text(asked.locale, 'training.dropped')));
      return;
    }
    case 'new':
    case 'more':
      throw refusal('button.old');
    default:
      action satisfies never;
  }
}

async function start(context: BotContext, asked: RequestContext, training: Training): Promise<void> {
  await requireMayDraw(context, asked);
  requireEnough(training.pictures.length);
  await requireFree(context, training);
  await context.trainings.begin({ ...training, address: asked.address });
}

/** Throws `UserError` `train.busy` or `train.quota`: one style at a time, and so much of a device a day. */
async function requireFree({ stores, options, clock }: BotContext, { server, id }: Training): Promise<void> {
  const other = (await stores.trainings.of(server)).find((each) => each.state.kind === 'learning' && each.id !== id);
  if (other !== undefined) {
    throw refusal('train.busy', { style: other.name });
  }
  const { perServerDayMs } = options.training;
  const nowMs = clock.now();
  const { usedMs, resetsAtMs } = await stores.trainings.time(server, nowMs);
  if (perServerDayMs !== undefined && usedMs >= perServerDayMs) {
    const waitMs = resetsAtMs - nowMs;
    const minutes = Math.round(perServerDayMs / 60_000);
    throw refusal(
      'train.quota',
      { minutes, hours: Math.max(1, Math.ceil(waitMs / HOUR_MS)) },
      { retryAfterMs: waitMs },
    );
  }
}

/** Goes on learning the style of a draft, for half as many steps again. */
export async function trainOn(context: BotContext, asked: RequestContext, draft: StyleDraft): Promise<void> {
  const training = await ownTraining(context, asked, draft.id, ['learnt']);
  await requireFree(context, training);
  const { seed } = draft;
  await context.stores.styles.removeDraft(draft.id);
  await removeUnused(context, draft.preset.sha256);
  await context.trainings.begin({ ...training, seed, rounds: training.rounds + 1, address: asked.address });
}

/** Pictures go with it, unless they are kept on purpose and the style was saved. */
export async function endTraining(context: BotContext, id: string, how: 'saved' | 'discarded'): Promise<void> {
  const { trainings, files } = context.stores;
  const training = await trainings.get(id);
  if (training === undefined) {
    return;
  }
  await files.removeRun(id);
  if (how === 'saved' && training.keepsPictures) {
    const { address: _, ...rest } = training;
    await trainings.save({ ...rest, rounds: 1, state: { kind: 'kept' } });
    return;
  }
  await trainings.remove(id);
  const used = await trainings.files();
  for (const { sha256 } of training.pictures) {
    if (!used.has(sha256)) {
      await files.remove(files.pathOf('training', sha256, '.png'));
    }
  }
}

/** What was learnt could not be shown or kept: the pictures are still there, and it can be started again. */
export async function backToCollecting(context: BotContext, id: string, error: UserError): Promise<boolean> {
  const training = await context.stores.trainings.get(id);
  if (training === undefined || error instanceof StoppedError) {
    return false;
  }
  await context.trainings.failed(training, error);
  return true;
}
