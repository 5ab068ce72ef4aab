/**
 * The config.json of AutoencoderKL, as diffusers defines it, with the numbers that the pipeline needs around the net.
 */
import { z } from 'zod';

import { only, parseConfig } from './config.ts';

const fourNumbers = z.array(z.number()).nullable().optional();

const schema = z.object({
  in_channels: z.number().int().positive().default(3),
  out_channels: z.number().int().positive().default(3),
  down_block_types: z.array(z.literal('DownEncoderBlock2D')).default(['DownEncoderBlock2D']),
  up_block_types: z.array(z.literal('UpDecoderBlock2D')).default(['UpDecoderBlock2D']),
  block_out_channels: z.array(z.number().int().positive()).min(1).default([64]),
  layers_per_block: z.number().int().positive().default(1),
  latent_channels: z.number().int().positive().default(4),
  norm_num_groups: z.number().int().positive().default(32),
  scaling_factor: z.number().default(0.18215),
  shift_factor: z.number().nullable().optional(),
  latents_mean: fourNumbers,
  latents_std: fourNumbers,
  force_upcast: z.boolean().nullable().default(true),
  use_quant_conv: z.boolean().default(true),
  use_post_quant_conv: z.boolean().default(true),
  mid_block_add_attention: z.boolean().default(true),
  act_fn: only('silu', 'swish'),
  sample_size: z.number().int().positive().nullable().default(32),
});

export type AutoencoderKLConfig = {
  readonly kind: 'AutoencoderKL';
  readonly pictureChannels: number;
  readonly latentChannels: number;
  /** From the picture to the latents. */
  readonly channels: readonly number[];
  readonly layersPerBlock: number;
  readonly groups: number;
  readonly quantConv: boolean;
  readonly postQuantConv: boolean;
  readonly midAttention: boolean;
  /** fp16 overflows in it: build it in fp32. */
  readonly forceUpcast: boolean;
  /** Pixels along one side of a latent. */
  readonly scale: number;
  /** Latents along one side of what it was made for. */
  readonly usualSide: number;
  /** latents = (encoded − shift) · factor */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Where present, latents are normalised by these per channel on top. */
  readonly latentsMean: readonly number[] | undefined;
  readonly latentsStd: readonly number[] | undefined;
};

/** `origin` names the file in messages. Throws `UserError` `model.config` for what is not built. */
export function parseAutoencoderKLConfig(json: unknown, origin: string): AutoencoderKLConfig {
  const config = parseConfig(schema, json, origin);
  const scale = 2 ** (config.block_out_channels.length - 1);
  return {
    kind: 'AutoencoderKL',
    pictureChannels: config.in_channels,
    latentChannels: config.latent_channels,
    channels: config.block_out_channels,
    layersPerBlock: config.layers_per_block,
    groups: config.norm_num_groups,
    quantConv: config.use_quant_conv,
    postQuantConv: config.use_post_quant_conv,
    midAttention: config.mid_block_add_attention,
    forceUpcast: config.force_upcast ?? true,
    scale,
    usualSide: (config.sample_size ?? 32) / scale,
    scalingFactor: config.scaling_factor,
    shiftFactor: config.shift_factor ?? 0,
    latentsMean: config.latents_mean ?? undefined,
    latentsStd: config.latents_std ?? undefined,
  };
}
