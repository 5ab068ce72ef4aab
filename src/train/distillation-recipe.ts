/** How a model's own LCM-LoRA is learnt (arXiv 2311.05556, section 4), by the size of the model. Data alone. */
import type { Layer } from '../engine/nets/index.ts';
import { isSmall, type StyleRecipe } from './style-recipe.ts';
import type { Loss } from './step-graph.ts';

export type DistillationRecipe = {
  readonly rank: number;
  readonly steps: number;
  readonly batch: number;
  readonly rowsPerCall: number;
  readonly rate: number;
  readonly warmUpSteps: number;
  readonly coolDown: number;
  readonly fall: StyleRecipe['fall'];
  readonly betas: readonly [number, number];
  readonly weightDecay: number;
  readonly maxGradientNorm: number;
  readonly averageDecay: number;
  /** Of the slow copy whose answers are the targets. */
  readonly targetDecay: number;
  /** The teacher's DDIM has so many steps; the student learns to skip from one of them to the next. */
  readonly teacherSteps: number;
  /** Least and greatest guidance, drawn for each row. */
  readonly guidance: readonly [number, number];
  readonly loss: Loss;
  /** Pictures that the model draws for itself to learn from, and the steps each takes. */
  readonly pictures: number;
  readonly pictureSteps: number;
  readonly learns: (layer: Layer) => boolean;
};

const COMMON = {
  warmUpSteps: 20,
  coolDown: 0.25,
  fall: 'linear',
  betas: [0.9, 0.99],
  weightDecay: 0,
  maxGradientNorm: 1,
  averageDecay: 0.99,
  targetDecay: 0.95,
  teacherSteps: 50,
  loss: { kind: 'pseudo-huber', c: 0.001 },
  learns: ({ module }: Layer) => !/^(time_embedding|add_embedding|conv_in|conv_out)/.test(module),
} as const;

const SMALL: DistillationRecipe = {
  ...COMMON,
  rank: 32,
  steps: 400,
  batch: 8,
  rowsPerCall: 8,
  rate: 6e-4,
  guidance: [1.5, 2.5],
  pictures: 128,
  pictureSteps: 20,
};

const LARGE: DistillationRecipe = {
  ...COMMON,
  rank: 64,
  steps: 1000,
  batch: 4,
  rowsPerCall: 1,
  rate: 1e-4,
  guidance: [3, 13],
  pictures: 64,
  pictureSteps: 25,
};

export function distillationRecipe(unet: Parameters<typeof isSmall>[0]): DistillationRecipe {
  return isSmall(unet) ? SMALL : LARGE;
}
