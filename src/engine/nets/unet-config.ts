/**
 * The config.json of UNet2DConditionModel, as diffusers defines it, down to what changes the graph.
 */
import { z } from 'zod';

import { UserError } from '../../core/errors.ts';
import { atLevel, only, parseConfig, perLevel } from './config.ts';

const depths = z.array(z.union([z.number().int().nonnegative(), z.array(z.number().int().nonnegative())]));

const DOWN = ['DownBlock2D', 'CrossAttnDownBlock2D'] as const;
const UP = ['UpBlock2D', 'CrossAttnUpBlock2D'] as const;
const MID = ['UNetMidBlock2DCrossAttn', 'UNetMidBlock2D'] as const;

const schema = z.object({
  sample_size: z.union([z.number().int().positive(), z.array(z.number().int().positive()).min(1)]).nullish(),
  in_channels: z.number().int().positive().default(4),
  out_channels: z.number().int().positive().default(4),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.number().default(0),
  down_block_types: z
    .array(z.enum(DOWN))
    .default(['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D']),
  mid_block_type: z.enum(MID).nullable().default('UNetMidBlock2DCrossAttn'),
  up_block_types: z
    .array(z.enum(UP))
    .default(['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D']),
  block_out_channels: z.array(z.number().int().positive()).min(1).default([320, 640, 1280, 1280]),
  layers_per_block: perLevel.default(2),
  norm_num_groups: z.number().int().positive().default(32),
  norm_eps: z.number().default(1e-5),
  cross_attention_dim: z.number().int().positive().default(1280),
  transformer_layers_per_block: z.union([z.number().int(), depths]).default(1),
  reverse_transformer_layers_per_block: depths.nullable().optional(),
  attention_head_dim: perLevel.default(8),
  use_linear_projection: z.boolean().nullable().default(false),
  upcast_attention: z.boolean().nullable().default(false),
  addition_embed_type: only('text_time'),
  addition_time_embed_dim: z.number().int().positive().nullable().optional(),
  projection_class_embeddings_input_dim: z.number().int().positive().nullable().optional(),
  time_cond_proj_dim: z.number().int().positive().nullable().optional(),
  // What is refused unless it has the value of the models that are built.
  center_input_sample: only(false),
  act_fn: only('silu', 'swish'),
  only_cross_attention: only(false),
  mid_block_only_cross_attention: only(false),
  downsample_padding: only(1),
  mid_block_scale_factor: only(1),
  encoder_hid_dim_type: only(),
  num_attention_heads: only(),
  dual_cross_attention: only(false),
  class_embed_type: only(),
  num_class_embeds: only(),
  resnet_time_scale_shift: only('default'),
  resnet_skip_time_act: only(false),
  resnet_out_scale_factor: only(1),
  time_embedding_type: only('positional'),
  time_embedding_act_fn: only(),
  time_embedding_dim: only(),
  timestep_post_act: only(),
  conv_in_kernel: only(3),
  conv_out_kernel: only(3),
  attention_type: only('default'),
  class_embeddings_concat: only(false),
  cross_attention_norm: only(),
});

/** Where a config does not say: that of SD 1.5. */
const USUAL_SIDE = 64;

/** One resolution of the way down or up. */
export type UNetBlock = {
  readonly channels: number;
  /** For each resnet, the depth of the transformer behind it; `undefined` where there is none. */
  readonly transformers: readonly (number | undefined)[];
  /** Number of heads. */
  readonly heads: number;
  /** Whether the size changes behind the block. */
  readonly resizes: boolean;
};

export type UNetConfig = {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Latents along the shorter side of the pictures that the model was made for. */
  readonly usualSide: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  readonly down: readonly UNetBlock[];
  /** Depth of the transformer between the two resnets; 'resnet': one resnet alone; 'none': nothing. */
  readonly mid:
    | { readonly kind: 'attention'; readonly depth: number; readonly heads: number }
    | { readonly kind: 'resnet' }
    | { readonly kind: 'none' };
  readonly up: readonly UNetBlock[];
  readonly groups: number;
  readonly epsilon: number;
  readonly contextFeatures: number;
  /** fp16 overflows in attention: compute it in fp32. */
  readonly upcastAttention: boolean;
  /** SDXL: pooled text (`textFeatures`) and six numbers, each embedded in `timeFeatures`. */
  readonly textTime: { readonly textFeatures: number; readonly timeFeatures: number } | undefined;
  /** Full LCM: features of the guidance embedding. */
  readonly guidanceFeatures: number | undefined;
};

