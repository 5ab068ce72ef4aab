/**
 * AutoencoderTiny of diffusers (TAESD): a VAE of plain convolutions, a twentieth of the cost of AutoencoderKL. Weights
 * are numbered through (`layers.7.conv.2`), so the layers are counted here as they are there. Its encoder gives latents
 * themselves, no moments, and its latents are those of the UNet: no scaling factor.
 */
import { z } from 'zod';

import type { Graph, Value } from '../onnx/index.ts';
import { Add, Div, Mul, Relu, Sub, Tanh } from '../onnx/index.ts';
import { Cast } from '../onnx/index.ts';
import { buildNet, type BuildOptions, type NetWeights } from './building.ts';
import { only, parseConfig } from './config.ts';
import { conv2d, conv2dUpsampled } from './convolution.ts';
import { pictureInput, pictureOutput } from './pictures.ts';
import { WeightScope } from './weight-scope.ts';

const schema = z.object({
  in_channels: z.number().int().positive().default(3),
  out_channels: z.number().int().positive().default(3),
  encoder_block_out_channels: z.array(z.number().int().positive()).min(1).default([64, 64, 64, 64]),
  decoder_block_out_channels: z.array(z.number().int().positive()).min(1).default([64, 64, 64, 64]),
  num_encoder_blocks: z.array(z.number().int().nonnegative()).default([1, 3, 3, 3]),
  num_decoder_blocks: z.array(z.number().int().nonnegative()).default([3, 3, 3, 1]),
  latent_channels: z.number().int().positive().default(4),
  scaling_factor: z.number().default(1),
  shift_factor: z.number().default(0),
  act_fn: only('relu'),
  upsample_fn: only('nearest'),
  upsampling_scaling_factor: only(2),
});

export type AutoencoderTinyConfig = {
  readonly kind: 'AutoencoderTiny';
  readonly inChannels: number;
  /** 3, or 1 where what is decoded is alpha. */
  readonly outChannels: number;
  readonly latentChannels: number;
  /** Channels and number of residual blocks at each size, in the order of the layers. */
  readonly encoder: readonly TinyStage[];
  readonly decoder: readonly TinyStage[];
  readonly scale: number;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
};

type TinyStage = { readonly channels: number; readonly blocks: number };

/** `origin` names the file in messages. Throws `UserError` `model.config` for what is not built. */
export function parseAutoencoderTinyConfig(json: unknown, origin: string): AutoencoderTinyConfig {
  const config = parseConfig(schema, json, origin);
  const stages = (channels: readonly number[], blocks: readonly number[]): readonly TinyStage[] =>
    channels.map((features, k) => ({ channels: features, blocks: blocks[k] ?? 1 }));
  return {
    kind: 'AutoencoderTiny',
    inChannels: config.in_channels,
    outChannels: config.out_channels,
    latentChannels: config.latent_channels,
    encoder: stages(config.encoder_block_out_channels, config.num_encoder_blocks),
    decoder: stages(config.decoder_block_out_channels, config.num_decoder_blocks),
    scale: 2 ** (config.decoder_block_out_channels.length - 1),
    scalingFactor: config.scaling_factor,
    shiftFactor: config.shift_factor,
  };
}

/** image [rows, 3, H, W] from −1 to 1 → latents [rows, latentChannels, H/8, W/8] */
export function buildTinyEncoder(config: AutoencoderTinyConfig, weights: NetWeights, options: BuildOptions): Graph {
  return buildNet('vae_encoder', weights, options, (building) => {
    const next = layersOf(new WeightScope(building).at('encoder'));
    const { graph, lowering } = building;
    const image = pictureInput(building, 'image', config.inChannels);
    // TAESD sees pictures from 0 to 1.
    let x = Div(Add(image, Cast(graph.scalar(1), lowering.dtype)), Cast(graph.scalar(2), lowering.dtype));
    for (const [k, { channels, blocks }] of config.encoder.entries()) {
      x = k === 0 ? conv2d(next(), x, channels) : conv2d(next(), x, channels, { stride: 2, bias: false });
      x = tinyBlocks(next, x, channels, blocks);
    }
    pictureOutput(building, 'latents', conv2d(next(), x, config.latentChannels));
  });
}

/** latents [rows, latentChannels, h, w] → image [rows, outChannels, 8h, 8w], about −1 to 1, not clipped. */
export function buildTinyDecoder(config: AutoencoderTinyConfig, weights: NetWeights, options: BuildOptions): Graph {
  return buildNet('vae_decoder', weights, options, (building) => {
    const next = layersOf(new WeightScope(building).at('decoder'));
    const { graph, lowering } = building;
    const scalar = (value: number): Value => Cast(graph.scalar(value), lowering.dtype);
    const latents = pictureInput(building, 'latents', config.latentChannels);
    // A soft clamp to ±3.
    let x = Relu(conv2d(next(), Mul(Tanh(Div(latents, scalar(3))), scalar(3)), config.decoder[0]?.channels ?? 0));
    next(); // the activation has a number too
    for (const [k, { channels, blocks }] of config.decoder.entries()) {
      x = tinyBlocks(next, x, channels, blocks);
      if (k < config.decoder.length - 1) {
        next(); // so has the upsampling
        x = conv2dUpsampled(next(), x, channels, { bias: false });
      }
    }
    const image = conv2d(next(), x, config.outChannels);
    pictureOutput(building, 'image', Sub(Mul(image, scalar(2)), scalar(1)));
  });
}

/** The scope of the next layer of an nn.Sequential named `layers`. */
function layersOf(scope: WeightScope): () => WeightScope {
  let count = 0;
  return () => scope.at('layers', count++);
}

/** relu(x + conv(relu(conv(relu(conv(x)))))), `count` times. */
function tinyBlocks(next: () => WeightScope, x: Value, channels: number, count: number): Value {
  let y = x;
  for (let k = 0; k < count; k++) {
    const conv = next().at('conv');
    const first = Relu(conv2d(conv.at(0), y, channels));
    const second = Relu(conv2d(conv.at(2), first, channels));
    y = Relu(Add(conv2d(conv.at(4), second, channels), y));
  }
  return y;
}
