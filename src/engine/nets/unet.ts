/**
 * UNet2DConditionModel of diffusers: noisy latents, timesteps and prompts in, the model's prediction out. Stage numbers
 * are those of its `forward`
 * (https://github.com/huggingface/diffusers/blob/v0.35.0/src/diffusers/models/unets/unet_2d_condition.py).
 *
 *   sample [rows, in, H, W]   timestep [rows]   encoder_hidden_states [rows, L, F]
 *   timestep_cond [rows, D] (full LCM)   text_embeds [rows, P] and time_ids [rows, 6] (SDXL)   → out_sample [rows, out, H, W]
 *   timestep_sinusoid [rows, C] and time_ids_sinusoid [rows, 6, D] instead where the lowering wants sinusoids
 */
import type { Graph, Value } from '../onnx/index.ts';
import { Add, Cast, Concat, Reshape } from '../onnx/index.ts';
import type { Shape } from '../onnx/shape.ts';
import {
  buildNet,
  flat,
  input,
  ROWS,
  type Building,
  type BuildOptions,
  type Layer,
  type NetWeights,
} from './building.ts';
import { conv2d, conv2dUpsampled } from './convolution.ts';
import { groupNorm } from './layers.ts';
import { joinChannels, pictureInput, pictureOutput } from './pictures.ts';
import { resnet } from './resnet.ts';
import { silu, sinusoid, timestepEmbedding, type Sinusoid } from './time-embedding.ts';
import { transformer2D } from './transformer-2d.ts';
import { TIME_IDS, type UNetBlock, type UNetConfig } from './unet-config.ts';
import { WeightScope } from './weight-scope.ts';

export type UNetOptions = BuildOptions & {
  /**
   * 'whole': height and width of the latents are multiples of `sizeMultiple(config)`, the faster graph.
   * 'any' (default): every size, by a crop behind each upsampling.
   */
  readonly sizes?: 'whole' | 'any';
};

/** What whole sizes of latents are multiples of. */
export function sizeMultiple(config: UNetConfig): number {
  return 2 ** config.down.filter((block) => block.resizes).length;
}

/** Throws `UserError` `model.weights` where a tensor is missing or has another shape than the config asks for. */
export function buildUNet(
  config: UNetConfig,
  weights: NetWeights,
  options: UNetOptions,
  onLayer?: (layer: Layer) => void,
): Graph {
  const { sizes = 'any' } = options;
  const sides = { usual: config.usualSide, multiple: sizes === 'whole' ? sizeMultiple(config) : 1 };
  return buildNet('unet', weights, { ...options, sides }, (building) => define(building, config, sizes), onLayer);
}

function define(building: Building, config: UNetConfig, sizes: 'whole' | 'any'): void {
  const root = new WeightScope(building);
  const { groups, epsilon } = config;
  const sample = pictureInput(building, 'sample', config.inChannels);

  // 1. time
  const time = silu(timeOf(root, config));
  const context = flat(input(building, 'encoder_hidden_states', [ROWS, 'tokens', config.contextFeatures])); // [rows·L, F]
  const layer = (scope: WeightScope, k: number, x: Value, { channels, transformers, heads }: UNetBlock): Value => {
    const y = resnet(scope.at('resnets', k), x, { channels, groups, epsilon, time });
    const depth = transformers[k];
    return depth === undefined ? y : transformer2D(scope.at('attentions', k), y, context, { depth, heads, groups });
  };

  // 2. pre-process
  let x = conv2d(root.at('conv_in'), sample, config.down[0]?.channels ?? 0);

  // 3. down
  const skips: Value[] = [x];
  for (const [level, block] of config.down.entries()) {
    const scope = root.at('down_blocks', level);
    for (const k of block.transformers.keys()) {
      x = layer(scope, k, x, block);
      skips.push(x);
    }
    if (block.resizes) {
      x = conv2d(scope.at('downsamplers', 0, 'conv'), x, block.channels, { stride: 2 });
      skips.push(x);
    }
  }

  // 4. mid
  x = middle(root.at('mid_block'), x, context, time, config);

  // 5. up
  for (const [k, block] of config.up.entries()) {
    const scope = root.at('up_blocks', k);
    for (const index of block.transformers.keys()) {
      const skip = skips.pop();
      if (skip === undefined) {
        throw new Error('More resnets on the way up than outputs on the way down.');
      }
      x = layer(scope, index, joinChannels(building, [x, skip]), block);
    }
    if (block.resizes) {
      const next = sizes === 'any' ? skips.at(-1) : undefined;
      x = conv2dUpsampled(scope.at('upsamplers', 0, 'conv'), x, block.channels, { like: next });
    }
  }

  // 6. post-process
  const normed = groupNorm(root.at('conv_norm_out'), x, { groups, epsilon, silu: true });
  pictureOutput(building, 'out_sample', conv2d(root.at('conv_out'), normed, config.outChannels));
}

function timeOf(root: WeightScope, config: UNetConfig): Value {
  const { building } = root;
  const sinusoids = sinusoidsOf(config);
  const features = 4 * sinusoids.timestep.features;
  const condition =
    config.guidanceFeatures === undefined
      ? undefined
      : input(building, 'timestep_cond', [ROWS, config.guidanceFeatures]);
  const embedded = waves(building, 'timestep', [ROWS], sinusoids.timestep); // [rows, channels]
  const time = timestepEmbedding(root.at('time_embedding'), embedded, features, condition);
  if (config.textTime === undefined) {
    return time;
  }
  const { textFeatures, timeFeatures } = config.textTime;
  const text = input(building, 'text_embeds', [ROWS, textFeatures]);
  const ids = waves(building, 'time_ids', [ROWS, TIME_IDS], sinusoids.timeIds); // [rows, 6, timeFeatures]
  const flat = Reshape(ids, [0, TIME_IDS * timeFeatures], [ROWS, TIME_IDS * timeFeatures]);
  return Add(time, timestepEmbedding(root.at('add_embedding'), Concat([text, flat], 1), features));
}

/** How the numbers that come in become vectors. */
export function sinusoidsOf({ down, flipSinToCos, freqShift, textTime }: UNetConfig): {
  readonly timestep: Sinusoid;
  readonly timeIds: Sinusoid;
} {
  const form = (features: number): Sinusoid => ({ features, flipSinToCos, freqShift });
  return { timestep: form(down[0]?.channels ?? 0), timeIds: form(textTime?.timeFeatures ?? 0) };
}

/** The fp32 input `name` [rows, …] as sinusoids [rows, …, features]; they themselves come in where the lowering wants it. */
function waves({ graph, lowering }: Building, name: string, shape: Shape, sinusoids: Sinusoid): Value {
  const value =
    lowering.timesteps === 'sinusoids'
      ? graph.input(`${name}_sinusoid`, 'f32', [...shape, sinusoids.features])
      : sinusoid(graph.input(name, 'f32', shape), sinusoids);
  return Cast(value, lowering.dtype);
}

function middle(scope: WeightScope, x: Value, context: Value, time: Value, config: UNetConfig): Value {
  const { groups, epsilon, mid } = config;
  const channels = config.down.at(-1)?.channels ?? 0;
  const nth = (k: number, value: Value): Value =>
    resnet(scope.at('resnets', k), value, { channels, groups, epsilon, time });
  switch (mid.kind) {
    case 'none':
      return x;
    case 'resnet':
      return nth(0, x);
    case 'attention':
      return nth(
        1,
        transformer2D(scope.at('attentions', 0), nth(0, x), context, { depth: mid.depth, heads: mid.heads, groups }),
      );
    default:
      return mid satisfies never;
  }
}