/** `origin` names the file in messages. Throws `UserError` `model.config` for what is not built. */
export function parseUNetConfig(json: unknown, origin: string): UNetConfig {
  const config = parseConfig(schema, json, origin);
  const levels = config.block_out_channels.length;
  if (config.down_block_types.length !== levels || config.up_block_types.length !== levels) {
    throw new UserError(
      'model.config',
      `Expected as many down_block_types and up_block_types as block_out_channels (${levels}) in ${origin}, got ${config.down_block_types.length} and ${config.up_block_types.length}; check the model's config.json.`,
    );
  }
  const last = levels - 1;
  const forward =
    typeof config.transformer_layers_per_block === 'number' ? undefined : config.transformer_layers_per_block;
  const depthsOf = (list: z.output<typeof depths> | undefined, level: number, layers: number): readonly number[] => {
    const entry = list === undefined ? Number(config.transformer_layers_per_block) : list[level];
    return Array.from({ length: layers }, (_, layer) =>
      typeof entry === 'object' ? atLevel(entry, layer) : (entry ?? 1),
    );
  };
  // `attention_head_dim` means the number of heads: a name that diffusers keeps for the sake of published configs.
  const headsAt = (level: number): number => atLevel(config.attention_head_dim, level);
  const down = config.down_block_types.map((type, level): UNetBlock => {
    const layers = atLevel(config.layers_per_block, level);
    return block(
      type === 'CrossAttnDownBlock2D',
      config.block_out_channels[level],
      depthsOf(forward, level, layers),
      headsAt(level),
      level !== last,
    );
  });
  const backward = config.reverse_transformer_layers_per_block ?? forward?.toReversed();
  const up = config.up_block_types.map((type, k): UNetBlock => {
    const level = last - k;
    const layers = atLevel(config.layers_per_block, level) + 1;
    return block(
      type === 'CrossAttnUpBlock2D',
      config.block_out_channels[level],
      depthsOf(backward, k, layers),
      headsAt(level),
      k !== last,
    );
  });
  return {
    inChannels: config.in_channels,
    outChannels: config.out_channels,
    usualSide: Math.min(...[config.sample_size ?? USUAL_SIDE].flat()),
    flipSinToCos: config.flip_sin_to_cos,
    freqShift: config.freq_shift,
    down,
    mid: midOf(config.mid_block_type, depthsOf(forward, last, 1)[0] ?? 1, headsAt(last)),
    up,
    groups: config.norm_num_groups,
    epsilon: config.norm_eps,
    contextFeatures: config.cross_attention_dim,
    upcastAttention: config.upcast_attention ?? false,
    textTime: textTimeOf(config, origin),
    guidanceFeatures: config.time_cond_proj_dim ?? undefined,
  };
}

function block(
  attends: boolean,
  channels: number | undefined,
  layerDepths: readonly number[],
  heads: number,
  resizes: boolean,
): UNetBlock {
  return {
    channels: channels ?? 0,
    transformers: layerDepths.map((depth) => (attends ? depth : undefined)),
    heads,
    resizes,
  };
}

function midOf(type: (typeof MID)[number] | null, depth: number, heads: number): UNetConfig['mid'] {
  switch (type) {
    case null:
      return { kind: 'none' };
    case 'UNetMidBlock2D':
      return { kind: 'resnet' };
    case 'UNetMidBlock2DCrossAttn':
      return { kind: 'attention', depth, heads };
    default:
      return type satisfies never;
  }
}

function textTimeOf(config: z.output<typeof schema>, origin: string): UNetConfig['textTime'] {
  if (config.addition_embed_type === undefined || config.addition_embed_type === null) {
    return undefined;
  }
  const timeFeatures = config.addition_time_embed_dim ?? 0;
  const textFeatures = (config.projection_class_embeddings_input_dim ?? 0) - TIME_IDS * timeFeatures;
  if (timeFeatures <= 0 || textFeatures <= 0) {
    throw new UserError(
      'model.config',
      `Expected addition_time_embed_dim and a projection_class_embeddings_input_dim above six times it in ${origin}; check the model's config.json.`,
    );
  }
  return { textFeatures, timeFeatures };
}

/** Original height and width, crop top and left, target height and width. */
export const TIME_IDS = 6;
