/**
 * How a style is learnt, by the size of the model: which layers, how fast, for how long. Data alone.
 *
 * Small models (moji) take a high rate and the convolutions of the last blocks too, which is where colour and line are
 * made; the large ones take what kohya and diffusers take as usual: the transformers' matrices at 1e-4.
 */
import type { Layer } from '../engine/nets/index.ts';
import type { Loss } from './step-graph.ts';

export type StyleRecipe = {
  readonly rank: number;
  readonly steps: number;
  readonly batch: number;
  /** Rows of one call of the device; more would not fit, or keep others waiting. */
  readonly rowsPerCall: number;
  readonly rate: number;
  /** Of it, for matrices of text encoders and for a new word's vectors, where they learn. */
  readonly textShare: number;
  readonly wordShare: number;
  readonly warmUpSteps: number;
  /** Share of the steps, at the end, over which the rate falls to nearly nothing. */
  readonly coolDown: number;
  readonly fall: 'linear' | 'cosine';
  readonly weightDecay: number;
  readonly betas: readonly [number, number];
  readonly maxGradientNorm: number;
  readonly averageDecay: number;
  readonly variantsPerPicture: number;
  /** Share of rows that see no words, so that guidance keeps working. */
  readonly emptyShare: number;
  readonly loss: Loss;
  readonly minSnrGamma: number;
  /** On top of what min-SNR says, for every row. */
  readonly leastWeight: number;
  /** Timesteps are ⌊u^lean · T⌋: below 1 more of the noisy ones, where colours and shapes are decided. */
  readonly lean: number;
  readonly learns: (layer: Layer) => boolean;
  /**
   * Of what learns, what goes into the file; default: all of it. How lines and tones are laid is decided late in a net, what
   * is to be seen early: without its early part a style leaves things their shapes.
   */
  readonly keeps?: (module: string) => boolean;
  /** What the file's changes are multiplied by, so that weight 1 is the usual one; default: 1. */
  readonly strength?: number;
};

const COMMON = {
  rank: 8,
  warmUpSteps: 20,
  coolDown: 0.25,
  fall: 'linear',
  weightDecay: 0,
  maxGradientNorm: 1,
  averageDecay: 0.99,
  emptyShare: 0.1,
  loss: { kind: 'squared' },
  minSnrGamma: 5,
} as const;

const SMALL: StyleRecipe = {
  ...COMMON,
  steps: 300,
  batch: 8,
  rowsPerCall: 8,
  rate: 1.5e-3,
  textShare: 0.3,
  wordShare: 2,
  betas: [0.9, 0.99],
  variantsPerPicture: 12,
  leastWeight: 0.5,
  lean: 0.75,
  learns: ({ module }) => /^up_blocks\.[12]\./.test(module),
};

const LARGE: StyleRecipe = {
  ...COMMON,
  steps: 500,
  batch: 1,
  rowsPerCall: 1,
  rate: 1e-4,
  // As in kohya's and diffusers' recipes: 5e-5 for text encoders, 5e-4 for a word.
  textShare: 0.5,
  wordShare: 5,
  betas: [0.9, 0.999],
  variantsPerPicture: 4,
  leastWeight: 0,
  lean: 1,
  learns: ({ module, kind }) => kind === 'linear' && module.includes('.attentions.'),
};

/** Channels of the widest level up to which a UNet counts as small. */
const SMALL_CHANNELS = 256;

type Widths = { readonly down: readonly { readonly channels: number }[] };

export function isSmall({ down }: Widths): boolean {
  return Math.max(...down.map(({ channels }) => channels)) <= SMALL_CHANNELS;
}

export function styleRecipe(unet: Widths): StyleRecipe {
  return isSmall(unet) ? SMALL : LARGE;
}

/** A parameter's share of the rate, by its name in the training step. */
export function shareOf({ textShare, wordShare }: Pick<StyleRecipe, 'textShare' | 'wordShare'>, name: string): number {
  if (name.endsWith('.new_tokens')) {
    return wordShare;
  }
  return name.startsWith('text_encoder') ? textShare : 1;
}

/** A round after the first goes on for this share of the first one's steps. */
const FURTHER = 0.5;

/** Steps of so many rounds, one after another. */
export function stepsOf({ steps }: Pick<StyleRecipe, 'steps'>, rounds: number): number {
  return steps + (rounds - 1) * Math.max(1, Math.round(steps * FURTHER));
}

/** The rate of a step that counts from the first of all rounds: each rises and falls anew. */
export function rateInRounds(recipe: Parameters<typeof rateAt>[0], step: number): number {
  const further = stepsOf(recipe, 2) - recipe.steps;
  return step <= recipe.steps
    ? rateAt(recipe, step)
    : rateAt({ ...recipe, steps: further }, ((step - recipe.steps - 1) % further) + 1);
}

type Rates = Pick<StyleRecipe, 'rate' | 'warmUpSteps' | 'coolDown' | 'fall' | 'steps'>;

/** Of the rate, at the end. */
const FLOOR = 0.02;

/** Linear from nothing in the warm-up, level, then falling; `step` counts from 1. */
export function rateAt(recipe: Rates, step: number): number {
  const { rate, warmUpSteps, coolDown, fall, steps } = recipe;
  const rising = Math.min(1, step / warmUpSteps);
  const left = 1 - (step - 1) / steps;
  const level = Math.min(1, left / coolDown);
  return fall === 'linear'
    ? rate * rising * Math.min(1, left / coolDown + FLOOR)
    : rate * rising * (FLOOR + (1 - FLOOR) * (0.5 - 0.5 * Math.cos(Math.PI * level)));
}
