/**
 * What is asked of the engine, fully determined: the same request gives the same picture on any day.
 *
 * A request is plain data: it is saved with its job, crosses process boundaries, and with one field changed it is the
 * next job (reroll: the seed, remix: the prompt, vary: the init). It is a recipe for ever, so it has a version: what an
 * older one lacks means what it meant then (`request-schema.ts`). It refuses to know who asked and where.
 */

import type { RecipeName } from './recipes.ts';
import type { Sampling } from './sampling.ts';

export const REQUEST_VERSION = 2;

export const PRECISIONS = ['fp32', 'int8'] as const;
export const DECODERS = ['full', 'tiny'] as const;
export const PROMPT_GRAMMARS = ['plain', 'weighted'] as const;

/** SHA-256 of a file's bytes in hexadecimal; undefined where it was not known when the request was made. */
type Sha256 = string | undefined;

/** What a model or a base was when something was made for it: a hash over its tensors' names, shapes and files. */
export type Fingerprint = string;

/** A style: a LoRA file at a weight, λ_style of the paper. */
export type StyleUse = {
  /** The preset's id, or the file's own name where no preset is meant; shown to people. */
  readonly id: string;
  /** Absolute path of a `.safetensors` file. */
  readonly file: string;
  readonly weight: number;
  readonly sha256?: Sha256;
  /** Of the model that the style was made for. */
  readonly base?: Fingerprint | undefined;
};

/** A textual inversion, used by its word in the prompts. */
export type EmbeddingUse = {
  readonly word: string;
  /** Absolute path. */
  readonly file: string;
  readonly sha256?: Sha256;
};

/** A picture to start from. */
export type InitImage = {
  /** Absolute path of a file that stays: the store keeps such pictures under their hash. */
  readonly file: string;
  /** 0 < strength ≤ 1: how much of it is drawn anew. */
  readonly strength: number;
  readonly sha256?: Sha256;
};

/** The acceleration LoRA merged into the model: the model's own (what its operator chose), none, or a file of the caller's. */
export type Accelerator =
  /** Without an id, as requests were before there were several: the one stepped as LCM, else the first. */
  | { readonly kind: 'model'; readonly id?: string | undefined }
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly file: string; readonly weight?: number | undefined; readonly sha256?: Sha256 };

/** How the picture is stepped, and the guidance scale that is used where it is another than the one asked for. */
export type UsedRecipe = Sampling & {
  /** Where it is stepped as an accelerator's publisher says. */
  readonly name?: RecipeName | undefined;
  readonly guidance?: number | undefined;
};

/**
 * Noise of another seed mixed into the picture's own by spherical interpolation. All of `count` are variations of the one
 * picture of `seed` and `index`; picture k mixes in the noise of this seed + k.
 */
export type Variation = {
  readonly seed: number;
  /** 0 … 1: 0 is the picture itself, 1 the other seed's. */
  readonly amount: number;
};

/** What of the init picture is drawn anew: white is, black stays. */
export type Mask = { readonly file: string; readonly sha256?: Sha256 };

/** Pixels added at each side of the init picture. */
export type Extend = {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
};

export type GenerationRequest = {
  readonly version: typeof REQUEST_VERSION;
  readonly prompt: string;
  /** Counts only where `guidance` > 1. */
  readonly negative: string;
  /** What brackets and colons in the prompts mean: nothing, or weights. */
  readonly promptGrammar: (typeof PROMPT_GRAMMARS)[number];
  readonly embeddings: readonly EmbeddingUse[];
  /** A catalog id, or the absolute path of a diffusers folder or single-file checkpoint. */
  readonly model: string;
  /** Of that model on the day of asking; undefined: unknown. */
  readonly fingerprint: Fingerprint | undefined;
  readonly accelerator: Accelerator;
  readonly recipe: UsedRecipe;
  /** `fp32`: the weights as they are (a GPU may compute in fp16); `int8`: quantised. */
  readonly precision: (typeof PRECISIONS)[number];
  /** `full`: the model's own autoencoder; `tiny`: its small stand-in. */
  readonly decoder: (typeof DECODERS)[number];
  /** Another VAE (folder or file) instead of the model's. */
  readonly vae: string | undefined;
  readonly styles: readonly StyleUse[];
  /** 0 … 2^53-1; picture k of `count` is drawn with seed + index + k. */
  readonly seed: number;
  /** The first picture's number in its series: 2 draws the third alone where `count` is 1. */
  readonly index: number;
  readonly count: number;
  readonly steps: number;
  /** 1: the UNet runs once a step and the negative prompt has no effect. */
  readonly guidance: number;
  /** Pixels, multiples of 8. */
  readonly width: number;
  readonly height: number;
  readonly init: InitImage | undefined;
  readonly variation: Variation | undefined;
  readonly mask: Mask | undefined;
  readonly extend: Extend | undefined;
  /** The picture has a transparent ground. */
  readonly alpha: boolean;
};

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

/** A picture made larger by the model's super-resolution net. */
export type UpscaleRequest = {
  /** A catalog id: whose upscaler is used. */
  readonly model: string;
  /** Absolute path of the picture. */
  readonly file: string;
  readonly scale: 2 | 4;
};
