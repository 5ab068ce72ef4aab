/**
 * AutoencoderKL of diffusers: pictures from −1 to 1 to the moments of their latents, and latents to pictures. Scaling
 * factors are the pipeline's: these graphs see latents as the net made them.
 */
import type { Graph, Value } from '../onnx/index.ts';
import { Add } from '../onnx/index.ts';
import type { AutoencoderKLConfig } from './autoencoder-kl-config.ts';
import { convolutionOfNormed, joined, resnetOf, upsampled, type Bands } from './bands.ts';
import { buildNet, type BuildOptions, type NetWeights } from './building.ts';
import { conv2d } from './convolution.ts';
import { attention, groupNorm } from './layers.ts';
import { linear } from './linear.ts';
import { asPicture, asTokens, channelsOf, pictureInput, pictureOutput } from './pictures.ts';
import { resnet } from './resnet.ts';
import { WeightScope } from './weight-scope.ts';

const EPSILON = 1e-6;

/** image [rows, 3, H, W] → moments [rows, 2·latentChannels, H/8, W/8]: means, then logarithms of variances. */
export function buildKLEncoder(config: AutoencoderKLConfig, weights: NetWeights, options: BuildOptions): Graph {
  return buildNet('vae_encoder', weights, options, (building) => {
    const root = new WeightScope(building);
    const encoder = root.at('encoder');
    const { channels, latentChannels } = config;
    let x = conv2d(encoder.at('conv_in'), pictureInput(building, 'image', config.pictureChannels), channels[0] ?? 0);
    for (const [level, features] of channels.entries()) {
      const scope = encoder.at('down_blocks', level);
      x = joined(resnets(scope, [x], features, config.layersPerBlock, config));
      if (level < channels.length - 1) {
        // One row below, one column to the right: asymmetric, as the net was trained.
        x = conv2d(scope.at('downsamplers', 0, 'conv'), x, features, { stride: 2, pads: [0, 0, 1, 1] });
      }
    }
    x = middle(encoder.at('mid_block'), x, config);
    x = conv2d(
      encoder.at('conv_out'),
      groupNorm(encoder.at('conv_norm_out'), x, { groups: config.groups, epsilon: EPSILON, silu: true }),
      2 * latentChannels,
    );
    pictureOutput(
      building,
      'moments',
      config.quantConv ? conv2d(root.at('quant_conv'), x, 2 * latentChannels, { kernel: 1 }) : x,
    );
  });
}

/** latents [rows, latentChannels, h, w] → image [rows, 3, 8h, 8w], about −1 to 1, not clipped. */
export function buildKLDecoder(config: AutoencoderKLConfig, weights: NetWeights, options: BuildOptions): Graph {
  const sides = { usual: config.usualSide, multiple: 1 };
  return buildNet('vae_decoder', weights, { ...options, sides }, (building) => {
    const root = new WeightScope(building);
    const decoder = root.at('decoder');
    const channels = config.channels.toReversed();
    const latents = pictureInput(building, 'latents', config.latentChannels);
    const z = config.postQuantConv
      ? conv2d(root.at('post_quant_conv'), latents, config.latentChannels, { kernel: 1 })
      : latents;
    let x: Bands = [middle(decoder.at('mid_block'), conv2d(decoder.at('conv_in'), z, channels[0] ?? 0), config)];
    for (const [level, features] of channels.entries()) {
      const scope = decoder.at('up_blocks', level);
      x = resnets(scope, x, features, config.layersPerBlock + 1, config);
      if (level < channels.length - 1) {
        x = upsampled(scope.at('upsamplers', 0, 'conv'), x, features);
      }
    }
    const out = { channels: config.pictureChannels, groups: config.groups, epsilon: EPSILON };
    const image = convolutionOfNormed(decoder.at('conv_norm_out'), decoder.at('conv_out'), x, out);
    pictureOutput(building, 'image', joined(image));
  });
}

function resnets(
  scope: WeightScope,
  x: Bands,
  channels: number,
  count: number,
  { groups }: AutoencoderKLConfig,
): Bands {
  let y = x;
  for (let k = 0; k < count; k++) {
    y = resnetOf(scope.at('resnets', k), y, { channels, groups, epsilon: EPSILON });
  }
  return y;
}

function middle(scope: WeightScope, x: Value, { groups, midAttention }: AutoencoderKLConfig): Value {
  const channels = channelsOf(scope.building, x);
  const options = { channels, groups, epsilon: EPSILON };
  const first = resnet(scope.at('resnets', 0), x, options);
  const seen = midAttention ? attend(scope.at('attentions', 0), first, groups) : first;
  return resnet(scope.at('resnets', 1), seen, options);
}

/** One head over all pixels. Files from before 2023 name the projections otherwise. */
function attend(scope: WeightScope, x: Value, groups: number): Value {
  const { building } = scope;
  const channels = channelsOf(building, x);
  const normed = groupNorm(scope.at('group_norm'), x, { groups, epsilon: EPSILON });
  const tokens = asTokens(building, normed); // [rows·HW, C]
  const q = linear(scope.withFallback('to_q', 'query'), tokens, channels);
  const k = linear(scope.withFallback('to_k', 'key'), tokens, channels);
  const v = linear(scope.withFallback('to_v', 'value'), tokens, channels);
  const mixed = linear(scope.withFallback('to_out.0', 'proj_attn'), attention(scope, q, k, v, { heads: 1 }), channels);
  return Add(asPicture(building, mixed, normed), x);
}
