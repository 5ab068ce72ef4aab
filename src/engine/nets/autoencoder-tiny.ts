/**
 * AutoencoderTiny of diffusers (TAESD): a VAE of plain convolutions, a twentieth of the cost of AutoencoderKL. Weights
 * are numbered through (`layers.7.conv.2`), so the layers are counted here as they are there. Its encoder gives latents
 * themselves, no moments, and its latents are those of the UNet: no scaling factor.
 */
import { z } from 'zod';

import type { Graph, Value } from '../onnx/index.ts';
import { Add, Div, Mul, Relu, Sub, Tanh } from '../onnx/index.ts';
import { Cast } from '../onnx/index.ts';
import { buildNet, type Building, type BuildOptions, type NetWeights } from './building.ts';
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
      for (let block = 0; block < blocks; block++) {
        x = tinyBlock(next(), x, channels);
      }
    }
    pictureOutput(building, 'latents', conv2d(next(), x, config.latentChannels));
  });
}

/** A layer of the decoder, by its number in the file; those without weights have numbers too. */
export type TinyLayer = {
  /** What latents come in by and what pixels go out by; a block: three convolutions and a way past them. */
  readonly kind: 'first' | 'block' | 'doubled' | 'last';
  readonly number: number;
  readonly channels: number;
};

/** In order. */
export function tinyDecoderLayers({ decoder, outChannels }: AutoencoderTinyConfig): readonly TinyLayer[] {
  const layers: TinyLayer[] = [{ kind: 'first', number: 0, channels: decoder[0]?.channels ?? 0 }];
  let number = 2; // the first one's activation has a number
  for (const [k, { channels, blocks }] of decoder.entries()) {
    for (let block = 0; block < blocks; block++) {
      layers.push({ kind: 'block', number: number++, channels });
    }
    const isLast = k === decoder.length - 1;
    number += isLast ? 0 : 1; // so has the upsampling
    layers.push({ kind: isLast ? 'last' : 'doubled', number: number++, channels: isLast ? outChannels : channels });
  }
  return layers;
}

/** Told of what comes out of each convolution, a block's last before the sum, and of each block, by their paths. */
export type TinyObserver = (path: string, value: Value) => void;

/**
 * latents [rows, latentChannels, h, w] → image [rows, outChannels, 8h, 8w], about −1 to 1, not clipped.
 * `observe` may add outputs of its own.
 */
export function buildTinyDecoder(
  config: AutoencoderTinyConfig,
  weights: NetWeights,
  options: BuildOptions,
  observe?: TinyObserver,
): Graph {
  return buildNet('vae_decoder', weights, options, (building) => {
    const x = tinyLayers(building, softlyClamped(building, config), tinyDecoderLayers(config), observe);
    const scalar = (value: number): Value => Cast(building.graph.scalar(value), building.lowering.dtype);
    pictureOutput(building, 'image', Sub(Mul(x, scalar(2)), scalar(1)));
  });
}

/** The input `latents`, by a soft clamp to ±3. */
export function softlyClamped(building: Building, { latentChannels }: AutoencoderTinyConfig): Value {
  const three = Cast(building.graph.scalar(3), building.lowering.dtype);
  return Mul(Tanh(Div(pictureInput(building, 'latents', latentChannels), three)), three);
}

/** `layers` of the decoder, one after another. */
export function tinyLayers(
  building: Building,
  x: Value,
  layers: readonly TinyLayer[],
  observe: TinyObserver = () => {},
): Value {
  const decoder = new WeightScope(building).at('decoder', 'layers');
  return layers.reduce((y, { kind, number, channels }) => {
    const scope = decoder.at(number);
    if (kind === 'block') {
      return tinyBlock(scope, y, channels, observe);
    }
    const made = kind === 'doubled' ? conv2dUpsampled(scope, y, channels, { bias: false }) : conv2d(scope, y, channels);
    observe(scope.path, made);
    return kind === 'first' ? Relu(made) : made;
  }, x);
}

/** The scope of the next layer of an nn.Sequential named `layers`. */
function layersOf(scope: WeightScope): () => WeightScope {
  let count = 0;
  return () => scope.at('layers', count++);
}

/** relu(x + conv(relu(conv(relu(conv(x)))))) */
function tinyBlock(scope: WeightScope, x: Value, channels: number, observe: TinyObserver = () => {}): Value {
  const observed = (at: WeightScope, value: Value): Value => {
    observe(at.path, value);
    return value;
  };
  const conv = scope.at('conv');
  const first = observed(conv.at(0), Relu(conv2d(conv.at(0), x, channels)));
  const second = observed(conv.at(2), Relu(conv2d(conv.at(2), first, channels)));
  const third = observed(conv.at(4), conv2d(conv.at(4), second, channels));
  return observed(scope, Relu(Add(third, x)));
}
