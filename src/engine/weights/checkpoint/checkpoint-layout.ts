/**
 * Which model a single-file checkpoint holds, told by its tensors as diffusers tells it, and the refusal by name of
 * those that this program does not draw with.
 */
import path from 'node:path';

import { UserError } from '../../../core/errors.ts';
import type { TensorSource } from '../tensor-source.ts';
import { foreignModel } from './foreign-models.ts';

/** `sdxl`: all that have SDXL's two text encoders, SSD-1B and Vega among them. */
export type CheckpointFamily = 'sd15' | 'sd2' | 'sdxl';

export type CheckpointLayout = {
  readonly family: CheckpointFamily;
  /** As the file says it; undefined where it says nothing. */
  readonly prediction: 'epsilon' | 'v_prediction' | undefined;
  /** The model was trained on noise without any signal at the last timestep. */
  readonly isZeroSnr: boolean;
  /** Where the VAE lies; undefined: the file has none. */
  readonly vaePrefix: string | undefined;
};

export const UNET = 'model.diffusion_model.';
export const VAE_PREFIXES = ['first_stage_model.', 'vae.'] as const;
/** Where text encoders of transformers lie, and those of OpenCLIP. */
export const CLIP = { sd15: 'cond_stage_model.transformer.', sdxl: 'conditioner.embedders.0.transformer.' } as const;
export const OPEN_CLIP = { sd2: 'cond_stage_model.model.', sdxl: 'conditioner.embedders.1.model.' } as const;

/**
 * `needsVae`: whether a file without a VAE is a part of a model. Throws `UserError` `checkpoint.kind` for another model,
 * `checkpoint.parts` for a file with a part of one.
 */
export function detectLayout(source: TensorSource, { needsVae }: { readonly needsVae: boolean }): CheckpointLayout {
  const file = path.basename(source.origin);
  const found = foreignModel(source.names);
  if (found !== undefined) {
    throw new UserError(
      'checkpoint.kind',
      `A checkpoint must be a Stable Diffusion 1.x, 2.x or XL model, but "${file}" is ${found}; use a model of one of those.`,
      { params: { file, found } },
    );
  }
  const family = familyOf(source);
  const firstKernel = source.get(`${UNET}input_blocks.0.0.weight`);
  const hasText = TEXT_SIGNS[family].every((sign) => source.names.some((name) => sign.test(name)));
  const vaePrefix = VAE_PREFIXES.find((prefix) => source.get(`${prefix}decoder.conv_in.weight`) !== undefined);
  if (firstKernel === undefined || !hasText || (vaePrefix === undefined && needsVae)) {
    const missing = [
      firstKernel === undefined && 'UNet',
      !hasText && 'text encoder',
      vaePrefix === undefined && needsVae && 'VAE',
    ]
      .filter((part) => part !== false)
      .join(', ');
    const advice = missing === 'VAE' ? 'give one with --vae' : 'use the full checkpoint, or a diffusers folder';
    throw new UserError(
      'checkpoint.parts',
      `A checkpoint must hold UNet, text encoder and VAE, but "${file}" lacks: ${missing}; ${advice}.`,
      { params: { file, missing } },
    );
  }
  return {
    family,
    // Models trained for v-prediction, and on zero terminal SNR, carry empty tensors of these names, for loaders to see.
    prediction: source.get('v_pred') === undefined ? undefined : 'v_prediction',
    isZeroSnr: source.get('ztsnr') !== undefined,
    vaePrefix,
  };
}

function familyOf(source: TensorSource): CheckpointFamily {
  if (source.get(`${OPEN_CLIP.sdxl}ln_final.weight`) !== undefined) {
    return 'sdxl';
  }
  return source.get(`${OPEN_CLIP.sd2}ln_final.weight`) === undefined ? 'sd15' : 'sd2';
}

/** Text encoders of transformers in both spellings: with and without the prefix that they once had. */
const TEXT_SIGNS: Readonly<Record<CheckpointFamily, readonly RegExp[]>> = {
  sd15: [/^cond_stage_model\.transformer\.(?:text_model\.)?embeddings\./],
  sd2: [/^cond_stage_model\.model\.transformer\.resblocks\.0\./],
  sdxl: [
    /^conditioner\.embedders\.0\.transformer\.(?:text_model\.)?embeddings\./,
    /^conditioner\.embedders\.1\.model\.transformer\.resblocks\.0\./,
  ],
};
