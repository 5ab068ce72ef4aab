/**
 * Pictures in, a style's LoRA out: encodes the pictures, then one update after another, as events that whoever drives
 * this takes one by one. Goes on where an earlier run of the same pictures and recipe was cut off.
 */
import { createHash } from 'node:crypto';

import { sinusoidsOf, unetLoraTargets, type Layer } from '../engine/nets/index.ts';
import type { BaseModel } from './base-model.ts';
import { forgetCheckpoint, keptOnCancel, resumeCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { encodedBefore, encodePicture, type EncodedPicture, type Encoders, type TrainingPicture } from './dataset.ts';
import { planForDevice } from './device-rate.ts';
import type { LatentShards } from './latent-shards.ts';
import type { LoraNotes } from './lora-writer.ts';
import { NoiseSchedule } from './noising.ts';
import { streamOf } from './random.ts';
import { buildStepGraph, type StepGraph } from './step-graph.ts';
import { rateInRounds, shareOf, stepsOf, type StyleRecipe } from './style-recipe.ts';
import { conditioningRow, StyleRows } from './style-rows.ts';
import { learnsText, textParts, textRow, wordBeginnings, type TextLearning } from './text-learning.ts';
import { Trainer, type TrainingRow } from './trainer.ts';
import { Progress, waitForTurn, writeLearnt, type TrainingEvent } from './training-run.ts';

export type StyleTrainingOptions = {
  readonly base: BaseModel;
  readonly pictures: readonly TrainingPicture[];
  /** Instead of pictures. */
  readonly latents?: LatentShards | undefined;
  readonly recipe: StyleRecipe;
  /** What of the text encoders learns besides; default: nothing. */
  readonly text?: TextLearning;
  /** Pixels; multiples of what the model takes. */
  readonly size: { readonly width: number; readonly height: number };
  readonly seed: number;
  /** Where the LoRA goes; as it is so far, too, with every 'saved' event. */
  readonly out: string;
  readonly notes: Pick<LoraNotes, 'title' | 'baseHash' | 'license' | 'trigger' | 'date' | 'wordFile'>;
  /** Where the run is kept while it is not done; the same file takes it up again. */
  readonly checkpoint: string;
  /** It stays when the run is done, so that a further round can go on from it; default: it goes. */
  readonly keepsCheckpoint?: boolean;
  /** The recipe's steps, and half as many for each round after the first; default: one. */
  readonly rounds?: number;
  /** Steps from one 'saved' event to the next. */
  readonly saveEvery: number;
  /** Milliseconds from one checkpoint to the next besides; default: none. */
  readonly checkpointEveryMs?: number;
  readonly freeBytes: number;
  readonly startup: 'fast' | 'throughput';
  readonly threads?: number;
  readonly signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number;
  /** Awaited before every call of the device: others get it there. */
  readonly between?: () => Promise<void>;
};

/** Throws `UserError` (`train.…`), `CancelledError` when `signal` fired; the checkpoint stays then. */
export async function* trainStyle(options: StyleTrainingOptions): AsyncGenerator<TrainingEvent> {
  const { base, recipe, size, seed, checkpoint, saveEvery, rounds = 1, nowMs, text = NO_TEXT } = options;
  const targets = unetLoraTargets(base.unet.config).filter(recipe.learns);
  const step = styleStepGraph(options, targets, await tokensOf(base));
  const { pieces } = await planForDevice(step, options, base.device);
  const encodeCaption = async (caption: string): Promise<TrainingRow> =>
    learnsText(text) ? textRow(base, text, caption, size) : conditioningRow(await base.encoders.prompt(caption), size);
  const encoded = options.latents === undefined ? yield* encode(options, encodeCaption) : [];
  const empty = await encodeCaption('');
  const beginnings = await wordBeginnings(base, text);
  if (options.latents === undefined) {
    await base.release();
  }
  const { startup, threads } = options;
  const sinusoids = sinusoidsOf(base.unet.config);
  const trainer = await Trainer.open({
    step,
    pieces,
    seed,
    startup,
    device: base.device,
    sinusoids: { timestep: sinusoids.timestep, time_ids: sinusoids.timeIds },
    ...(threads !== undefined && { threads }),
    maxGradientNorm: recipe.maxGradientNorm,
    averageDecay: recipe.averageDecay,
    betas: recipe.betas,
    weightDecay: recipe.weightDecay,
    beginnings,
    shareOf: (name) => shareOf(recipe, name),
  });
  try {
    const run = runOf(options, encoded);
    const done = await resumeCheckpoint(checkpoint, trainer, run);
    const examples =
      options.latents === undefined
        ? encoded.flatMap((each) => each.examples)
        : encodedBefore(options.latents, encodeCaption);
    const pictures = options.latents?.rows.length ?? options.pictures.length;
    const rows = new StyleRows({ examples, empty, recipe, schedule: new NoiseSchedule(base.scheduler), seed });
    const steps = stepsOf(recipe, rounds);
    const progress = new Progress(steps, 'train with other pictures or another seed');
    let keptAt = nowMs();
    for (let at = done + 1; at <= steps; at++) {
      const startedAt = nowMs();
      const result = await keptOnCancel(
        async () =>
          trainer.update(await rows.batch(at), { step: at, rate: rateInRounds(recipe, at) }, () =>
            waitForTurn(options),
          ),
        () => saveCheckpoint(checkpoint, trainer, run, at - 1),
      );
      yield progress.step(at, result.loss, nowMs() - startedAt);
      if (at % saveEvery === 0 || at === steps) {
        await saveCheckpoint(checkpoint, trainer, run, at);
        await writeLearnt(options, trainer, { steps, pictures });
        yield { kind: 'saved', step: at, steps, rank: recipe.rank, file: options.out };
        keptAt = nowMs();
      } else if (nowMs() - keptAt >= (options.checkpointEveryMs ?? Number.POSITIVE_INFINITY)) {
        await saveCheckpoint(checkpoint, trainer, run, at);
        keptAt = nowMs();
      }
    }
    if (done >= steps) {
      await writeLearnt(options, trainer, { steps, pictures });
      yield { kind: 'saved', step: done, steps, rank: recipe.rank, file: options.out };
    }
    if (options.keepsCheckpoint !== true) {
      await forgetCheckpoint(checkpoint);
    }
  } finally {
    await trainer.release();
  }
}

const NO_TEXT: TextLearning = { matrices: false };

async function tokensOf({ encoders, unet }: BaseModel): Promise<number> {
  return (await encoders.prompt('')).tokens.length / unet.config.contextFeatures;
}

function styleStepGraph(
  { base, recipe, size, text = NO_TEXT }: StyleTrainingOptions,
  targets: readonly Layer[],
  tokens: number,
): StepGraph {
  const { unet, lowering, textLowering, pixelsPerLatent } = base;
  return buildStepGraph({
    unet: { ...unet, targets },
    text: textParts(base, text),
    lengths: {
      rows: recipe.rowsPerCall,
      height: size.height / pixelsPerLatent,
      width: size.width / pixelsPerLatent,
      tokens,
      rank: recipe.rank,
    },
    loss: recipe.loss,
    lowering,
    textLowering,
  });
}

type Encoded = EncodedPicture<TrainingRow>;

async function* encode(
  options: StyleTrainingOptions,
  encodeCaption: (caption: string) => Promise<TrainingRow>,
): AsyncGenerator<TrainingEvent, readonly Encoded[]> {
  const { pictures, size, seed, recipe, base } = options;
  const encoded: Encoded[] = [];
  const encodeOne: Encoders['picture'] = async (picture) => {
    await waitForTurn(options);
    return base.encoders.picture(picture);
  };
  for (const [k, picture] of pictures.entries()) {
    const generator = streamOf(seed, 'variants', k);
    const { variantsPerPicture } = recipe;
    const how = { size, variantsPerPicture, generator, encodePicture: encodeOne, encodeCaption };
    encoded.push(await encodePicture(picture, how));
    yield { kind: 'encoded', pictures: k + 1, of: pictures.length };
  }
  return encoded;
}

/** Names everything that the numbers of a run follow from. */
function runOf(
  { base, recipe, size, seed, notes, latents, text = NO_TEXT }: StyleTrainingOptions,
  encoded: readonly Encoded[],
): string {
  const digests = latents === undefined ? encoded.map(({ digest }) => digest) : [latents.digest];
  const modules = unetLoraTargets(base.unet.config).filter(recipe.learns);
  return createHash('sha256')
    .update(JSON.stringify([recipe, modules, text, size, seed, notes.baseHash, digests]))
    .digest('hex');
}
