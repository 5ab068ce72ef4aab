/**
 * The rows of each step of a style's training: which pictures, how noisy, with or without words, and what the UNet should
 * say to them. All of it follows from the seed and the step's number. Knows no session.
 */
import type { Conditioning } from '../engine/model/denoiser.ts';
import { ExampleOrder, type Example } from './dataset.ts';
import type { ForwardRow } from './forward-net.ts';
import type { NoiseSchedule } from './noising.ts';
import { streamOf } from './random.ts';
import type { StyleRecipe } from './style-recipe.ts';
import type { TrainingRow } from './trainer.ts';

export type StyleRowsOptions = {
  readonly examples: readonly Example<TrainingRow>[];
  /** Of no words. */
  readonly empty: TrainingRow;
  readonly recipe: Pick<StyleRecipe, 'batch' | 'emptyShare' | 'minSnrGamma' | 'leastWeight' | 'lean'>;
  readonly schedule: NoiseSchedule;
  readonly seed: number;
};

export class StyleRows {
  readonly #options: StyleRowsOptions;
  readonly #order: ExampleOrder<TrainingRow>;

  constructor(options: StyleRowsOptions) {
    this.#options = options;
    this.#order = new ExampleOrder(options.examples, options.seed);
  }

  /** `step` counts from 1. */
  async batch(step: number): Promise<readonly TrainingRow[]> {
    const { recipe, schedule, empty, seed } = this.#options;
    const generator = streamOf(seed, 'rows', step);
    const rows: TrainingRow[] = [];
    for (let k = 0; k < recipe.batch; k++) {
      const example = this.#order.at((step - 1) * recipe.batch + k);
      const [when = 0, isEmpty = 0] = generator.rand(2);
      // One timestep out of each equal part of them: a batch sees all degrees of noise.
      const share = ((k + when) / recipe.batch) ** recipe.lean;
      const timestep = Math.min(Math.floor(share * schedule.timesteps), schedule.timesteps - 1);
      const latents = example.latents(generator);
      const { noisy, target } = schedule.noised(latents, generator.randn(latents.length), timestep);
      const words = isEmpty < recipe.emptyShare ? empty : await example.words(generator);
      rows.push({
        sample: noisy,
        timestep: Float32Array.of(timestep),
        factor: Float32Array.of(1),
        offset: target.map((value) => -value),
        weight: Float32Array.of(schedule.minSnrWeight(timestep, recipe.minSnrGamma) + recipe.leastWeight),
        ...words,
      });
    }
    return rows;
  }
}

type Size = { readonly width: number; readonly height: number };

/** A prompt as the UNet's inputs. */
export function conditioningRow({ tokens, pooled }: Conditioning, size: Size): ForwardRow {
  return { encoder_hidden_states: tokens, ...(pooled !== undefined && { text_embeds: pooled, ...timeIdsRow(size) }) };
}

/** SDXL is told that the picture is whole and of its size. */
export function timeIdsRow({ width, height }: Size): ForwardRow {
  return { time_ids: Float32Array.of(height, width, 0, 0, height, width) };
}
