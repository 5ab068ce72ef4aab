/**
 * The published UNets by their config.json (facts of the hub's files), and the size each was trained for. Data alone.
 */

export const ARCHITECTURES = ['sd15', 'sdxl', 'ssd1b'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

export type UNetFacts = {
  readonly config: Readonly<Record<string, unknown>>;
  /** Pixels a side. */
  readonly side: number;
};

const xl = {
  down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
  up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
  block_out_channels: [320, 640, 1280],
  cross_attention_dim: 2048,
  attention_head_dim: [5, 10, 20],
  use_linear_projection: true,
  addition_embed_type: 'text_time',
  addition_time_embed_dim: 256,
  projection_class_embeddings_input_dim: 2816,
  sample_size: 128,
} as const;

export const UNETS: Readonly<Record<Architecture, UNetFacts>> = {
  sd15: {
    config: {
      block_out_channels: [320, 640, 1280, 1280],
      cross_attention_dim: 768,
      attention_head_dim: 8,
      sample_size: 64,
    },
    side: 512,
  },
  sdxl: { config: { ...xl, transformer_layers_per_block: [1, 2, 10] }, side: 1024 },
  ssd1b: {
    config: {
      ...xl,
      mid_block_type: 'UNetMidBlock2D',
      transformer_layers_per_block: [1, [2, 2], [4, 4]],
      reverse_transformer_layers_per_block: [
        [4, 4, 10],
        [2, 1, 1],
        [1, 1, 1],
      ],
    },
    side: 1024,
  },
};
