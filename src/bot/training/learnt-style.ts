/** A style that has been learnt becomes a draft, tried as any style is that an admin brings; or a picture of it so far. */
import type { MessageFile } from '../../core/message.ts';
import type { StyleDraft, StylePreset, Training } from '../../store/index.ts';
import { encodeWithin } from '../../image/index.ts';
import type { BotContext } from '../context.ts';
import { removeUnused, requireRoom } from '../handlers/lora-files.ts';
import { showTrial } from '../handlers/style-trial.ts';
import { modelOf } from '../jobs/job-ancestry.ts';
import { requestOf } from '../wish.ts';
import { fromPreset } from '../styles.ts';
import { localeOf, text } from '../texts/index.ts';
import type { Learnt } from './learner.ts';

const MAX_PREVIEW_BYTES = 2_000_000;

/** Throws `UserError` `store.full`, `style.room`. */
export async function learntToDraft(context: BotContext, training: Training, learnt: Learnt): Promise<void> {
  const { stores, models } = context;
  const sha256 = stores.files.hashOf(learnt.lora);
  await stores.files.keep('loras', learnt.lora, '.safetensors');
  try {
    await requireRoom(context, training.server, { sha256, bytes: learnt.lora.length });
  } catch (error) {
    await removeUnused(context, sha256);
    throw error;
  }
  const preset = presetOf(training, learnt, { sha256, atMs: context.clock.now() });
  const draft: StyleDraft = {
    id: training.id,
    server: training.server,
    serverName: training.serverName,
    preset,
    found: {
      kind: 'LoRA',
      rank: learnt.rank,
      base: modelOf(models, training.model)?.manifest.base ?? 'other',
      triggers: training.trigger === '' ? [] : [training.trigger],
    },
    seed: training.seed,
    locale: training.locale,
    address: training.address ?? { platform: 'cli', data: {} },
    isNsfwChannel: training.isNsfwChannel,
    isShown: false,
  };
  await stores.styles.saveDraft(draft);
  await context.trainings.change(training.id, (known) => ({ ...known, state: { kind: 'learnt' } }));
  await showTrial(context, draft);
}

/** One picture with what was learnt so far; undefined where its model is gone. */
export async function drawSoFar(
  context: BotContext,
  training: Training,
  learnt: Learnt,
): Promise<MessageFile | undefined> {
  const { stores, models, clock } = context;
  const model = modelOf(models, training.model);
  if (model === undefined) {
    return undefined;
  }
  const sha256 = stores.files.hashOf(learnt.lora);
  await stores.files.keep('loras', learnt.lora, '.safetensors');
  try {
    const style = fromPreset(presetOf(training, learnt, { sha256, atMs: clock.now() }), stores);
    const prompt = text('en', 'style.draft.prompt');
    const { raw } = await context.jobs.drawWithoutJob({
      server: training.server,
      user: training.by,
      isNsfwChannel: training.isNsfwChannel,
      work: {
        kind: 'imagine',
        request: requestOf({ prompt, seed: training.seed, styles: [{ style, share: 1 }] }, model),
      },
      styleName: training.name,
    });
    const [picture] = raw;
    if (picture === undefined) {
      return undefined;
    }
    const { data, contentType, ending } = await encodeWithin(picture, MAX_PREVIEW_BYTES);
    const alt = text(localeOf(training.locale), 'training.so-far');
    return { name: `so-far${ending}`, contentType, data, alt, isSpoiler: false };
  } finally {
    await removeUnused(context, sha256);
  }
}

function presetOf(
  training: Training,
  { steps, rank, step }: Learnt,
  { sha256, atMs }: { readonly sha256: string; readonly atMs: number },
): StylePreset {
  const { pictures, width, height, seed, deviceMs } = training;
  const people = [...new Set(pictures.map(({ by }) => by))];
  return {
    id: training.name.toLowerCase(),
    name: training.name,
    model: training.model,
    sha256,
    ...(training.base === undefined ? {} : { base: training.base }),
    weight: 1,
    trigger: training.trigger,
    negative: '',
    description: '',
    addedBy: training.by,
    addedByName: training.byName,
    addedAtMs: atMs,
    made: {
      pictures: pictures.length,
      people,
      steps: Math.min(step, steps),
      rank,
      width,
      height,
      seed,
      deviceMs,
      atMs,
    },
  };
}
