/**
 * A model's own LCM-LoRA: the base is the teacher, its matrices' slow copy the target, as events that whoever drives this
 * takes one by one (algorithm 1 of arXiv 2311.05556, with skipping steps and guidance as in 2310.04378). Goes on where
 * an earlier run was cut off.
 */
import { createHash } from 'node:crypto';

import type { Conditioning } from '../engine/model/denoiser.ts';
import { unetLoraTargets } from '../engine/nets/index.ts';
import { forgetCheckpoint, keptOnCancel, resumeCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { consistent, guidedStep, studentError } from './consistency.ts';
import { encodedBefore, ExampleOrder, type Example } from './dataset.ts';
import { planForDevice } from './device-rate.ts';
import type { DistillationRecipe } from './distillation-recipe.ts';
import { ForwardNet, type ForwardRow } from './forward-net.ts';
import { MovingAverage } from './moving-average.ts';
import { NoiseSchedule } from './noising.ts';
import { drawOwn, ownPrompts } from './own-pictures.ts';
import { streamOf } from './random.ts';
import { buildStepGraph } from './step-graph.ts';
import { rateAt } from './style-recipe.ts';
import { conditioningRow } from './style-rows.ts';
import type { StyleTrainingOptions } from './style-training.ts';
import { Trainer, type TrainingRow } from './trainer.ts';
import { Progress, waitForTurn, writeLearnt, type TrainingEvent } from './training-run.ts';

export type DistillationOptions = Omit<StyleTrainingOptions, 'recipe' | 'pictures' | 'text'> & {
  readonly recipe: DistillationRecipe;
};

/** Throws `UserError` (`train.…`), `CancelledError` when `signal` fired; the checkpoint stays then. */
export async function* distill(options: DistillationOptions): AsyncGenerator<TrainingEvent> {
  const { base, recipe, size, seed, checkpoint, saveEvery, startup, threads, nowMs } = options;
  const { unet, lowering, pixelsPerLatent } = base;
  const targets = unetLoraTargets(unet.config).filter(recipe.learns);
  const empty = await base.encoders.prompt('');
  const lengths = {
    rows: recipe.rowsPerCall,
    height: size.height / pixelsPerLatent,
    width: size.width / pixelsPerLatent,
    tokens: empty.tokens.length / unet.config.contextFeatures,
    rank: recipe.rank,
  };
  const step = buildStepGraph({ unet: { ...unet, targets }, text: [], lengths, loss: recipe.loss, lowering });
  const { pieces } = await planForDevice(step, options);
  const prompts: Conditioning[] = [];
  for (const prompt of options.latents === undefined ? ownPrompts(recipe.pictures) : []) {
    prompts.push(await base.encoders.prompt(prompt));
  }
  if (options.latents === undefined) {
    await base.release();
  }
  const opened = { startup, ...(threads !== undefined && { threads }) };
  const teacher = await ForwardNet.open({ base, targets: [], lengths, ...opened });
  const schedule = new NoiseSchedule(base.scheduler);
  try {
    const examples =
      options.latents === undefined
        ? yield* ownExamples(options, { teacher, schedule, prompts, empty })
        : encodedBefore(options.latents, (caption) => base.encoders.prompt(caption));
    const target = await ForwardNet.open({ base, targets, lengths, ...opened });
    const trainer = await Trainer.open({ step, pieces, seed, ...opened, ...recipe });
    try {
      const slow = new MovingAverage(recipe.targetDecay, { isWarm: true });
      const run = runOf(options);
      const done = await resumeCheckpoint(checkpoint, trainer, run, slow);
      const rows = new Rows({ options, schedule, examples, empty, teacher, target, trainer, slow });
      const progress = new Progress(recipe.steps, 'distil with another seed');
      for (let at = done + 1; at <= recipe.steps; at++) {
        const startedAt = nowMs();
        const result = await keptOnCancel(
          async () =>
            trainer.update(await rows.batch(at), { step: at, rate: rateAt(recipe, at) }, () => waitForTurn(options)),
          () => saveCheckpoint(checkpoint, trainer, run, at - 1, slow),
        );
        for (const { name, values } of trainer.parameters) {
          slow.update(name, values, at);
        }
        yield progress.step(at, result.loss, nowMs() - startedAt);
        if (at % saveEvery === 0 || at === recipe.steps) {
          await saveCheckpoint(checkpoint, trainer, run, at, slow);
          await writeLearnt(options, trainer, recipe);
          yield { kind: 'saved', step: at, steps: recipe.steps, rank: recipe.rank, file: options.out };
        }
      }
      await forgetCheckpoint(checkpoint);
    } finally {
      await trainer.release();
      await target.release();
    }
  } finally {
    await teacher.release();
  }
}

type Teaching = {
  readonly teacher: ForwardNet;
  readonly schedule: NoiseSchedule;
  readonly prompts: readonly Conditioning[];
  readonly empty: Conditioning;
};

async function* ownExamples(
  options: DistillationOptions,
  { prompts, ...teaching }: Teaching,
): AsyncGenerator<TrainingEvent, readonly Example<Conditioning>[]> {
  const { recipe, size, seed, base } = options;
  const { rowsPerCall: atOnce, pictureSteps: steps, guidance } = recipe;
  const area = (size.width * size.height) / base.pixelsPerLatent ** 2;
  const length = base.unet.config.inChannels * area;
  const examples: Example<Conditioning>[] = [];
  for (let at = 0; at < prompts.length; at += atOnce) {
    const between = (): Promise<void> => waitForTurn(options);
    const own = { ...teaching, size, length, steps, guidance: guidance[0], seed, between };
    examples.push(...(await drawOwn({ ...own, prompts: prompts.slice(at, at + atOnce) }, at)));
    yield { kind: 'encoded', pictures: examples.length, of: prompts.length };
  }
  return examples;
}

type RowsOptions = Omit<Teaching, 'prompts'> & {
  readonly options: DistillationOptions;
  readonly examples: readonly Example<Conditioning>[];
  readonly target: ForwardNet;
  readonly trainer: Trainer;
  readonly slow: MovingAverage;
};

/** A row noised to where the teacher begins. */
type Drawn = {
  readonly x: Float32Array;
  readonly from: number;
  readonly to: number;
  readonly guidance: number;
  readonly conditioning: Conditioning;
};

/** The rows of each step: noised pictures, where the teacher goes from there, and what the slow copy says of that. */
class Rows {
  readonly #given: RowsOptions;
  readonly #order: ExampleOrder<Conditioning>;

  constructor(given: RowsOptions) {
    this.#given = given;
    this.#order = new ExampleOrder(given.examples, given.options.seed);
  }

  async batch(step: number): Promise<readonly TrainingRow[]> {
    const { options, schedule, empty, teacher, target, trainer, slow } = this.#given;
    const { recipe, size, seed, base } = options;
    const { timestepScaling } = base.scheduler;
    const stride = schedule.timesteps / recipe.teacherSteps;
    const generator = streamOf(seed, 'rows', step);
    const [least, greatest] = recipe.guidance;
    // 1. Noise pictures to one of the teacher's timesteps.
    const drawn: Drawn[] = [];
    for (let k = 0; k < recipe.batch; k++) {
      const { latents, words } = this.#order.at((step - 1) * recipe.batch + k);
      const [when = 0, how = 0] = generator.rand(2);
      const from = Math.round((Math.floor(when * recipe.teacherSteps) + 1) * stride) - 1;
      const clean = latents(generator);
      const { noisy } = schedule.noised(clean, generator.randn(clean.length), from);
      const guidance = least + how * (greatest - least);
      const conditioning = await words(generator);
      drawn.push({ x: noisy, from, to: Math.max(0, Math.round(from - stride)), guidance, conditioning });
    }
    // 2. One guided step of the teacher.
    const row = (x: Float32Array, timestep: number, conditioning: Conditioning): ForwardRow => ({
      sample: x,
      timestep: Float32Array.of(timestep),
      ...conditioningRow(conditioning, size),
    });
    const wait = (): Promise<void> => waitForTurn(options);
    const asked = [
      ...drawn.map(({ x, from, conditioning }) => row(x, from, conditioning)),
      ...drawn.map(({ x, from }) => row(x, from, empty)),
    ];
    const predictions = await teacher.predict(asked, [], wait);
    const ends = drawn.map((each, k) => {
      const [conditional, unconditional] = [predictions[k], predictions[recipe.batch + k]];
      if (conditional === undefined || unconditional === undefined) {
        throw new Error('Expected a prediction for each row.');
      }
      return guidedStep(schedule, { ...each, conditional, unconditional });
    });
    // 3. What the slow copy says there is what the student should say here.
    const matrices = trainer.parameters.map((each) => ({ ...each, values: slow.of(each.name, each.values) }));
    const later = drawn.map(({ to, conditioning }, k) => row(ends[k] ?? new Float32Array(), to, conditioning));
    const answers = await target.predict(later, matrices, wait);
    return drawn.map(({ x, from, to, conditioning }, k) => {
      const [end, answer] = [ends[k], answers[k]];
      if (end === undefined || answer === undefined) {
        throw new Error('Expected an answer for each row.');
      }
      const goal = consistent(schedule, { x: end, timestep: to, timestepScaling }, answer);
      const { factor, offset } = studentError(schedule, { x, timestep: from, timestepScaling }, goal);
      return {
        ...row(x, from, conditioning),
        factor: Float32Array.of(factor),
        offset,
        weight: Float32Array.of(1),
      };
    });
  }
}

function runOf({ base, recipe, size, seed, notes, latents }: DistillationOptions): string {
  const modules = unetLoraTargets(base.unet.config).filter(recipe.learns);
  return createHash('sha256')
    .update(JSON.stringify([recipe, modules, size, seed, notes.baseHash, latents?.digest]))
    .digest('hex');
}
