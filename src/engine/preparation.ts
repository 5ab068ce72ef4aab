/**
 * From a request to a generation: prompts encoded, styles folded, the picture to start from turned into latents, and one
 * task for each picture. After this nothing of the request is looked up again.
 */
import { EventStream } from '../core/event-stream.ts';
import { recipeOf, recipeTitle } from '../core/recipes.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { WorkEvent } from '../core/work.ts';
import type { Generation } from './generation.ts';
import type { LatentSize } from './model/denoiser.ts';
import { type PictureReader, startOf } from './inpainting.ts';
import { openLearnedWords } from './model/learned-words.ts';
import type { EncodedPrompt, PromptText } from './model/prompt-encoder.ts';
import type { Model } from './model/model.ts';
import { withoutReferences } from './prompt-references.ts';
import { readPromptWords } from './prompt-words.ts';
import { checkSides } from './request-check.ts';
import type { RowLimits } from './row-limits.ts';
import { mixedNoise, plan, TorchGenerator } from './sampling/index.ts';
import { Task } from './task.ts';

export type Preparation = {
  readonly number: number;
  readonly request: GenerationRequest;
  readonly previewAfter: readonly number[];
  /** As `Work` has it. */
  readonly live: 'draft' | 'final' | undefined;
  readonly model: Model;
  /** Absent: rows a call are as the policy says. */
  readonly limits?: Pick<RowLimits, 'of'>;
  readonly read: PictureReader;
  readonly now: () => number;
};

export type Prepared = { readonly generation: Generation; readonly notices: readonly WorkEvent[] };

/** Throws `UserError` for what the model cannot do. */
export async function prepare({
  number,
  request,
  previewAfter,
  live,
  model,
  read,
  limits,
  now,
}: Preparation): Promise<Prepared> {
  const startedAt = now();
  const { width, height, recipe, steps, init, variation, count } = request;
  const guidance = recipe.guidance ?? request.guidance;
  const seed = request.seed + request.index;
  checkSides(request, model.pixelsPerLatent);
  if (request.decoder === 'tiny') {
    await model.decoders.requireTiny(); // said before anything is drawn
  }
  if (request.alpha) {
    await model.decoders.requireAlpha();
  }
  const planned = plan(model.scheduler, { ...recipe, steps, strength: init?.strength });
  const styles = await model.styles.prepare(request.styles, live === 'draft');
  const styleFiles = request.styles.flatMap(({ file, weight }) => (weight === 0 ? [] : file));
  const widths = model.text.map(({ features }) => features);
  const { learned, notices: unfit } = await openLearnedWords(request.embeddings, styleFiles, widths);
  const given = withoutReferences(request, [...learned.words.keys()]);
  const words = await readPromptWords(model, { ...request, ...given });
  const textOf = (text: string): PromptText => ({ text, grammar: request.promptGrammar, learned });
  const positive = await model.prompts.encode(textOf(words.prompt), styles);
  const isGuided = guidance > 1 && !model.takesGuidance;
  const negative = isGuided ? await model.prompts.encodeNegative(textOf(words.negative), styles) : undefined;
  const size: LatentSize = {
    channels: model.latentChannels,
    height: height / model.pixelsPerLatent,
    width: width / model.pixelsPerLatent,
  };
  const start = await startOf(request, model, size, read);
  const textMs = (now() - startedAt) / count;
  const tokens = positive.conditioning.tokens.length / model.unet.config.contextFeatures;
  const generation: Generation = {
    ...limits?.of({ model, name: request.model, size, width, height, tokens }),
    number,
    events: new EventStream<WorkEvent>(),
    model,
    group: JSON.stringify([model.key, styles.variant, styles.isPassing, styles.dense?.key ?? null, size]),
    size,
    decoder: request.decoder,
    isTransparent: request.alpha,
    guidance,
    positive: positive.conditioning,
    negative: negative?.conditioning,
    styles,
    isLive: live !== undefined,
    previewAfter: new Set(previewAfter),
    pictures: Array.from({ length: count }, (_, index) => ({
      index,
      // Variations are all of one picture.
      seed: variation === undefined ? seed + index : seed,
      task: new Task({
        plan: planned,
        latentLength: size.channels * size.height * size.width,
        generator:
          variation === undefined
            ? new TorchGenerator(seed + index)
            : mixedNoise(new TorchGenerator(seed), new TorchGenerator(variation.seed + index), variation.amount),
        ...start,
      }),
      textMs,
      denoiseMs: 0,
      previewDue: undefined,
      isDelivered: false,
    })),
    lastCall: -1,
  };
  return {
    generation,
    notices: [
      ...styles.notices.map((notice): WorkEvent => ({ kind: 'notice', ...notice })),
      ...unfit,
      ...words.notices,
      ...given.notices,
      ...cutNotices(positive, negative),
      ...guidanceNotices(request),
    ],
  };
}

/** Where the recipe has another guidance than was asked for. */
function guidanceNotices({
  recipe: { name, guidance: used },
  guidance: given,
}: GenerationRequest): readonly WorkEvent[] {
  if (name === undefined || used === undefined || used === given) {
    return [];
  }
  const { least, most } = recipeOf(name).guidance;
  const recipe = recipeTitle(name);
  return [
    {
      kind: 'notice',
      code: 'recipe.guidance',
      sentence: `${recipe} goes with guidance ${least === most ? least : `${least} to ${most}`}, so ${used} was used instead of ${given}.`,
      params: { recipe, least, most, used, given },
    },
  ];
}

function cutNotices(positive: EncodedPrompt, negative: EncodedPrompt | undefined): readonly WorkEvent[] {
  const notice = (which: string, cut: string): readonly WorkEvent[] =>
    cut === ''
      ? []
      : [
          {
            kind: 'notice',
            code: 'prompt.cut',
            sentence: `The ${which} is longer than the model reads; this was left out: "${cut}".`,
            params: { which, cut },
          },
        ];
  return [...notice('prompt', positive.cut), ...notice('negative prompt', negative?.cut ?? '')];
}
