/**
 * A net's config.json read off the shapes of its tensors, under diffusers' names: widths, depths and what there is. What
 * shapes do not tell, the number of attention heads above all, follows the published models.
 */
import type { TensorSource } from '../tensor-source.ts';
import type { CheckpointFamily } from './checkpoint-layout.ts';

type Config = Readonly<Record<string, unknown>>;
type Shapes = Pick<TensorSource, 'names' | 'get'>;

/** SD 1.x has eight heads at every width, all others heads of this width; so have CLIP's encoders. */
const HEAD_FEATURES = 64;
const SD15_HEADS = 8;

/** Only what can be told; the rest is the family's. */
export function inferUNet(unet: Shapes, family: CheckpointFamily): Config {
  const levels = countOf(unet, /^down_blocks\.(\d+)\./);
  const widths = range(levels).map((level) => sizeOf(unet, `down_blocks.${level}.resnets.0.conv1.weight`, 0));
  if (widths.some((width) => width === undefined) || sizeOf(unet, 'conv_in.weight', 1) === undefined) {
    return {};
  }
  const channels = widths.flatMap((width) => width ?? []);
  const layers = countOf(unet, /^down_blocks\.0\.resnets\.(\d+)\./);
  const down = range(levels).map((level) => depthsOf(unet, `down_blocks.${level}`, layers));
  const up = range(levels).map((level) => depthsOf(unet, `up_blocks.${level}`, layers + 1));
  const middle = depthsOf(unet, 'mid_block', 1)[0] ?? 0;
  const context = sizeOf(unet, firstName(unet, /attn2\.to_k\.weight$/), 1);
  const guidance = sizeOf(unet, 'time_embedding.cond_proj.weight', 1);
  const text = sizeOf(unet, 'add_embedding.linear_1.weight', 1);
  const projection = unet.get(firstName(unet, /attentions\.0\.proj_in\.weight$/));
  return {
    in_channels: sizeOf(unet, 'conv_in.weight', 1),
    out_channels: sizeOf(unet, 'conv_out.weight', 0),
    block_out_channels: channels,
    layers_per_block: layers,
    down_block_types: down.map((depths) =>
      depths.some((depth) => depth > 0) ? 'CrossAttnDownBlock2D' : 'DownBlock2D',
    ),
    up_block_types: up.map((depths) => (depths.some((depth) => depth > 0) ? 'CrossAttnUpBlock2D' : 'UpBlock2D')),
    mid_block_type: middleType(unet, middle),
    // The middle has the depth that the last level on the way down says.
    transformer_layers_per_block: down.map((depths, level) =>
      level === levels - 1 && middle > 0 ? lastDepth(depths, middle) : depths,
    ),
    reverse_transformer_layers_per_block: up,
    attention_head_dim:
      family === 'sd15' ? SD15_HEADS : channels.map((width) => Math.max(1, Math.floor(width / HEAD_FEATURES))),
    use_linear_projection: projection?.shape.length === 2,
    ...(context !== undefined && { cross_attention_dim: context }),
    ...(guidance !== undefined && { time_cond_proj_dim: guidance }),
    ...(text !== undefined && { projection_class_embeddings_input_dim: text }),
  };
}

export function inferVae(vae: Shapes): Config {
  const levels = countOf(vae, /^encoder\.down_blocks\.(\d+)\./);
  const widths = range(levels).map((level) => sizeOf(vae, `encoder.down_blocks.${level}.resnets.0.conv1.weight`, 0));
  return widths.some((width) => width === undefined) ||
    levels === 0 ||
    sizeOf(vae, 'encoder.conv_in.weight', 1) === undefined
    ? {}
    : {
        block_out_channels: widths,
        down_block_types: widths.map(() => 'DownEncoderBlock2D'),
        up_block_types: widths.map(() => 'UpDecoderBlock2D'),
        layers_per_block: countOf(vae, /^encoder\.down_blocks\.0\.resnets\.(\d+)\./),
        latent_channels: sizeOf(vae, 'decoder.conv_in.weight', 1),
      };
}

/** `without`: layers at the end that are not used. */
export function inferText(text: Shapes, without: number): Config {
  const features = sizeOf(text, 'text_model.embeddings.token_embedding.weight', 1);
  const inner = sizeOf(text, 'text_model.encoder.layers.0.mlp.fc1.weight', 0);
  return features === undefined || inner === undefined
    ? {}
    : {
        hidden_size: features,
        intermediate_size: inner,
        num_attention_heads: Math.max(1, Math.floor(features / HEAD_FEATURES)),
        num_hidden_layers: countOf(text, /^text_model\.encoder\.layers\.(\d+)\./) - without,
        vocab_size: sizeOf(text, 'text_model.embeddings.token_embedding.weight', 0),
        max_position_embeddings: sizeOf(text, 'text_model.embeddings.position_embedding.weight', 0),
        projection_dim: sizeOf(text, 'text_projection.weight', 0) ?? features,
      };
}

function middleType(unet: Shapes, depth: number): string | null {
  const hasResnet = unet.names.some((name) => name.startsWith('mid_block.resnets.'));
  return depth > 0 ? 'UNetMidBlock2DCrossAttn' : hasResnet ? 'UNetMidBlock2D' : null;
}

function lastDepth(depths: readonly number[], middle: number): readonly number[] | number {
  return depths.every((depth) => depth === 0 || depth === middle) ? middle : depths;
}

/** The depth of the transformer behind each layer of a stage, 0 for none. */
function depthsOf(unet: Shapes, stage: string, layers: number): readonly number[] {
  const start = `${stage}.attentions.`;
  const depths = range(layers).map(() => 0);
  for (const name of unet.names) {
    const [, layer, block] = name.startsWith(start)
      ? (/^(\d+)\.transformer_blocks\.(\d+)\./.exec(name.slice(start.length)) ?? [])
      : [];
    if (layer !== undefined && block !== undefined && Number(layer) < layers) {
      depths[Number(layer)] = Math.max(depths[Number(layer)] ?? 0, Number(block) + 1);
    }
  }
  return depths;
}

/** One more than the largest number at the pattern's group. */
function countOf({ names }: Shapes, pattern: RegExp): number {
  return names.reduce((most, name) => Math.max(most, Number(pattern.exec(name)?.[1] ?? -1) + 1), 0);
}

function sizeOf(source: Shapes, name: string, axis: number): number | undefined {
  return source.get(name)?.shape[axis];
}

function firstName({ names }: Shapes, pattern: RegExp): string {
  return names.find((name) => pattern.test(name)) ?? '';
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, i) => i);
}
