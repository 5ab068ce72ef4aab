/**
 * What is asked of the engine, fully determined: the same request gives the same picture on any day.
 *
 * A request is plain data: it is saved with its job, crosses process boundaries, and with one field changed it is the
 * next job (reroll: the seed, remix: the prompt, vary: the init). Its type is what its schema reads. It is a recipe for
 * ever, so it has a version: what an older one lacks means what it meant then (`stored-request.ts`). It refuses to know
 * who asked and where.
 */

import { z } from 'zod';

import type { Parsed } from './parsed.ts';
import { RECIPE_NAMES } from './recipes.ts';
import { LAST_STEPS, SCHEDULER_NAMES, SPREADS } from './sampling.ts';

export const REQUEST_VERSION = 2;

export const PRECISIONS = ['fp32', 'int8'] as const;
export const DECODERS = ['full', 'tiny'] as const;
export const PROMPT_GRAMMARS = ['plain', 'weighted'] as const;

/** What a model or a base was when something was made for it: hashes of its nets and of what else it draws with (fingerprint.ts). */
export type Fingerprint = string;

/** SHA-256 of a file's bytes in hexadecimal; undefined where it was not known when the request was made. */
const sha256 = z.string().optional();
const wholeOrZero = z.int().nonnegative();
const positive = z.int().positive();

/** A style: a LoRA file at a weight, λ_style of the paper. */
const styleUse = z.object({
  /** The preset's id, or the file's own name where no preset is meant; shown to people. */
  id: z.string(),
  /** Absolute path of a `.safetensors` file. */
  file: z.string(),
  weight: z.number(),
  sha256,
  /** Fingerprint of the model that the style was made for. */
  base: z.string().optional(),
});
export type StyleUse = Parsed<typeof styleUse>;

/** A textual inversion, used by its word in the prompts. `file` is absolute. */
const embeddingUse = z.object({ word: z.string(), file: z.string(), sha256 });
export type EmbeddingUse = Parsed<typeof embeddingUse>;

/** A picture to start from: a file that stays (the store keeps such pictures under their hash); 0 < strength ≤ 1: how much of it is drawn anew. */
const initImage = z.object({ file: z.string(), strength: z.number(), sha256 });
export type InitImage = Parsed<typeof initImage>;

/** What of the init picture is drawn anew: white is, black stays. */
const mask = z.object({ file: z.string(), sha256 });
export type Mask = Parsed<typeof mask>;

/** The acceleration LoRA merged into the model: the model's own (what its operator chose), none, or a file of the caller's. */
const accelerator = z.discriminatedUnion('kind', [
  /** Without an id, as requests were before there were several: the one stepped as LCM, else the first. */
  z.object({ kind: z.literal('model'), id: z.string().optional() }),
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('file'), file: z.string(), weight: z.number().optional(), sha256 }),
]);
export type Accelerator = Parsed<typeof accelerator>;

/** How the picture is stepped, and the guidance scale that is used where it is another than the one asked for. */
const usedRecipe = z.object({
  /** Where it is stepped as an accelerator's publisher says. */
  name: z.enum(RECIPE_NAMES).optional(),
  scheduler: z.enum(SCHEDULER_NAMES),
  grid: z.union([z.enum(SPREADS), z.array(z.number().nonnegative())]).optional(),
  eta: z.number().optional(),
  lastStep: z.enum(LAST_STEPS).optional(),
  guidance: z.number().optional(),
});
export type UsedRecipe = Parsed<typeof usedRecipe>;

export const requestFields = z.object({
  version: z.literal(REQUEST_VERSION),
  prompt: z.string(),
  /** Counts only where `guidance` > 1. */
  negative: z.string(),
  /** What brackets and colons in the prompts mean: nothing, or weights. */
  promptGrammar: z.enum(PROMPT_GRAMMARS),
  embeddings: z.array(embeddingUse),
  /** A catalog id, or the absolute path of a diffusers folder or single-file checkpoint. */
  model: z.string(),
  /** Of that model on the day of asking; undefined: unknown. */
  fingerprint: z.string().optional(),
  accelerator,
  recipe: usedRecipe,
  /** `fp32`: the weights as they are (a GPU may compute in fp16); `int8`: quantised. */
  precision: z.enum(PRECISIONS),
  /** `full`: the model's own autoencoder; `tiny`: its small stand-in. */
  decoder: z.enum(DECODERS),
  /** Another VAE (folder or file) instead of the model's. */
  vae: z.string().optional(),
  styles: z.array(styleUse),
  /** 0 … 2^53-1; picture k of `count` is drawn with seed + index + k. */
  seed: wholeOrZero,
  /** The first picture's number in its series: 2 draws the third alone where `count` is 1. */
  index: wholeOrZero,
  count: positive,
  steps: positive,
  /** 1: the UNet runs once a step and the negative prompt has no effect. */
  guidance: z.number(),
  /** Pixels, multiples of 8. */
  width: positive,
  height: positive,
  init: initImage.optional(),
  /**
   * Noise of another seed mixed into the picture's own by spherical interpolation, 0 (the picture itself) … 1 (the other
   * seed's). All of `count` are variations of the one picture of `seed` and `index`; picture k mixes in the noise of this
   * seed + k.
   */
  variation: z.object({ seed: wholeOrZero, amount: z.number() }).optional(),
  mask: mask.optional(),
  /** Pixels added at each side of the init picture. */
  extend: z.object({ left: wholeOrZero, top: wholeOrZero, right: wholeOrZero, bottom: wholeOrZero }).optional(),
  /** The picture has a transparent ground. */
  alpha: z.boolean(),
});

/** JSON drops what is undefined; a request has those fields all the same. */
export const UNSAID = {
  fingerprint: undefined,
  vae: undefined,
  init: undefined,
  variation: undefined,
  mask: undefined,
  extend: undefined,
} as const satisfies Partial<z.output<typeof requestFields>>;

export const generationRequest = requestFields.transform((said) => ({ ...UNSAID, ...said }));
export type GenerationRequest = Parsed<typeof generationRequest>;

/** A picture made larger by the model's super-resolution net. */
export const upscaleRequest = z.object({
  /** A catalog id: whose upscaler is used. */
  model: z.string(),
  /** Absolute path of the picture. */
  file: z.string(),
  scale: z.literal([2, 4]),
});
export type UpscaleRequest = Parsed<typeof upscaleRequest>;

/** The request that draws picture k of `count` alone. */
export function requestOfPicture(request: GenerationRequest, k: number): GenerationRequest {
  const { variation, index } = request;
  return variation === undefined
    ? { ...request, index: index + k, count: 1 }
    : { ...request, variation: { ...variation, seed: variation.seed + k }, count: 1 };
}

/** Files of the pictures that it starts from: the picture itself and its mask. */
export function startFiles({ init, mask }: Pick<GenerationRequest, 'init' | 'mask'>): readonly string[] {
  return [init, mask].flatMap((start) => start?.file ?? []);
}
