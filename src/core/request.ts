/**
 * What is asked of the engine, fully determined: the same request gives the same picture on any day.
 *
 * A request is plain data: it is saved with its job, crosses process boundaries, and with one field changed it is the
 * next job (reroll: the seed, remix: the prompt, vary: the init). It refuses to know who asked and where.
 */

export const SCHEDULER_NAMES = ['lcm', 'ddim', 'dpm++', 'euler', 'tcd'] as const;
export type SchedulerName = (typeof SCHEDULER_NAMES)[number];

/** A LoRA file at a weight: λ_style of the paper. */
export type LoraUse = {
  /** The preset's id, or the file's own name where no preset is meant; shown to people. */
  readonly id: string;
  /** Absolute path of a `.safetensors` file. */
  readonly file: string;
  readonly weight: number;
};

/** A picture to start from. */
export type InitImage = {
  /** Absolute path of a file that stays: the store keeps such pictures under their hash. */
  readonly file: string;
  /** 0 < strength ≤ 1: how much of it is drawn anew. */
  readonly strength: number;
};

export type GenerationRequest = {
  readonly prompt: string;
  /** Counts only where `guidance` > 1. */
  readonly negative: string;
  /** A catalog id, or the absolute path of a diffusers folder or single-file checkpoint. */
  readonly model: string;
  /** The acceleration LoRA merged into the model: the model's own, none, or a file of the caller's. */
  readonly lcmLora:
    | { readonly kind: 'model' }
    | { readonly kind: 'none' }
    | { readonly kind: 'file'; readonly file: string };
  /** Another VAE (folder or file) instead of the model's. */
  readonly vae: string | undefined;
  readonly loras: readonly LoraUse[];
  /** 0 … 2^53-1; picture k of `count` is drawn with seed + k. */
  readonly seed: number;
  readonly count: number;
  readonly steps: number;
  /** 1: the UNet runs once a step and the negative prompt has no effect. */
  readonly guidance: number;
  /** Pixels, multiples of 8. */
  readonly width: number;
  readonly height: number;
  readonly scheduler: SchedulerName;
  readonly init: InitImage | undefined;
};

/** A picture made larger by the model's super-resolution net. */
export type UpscaleRequest = {
  /** A catalog id: whose upscaler is used. */
  readonly model: string;
  /** Absolute path of the picture. */
  readonly file: string;
  readonly scale: 2 | 4;
};
