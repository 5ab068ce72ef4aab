/**
 * Which model a single-file checkpoint holds, told by its tensors as diffusers tells it, and the refusal by name of
 * those that this program does not draw with.
 */
import path from 'node:path';

import { UserError } from '../../../core/errors.ts';
import type { TensorSource } from '../tensor-source.ts';

export type CheckpointLayout = {
  readonly base: 'sd15' | 'sdxl';
  /** 4, or 9 for inpainting. */
  readonly inChannels: number;
  readonly prediction: 'epsilon' | 'v_prediction';
};

export const UNET = 'model.diffusion_model.';
export const VAE_PREFIXES = ['first_stage_model.', 'vae.'] as const;
/** Where the text encoders lie, per base. */
export const CLIP = { sd15: 'cond_stage_model.transformer.', sdxl: 'conditioner.embedders.0.transformer.' } as const;
export const OPEN_CLIP = 'conditioner.embedders.1.model.';

/** Throws `UserError` `checkpoint.kind` for another model, `checkpoint.parts` for a file with a part of one. */
export function detectLayout(source: TensorSource): CheckpointLayout {
  const file = path.basename(source.origin);
  const foreign = FOREIGN.find(({ sign }) => source.names.some((name) => sign.test(name)));
  const textWidth = source.get(`${UNET}input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight`)?.shape[1];
  const found = foreign?.name ?? (textWidth === 1024 ? 'Stable Diffusion 2' : undefined);
  if (found !== undefined) {
    throw new UserError(
      'checkpoint.kind',
      `A checkpoint must be a Stable Diffusion 1.x or XL model, but "${file}" is ${found}; use a model of one of those.`,
      { params: { file, found } },
    );
  }
  const firstKernel = source.get(`${UNET}input_blocks.0.0.weight`);
  const base = source.get(`${OPEN_CLIP}transformer.resblocks.9.mlp.c_proj.bias`) === undefined ? 'sd15' : 'sdxl';
  const parts = [`${UNET}input_blocks.0.0.`, ...CLIP_FIRST.map((name) => CLIP[base] + name)];
  const hasText = parts.slice(1).some((part) => source.names.some((name) => name.startsWith(part)));
  const hasVae = VAE_PREFIXES.some((prefix) => source.get(`${prefix}decoder.conv_in.weight`) !== undefined);
  if (firstKernel === undefined || !hasText || !hasVae) {
    const missing = [firstKernel === undefined && 'UNet', !hasText && 'text encoder', !hasVae && 'VAE']
      .filter((part) => part !== false)
      .join(', ');
    throw new UserError(
      'checkpoint.parts',
      `A checkpoint must hold UNet, text encoder and VAE, but "${file}" lacks: ${missing}; use the full checkpoint, or a diffusers folder.`,
      { params: { file, missing } },
    );
  }
  return {
    base,
    inChannels: firstKernel.shape[1] ?? 4,
    // Models trained for v-prediction carry an empty tensor of this name, for loaders to see.
    prediction: source.get('v_pred') === undefined ? 'epsilon' : 'v_prediction',
  };
}

/** Both spellings of the text encoder: with and without the prefix that transformers once had. */
const CLIP_FIRST = ['text_model.embeddings.', 'embeddings.'] as const;

const FOREIGN: readonly { readonly name: string; readonly sign: RegExp }[] = [
  { name: 'Stable Diffusion 3', sign: /(?:^|\.)joint_blocks\.0\./ },
  { name: 'Flux', sign: /(?:^|\.)double_blocks\.0\.img_attn/ },
  { name: 'the SDXL refiner', sign: /^conditioner\.embedders\.0\.model\.transformer\.resblocks/ },
  { name: 'Stable Diffusion 2', sign: /^cond_stage_model\.model\.transformer\.resblocks/ },
  { name: 'Playground 2.5', sign: /^edm_mean$/ },
  { name: 'Stable Cascade', sign: /^(?:down_blocks\.1\.0\.channelwise|clip_txt_mapper)\./ },
  { name: 'a ControlNet', sign: /^(?:control_model\.|controlnet_cond_embedding\.)/ },
  { name: 'a LoRA', sign: /\.lora_(?:down|up|A|B)\./ },
];
