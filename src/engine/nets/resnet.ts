/**
 * ResnetBlock2D of diffusers: two normed convolutions around the timestep, and a way past them. UNet and VAE share it.
 */
import type { Value } from '../onnx/graph.ts';
import { Add, Unsqueeze } from '../onnx/index.ts';
import { fixedDim } from '../onnx/shape.ts';
import { conv2d } from './convolution.ts';
import { linear } from './linear.ts';
import { groupNorm } from './norms.ts';
import { silu } from './time-embedding.ts';
import type { WeightScope } from './weight-scope.ts';

export type ResnetOptions = {
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
  /** silu of the timestep embedding [rows, features]; none in a VAE. */
  readonly time?: Value;
};

/** x [rows, C, H, W] → [rows, channels, H, W] */
export function resnet(scope: WeightScope, x: Value, { channels, groups, epsilon, time }: ResnetOptions): Value {
  const first = conv2d(scope.at('conv1'), silu(groupNorm(scope.at('norm1'), x, groups, epsilon)), channels);
  const timed =
    time === undefined ? first : Add(first, Unsqueeze(linear(scope.at('time_emb_proj'), time, channels), [2, 3]));
  const second = conv2d(scope.at('conv2'), silu(groupNorm(scope.at('norm2'), timed, groups, epsilon)), channels);
  const past = fixedDim(x.shape, 1) === channels ? x : conv2d(scope.at('conv_shortcut'), x, channels, { kernel: 1 });
  return Add(past, second);
}
