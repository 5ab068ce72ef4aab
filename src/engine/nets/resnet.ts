/**
 * ResnetBlock2D of diffusers: two normed convolutions around the timestep, and a way past them. UNet and VAE share it.
 */
import type { Value } from '../onnx/graph.ts';
import { Add } from '../onnx/index.ts';
import { conv2d } from './convolution.ts';
import { groupNorm } from './layers.ts';
import { linear } from './linear.ts';
import { channelsOf } from './pictures.ts';
import type { WeightScope } from './weight-scope.ts';

export type ResnetOptions = {
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
  /** silu of the timestep embedding [rows, features]; none in a VAE. */
  readonly time?: Value;
};

/** A picture → one of `channels`, as large */
export function resnet(scope: WeightScope, x: Value, { channels, groups, epsilon, time }: ResnetOptions): Value {
  const norm = { groups, epsilon, silu: true };
  const first = conv2d(scope.at('conv1'), groupNorm(scope.at('norm1'), x, norm), channels);
  const plus = time && linear(scope.at('time_emb_proj'), time, channels);
  const second = conv2d(scope.at('conv2'), groupNorm(scope.at('norm2'), first, { ...norm, plus }), channels);
  const past =
    channelsOf(scope.building, x) === channels ? x : conv2d(scope.at('conv_shortcut'), x, channels, { kernel: 1 });
  return Add(past, second);
}
