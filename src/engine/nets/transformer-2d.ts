/**
 * Transformer2DModel and BasicTransformerBlock of diffusers: a picture as tokens that look at one another and at the
 * prompt. The projections are 1×1 convolutions or linear by the checkpoint; both are linear over tokens here.
 */
import type { Value } from '../onnx/graph.ts';
import { Add } from '../onnx/index.ts';
import { fixedDim } from '../onnx/shape.ts';
import { attention, groupNorm, layerNorm } from './layers.ts';
import { gatedGelu, linear } from './linear.ts';
import { asPicture, asTokens, channelsOf } from './pictures.ts';
import type { WeightScope } from './weight-scope.ts';

export type Transformer2DOptions = {
  readonly depth: number;
  readonly heads: number;
  readonly groups: number;
};

/** A picture x, context [rows·L, F] → a picture like x */
export function transformer2D(
  scope: WeightScope,
  x: Value,
  context: Value,
  { depth, heads, groups }: Transformer2DOptions,
): Value {
  const { building } = scope;
  const channels = channelsOf(building, x);
  const normed = groupNorm(scope.at('norm'), x, { groups, epsilon: 1e-6 });
  let tokens = linear(scope.at('proj_in'), asTokens(building, normed), channels); // [rows·HW, C]
  for (let k = 0; k < depth; k++) {
    tokens = basicTransformerBlock(scope.at('transformer_blocks', k), tokens, context, heads);
  }
  return Add(asPicture(building, linear(scope.at('proj_out'), tokens, channels), normed), x);
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
  return linear(scope.at('to_out', 0), attention(scope, q, k, v, { heads }), channels);
}

/** GEGLU: a·gelu(b) with [a, b] = x·W of eight times the channels, then back. */
function feedForward(scope: WeightScope, x: Value): Value {
  const channels = fixedDim(x.shape, 1);
  return linear(scope.at('net', 2), gatedGelu(scope.at('net', 0, 'proj'), x, 4 * channels), channels);
}
