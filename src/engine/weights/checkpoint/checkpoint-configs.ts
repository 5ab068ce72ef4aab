/**
 * What a diffusers folder says in its config.json files, for checkpoints, which carry none: the published settings of
 * Stable Diffusion 1.5, 2.1 and SDXL 1.0, as far as shapes do not tell them (inferred-configs.ts). Only what differs from
 * the classes' defaults or changes the graph.
 */
import type { CheckpointFamily, CheckpointLayout } from './checkpoint-layout.ts';

export type CheckpointConfigs = {
  readonly unet: Readonly<Record<string, unknown>>;
  readonly vae: Readonly<Record<string, unknown>>;
  /** One per text encoder. */
  readonly text: readonly Readonly<Record<string, unknown>>[];
  readonly scheduler: Readonly<Record<string, unknown>>;
  /** Whether an absent negative prompt is zeros instead of the empty text. */
  readonly zerosForEmptyPrompt: boolean;
};

export function checkpointConfigs({
  family,
  prediction,
  isZeroSnr,
}: Omit<CheckpointLayout, 'vaePrefix'>): CheckpointConfigs {
  const configs = FAMILIES[family];
  return {
    ...configs,
    scheduler: {
      ...configs.scheduler,
      prediction_type: prediction ?? 'epsilon',
      // Such a model is to begin where it was trained to: at the last timestep.
      ...(isZeroSnr && { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' }),
    },
  };
}

const UNET = {
  _class_name: 'UNet2DConditionModel',
  act_fn: 'silu',
  center_input_sample: false,
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
  out_channels: 4,
};

const VAE = {
  _class_name: 'AutoencoderKL',
  act_fn: 'silu',
  block_out_channels: [128, 256, 512, 512],
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 2,
  norm_num_groups: 32,
  out_channels: 3,
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
};

const CLIP_L = {
  architectures: ['CLIPTextModel'],
  bos_token_id: 0,
  eos_token_id: 2,
  hidden_act: 'quick_gelu',
  hidden_size: 768,
  intermediate_size: 3072,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 77,
  model_type: 'clip_text_model',
  num_attention_heads: 12,
  num_hidden_layers: 12,
  pad_token_id: 1,
  projection_dim: 768,
  vocab_size: 49_408,
};

const SCHEDULER = {
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  steps_offset: 1,
  timestep_spacing: 'leading',
};

const SD15: CheckpointConfigs = {
  unet: {
    ...UNET,
    attention_head_dim: 8,
    block_out_channels: [320, 640, 1280, 1280],
    cross_attention_dim: 768,
    down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
    sample_size: 64,
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
  },
  vae: { ...VAE, sample_size: 512, scaling_factor: 0.18215 },
  text: [CLIP_L],
  scheduler: { _class_name: 'PNDMScheduler', ...SCHEDULER, skip_prk_steps: true },
  zerosForEmptyPrompt: false,
};

const SDXL: CheckpointConfigs = {
  unet: {
    ...UNET,
    addition_embed_type: 'text_time',
    addition_time_embed_dim: 256,
    attention_head_dim: [5, 10, 20],
    block_out_channels: [320, 640, 1280],
    cross_attention_dim: 2048,
    down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
    projection_class_embeddings_input_dim: 2816,
    sample_size: 128,
    transformer_layers_per_block: [1, 2, 10],
    up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
    use_linear_projection: true,
  },
  vae: { ...VAE, force_upcast: true, sample_size: 1024, scaling_factor: 0.13025 },
  text: [
    CLIP_L,
    {
      ...CLIP_L,
      architectures: ['CLIPTextModelWithProjection'],
      hidden_act: 'gelu',
      hidden_size: 1280,
      intermediate_size: 5120,
      num_attention_heads: 20,
      num_hidden_layers: 32,
      projection_dim: 1280,
    },
  ],
  scheduler: { _class_name: 'EulerDiscreteScheduler', ...SCHEDULER },
  zerosForEmptyPrompt: true,
};

const SD2: CheckpointConfigs = {
  unet: {
    ...SD15.unet,
    attention_head_dim: [5, 10, 20, 20],
    cross_attention_dim: 1024,
    sample_size: 96,
    upcast_attention: true,
    use_linear_projection: true,
  },
  vae: { ...SD15.vae, sample_size: 768 },
  text: [
    {
      ...CLIP_L,
      hidden_act: 'gelu',
      hidden_size: 1024,
      intermediate_size: 4096,
      num_attention_heads: 16,
      num_hidden_layers: 23,
      projection_dim: 512,
    },
  ],
  scheduler: SD15.scheduler,
  zerosForEmptyPrompt: false,
};

const FAMILIES: Readonly<Record<CheckpointFamily, CheckpointConfigs>> = { sd15: SD15, sd2: SD2, sdxl: SDXL };
