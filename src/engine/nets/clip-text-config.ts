/**
 * The config.json of CLIPTextModel and CLIPTextModelWithProjection, as transformers defines it.
 */
import { z } from 'zod';

import { parseConfig } from './config.ts';

const schema = z.object({
  architectures: z
    .array(z.enum(['CLIPTextModel', 'CLIPTextModelWithProjection']))
    .length(1)
    .default(['CLIPTextModel']),
  hidden_size: z.number().int().positive().default(512),
  intermediate_size: z.number().int().positive().default(2048),
  num_hidden_layers: z.number().int().positive().default(12),
  num_attention_heads: z.number().int().positive().default(8),
  max_position_embeddings: z.number().int().positive().default(77),
  vocab_size: z.number().int().positive().default(49_408),
  projection_dim: z.number().int().positive().default(512),
  hidden_act: z.enum(['quick_gelu', 'gelu']).default('quick_gelu'),
  layer_norm_eps: z.number().default(1e-5),
  eos_token_id: z.number().int().nonnegative().default(49_407),
});

export type ClipTextConfig = {
  readonly features: number;
  readonly innerFeatures: number;
  readonly layers: number;
  readonly heads: number;
  readonly positions: number;
  readonly vocabulary: number;
  /** `undefined`: no projection. */
  readonly projectionFeatures: number | undefined;
  readonly activation: 'quick_gelu' | 'gelu';
  readonly epsilon: number;
  readonly endToken: number;
};

/** `origin` names the file in messages. Throws `UserError` `model.config` for what is not built. */
export function parseClipTextConfig(json: unknown, origin: string): ClipTextConfig {
  const config = parseConfig(schema, json, origin);
  return {
    features: config.hidden_size,
    innerFeatures: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    positions: config.max_position_embeddings,
    vocabulary: config.vocab_size,
    projectionFeatures: config.architectures[0] === 'CLIPTextModelWithProjection' ? config.projection_dim : undefined,
    activation: config.hidden_act,
    epsilon: config.layer_norm_eps,
    endToken: config.eos_token_id,
  };
}
