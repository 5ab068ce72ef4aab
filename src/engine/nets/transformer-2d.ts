/**
 * Transformer2DModel and BasicTransformerBlock of diffusers: a picture as tokens that look at one another and at the
 * prompt. The projections are 1×1 convolutions or linear by the checkpoint; both are linear over tokens here.
 */
import type { Value } from '../onnx/graph.ts';
import { Add, Gelu, Mul, Reshape, Shape, Transpose } from '../onnx/index.ts';
import { dimAt, fixedDim } from '../onnx/shape.ts';
import { attention } from './attention.ts';
import { ROWS } from './building.ts';
import { linear, linearInHalves } from './linear.ts';
import { groupNorm, layerNorm } from './norms.ts';
import type { WeightScope } from './weight-scope.ts';

export type Transformer2DOptions = {
  readonly depth: number;
  readonly heads: number;
  readonly groups: number;
  readonly linearProjection: boolean;
};

/** x [rows, C, H, W], context [rows·L, F] → [rows, C, H, W] */
export function transformer2D(
  scope: WeightScope,
  x: Value,
  context: Value,
  { depth, heads, groups, linearProjection }: Transformer2DOptions,
): Value {
  const channels = fixedDim(x.shape, 1);
  const projection = { convolution: !linearProjection };
  const normed = groupNorm(scope.at('norm'), x, groups, 1e-6);
  let tokens = linear(scope.at('proj_in'), asTokens(normed), channels, projection); // [rows·HW, C]
  for (let k = 0; k < depth; k++) {
    tokens = basicTransformerBlock(scope.at('transformer_blocks', k), tokens, context, heads);
  }
  return Add(asPicture(linear(scope.at('proj_out'), tokens, channels, projection), normed), x);
}

/** [rows, C, H, W] → [rows·HW, C] */
export function asTokens(x: Value): Value {
  const [height, width, channels] = [dimAt(x.shape, 2), dimAt(x.shape, 3), fixedDim(x.shape, 1)];
  return Reshape(Transpose(x, [0, 2, 3, 1]), [-1, channels], [`${ROWS}·${height}·${width}`, channels]);
}

/** The way back: [rows·HW, C] → [rows, C, H, W], where `like` is what `asTokens` was given. */
export function asPicture(tokens: Value, like: Value): Value {
  const channelsLast = Transpose(like, [0, 2, 3, 1]);
  return Transpose(Reshape(tokens, Shape(channelsLast), channelsLast.shape), [0, 3, 1, 2]);
}

function basicTransformerBlock(scope: WeightScope, x: Value, context: Value, heads: number): Value {
  const self = layerNorm(scope.at('norm1'), x);
  const seen = Add(attend(scope.at('attn1'), self, self, heads), x);
  const informed = Add(attend(scope.at('attn2'), layerNorm(scope.at('norm2'), seen), context, heads), seen);
  return Add(feedForward(scope.at('ff'), layerNorm(scope.at('norm3'), informed)), informed);
}

function attend(scope: WeightScope, x: Value, context: Value, heads: number): Value {
  const channels = fixedDim(x.shape, 1);
  const q = linear(scope.at('to_q'), x, channels, { bias: false });
  const k = linear(scope.at('to_k'), context, channels, { bias: false });
  const v = linear(scope.at('to_v'), context, channels, { bias: false });
  return linear(scope.at('to_out', 0), attention(scope.building, q, k, v, { heads }), channels);
}

/** GEGLU: a·gelu(b) with [a, b] = x·W of eight times the channels, then back. */
function feedForward(scope: WeightScope, x: Value): Value {
  const channels = fixedDim(x.shape, 1);
  const [hidden, gate] = linearInHalves(scope.at('net', 0, 'proj'), x, 4 * channels);
  return linear(scope.at('net', 2), Mul(hidden, Gelu(gate)), channels);
}
