/**
 * Normalisations. Group norm goes through InstanceNormalization over [rows, groups, …]: onnxruntime has no kernel of
 * its own for it on CPU and WebGPU, and of the ways round this one measured best.
 */
import type { Value } from '../../onnx/graph.ts';
import { Add, Cast, InstanceNormalization, LayerNormalization, Mul, QuickGelu, Reshape } from '../../onnx/index.ts';
import { dimAt, fixedDim } from '../../onnx/shape.ts';
import type { GroupNormOptions, LayerWeights } from '../lowering.ts';
import { addToPixels, perChannel } from '../pictures.ts';
import { typeOn, type Precision } from './precision.ts';

/** Over x [rows, C, H, W], in `groups` of C. */
export function groupNorm(
  precision: Precision,
  scope: LayerWeights,
  x: Value,
  { groups, epsilon, silu = false, plus }: GroupNormOptions,
): Value {
  if (plus !== undefined) {
    return groupNorm(precision, scope, addToPixels(scope.building, x, plus), { groups, epsilon, silu });
  }
  const { graph } = x;
  const channels = fixedDim(x.shape, 1);
  const ones = graph.floats(`ones ${groups}`, new Float32Array(groups).fill(1), [groups]);
  const zeros = graph.floats(`zeros ${groups}`, new Float32Array(groups), [groups]);
  const wide = Cast(x, typeOn(precision, 'norm'));
  const [rows, height, width] = [dimAt(x.shape, 0), dimAt(x.shape, 2), dimAt(x.shape, 3)];
  // A 0 copies a length: the width stays where it is, so that -1 finds the height again and nothing asks for a shape.
  const grouped = Reshape(wide, [0, groups, -1, 0], [rows, groups, `${channels / groups}·${height}`, width]);
  const instances = InstanceNormalization(grouped, Cast(ones, wide.dtype), Cast(zeros, wide.dtype), { epsilon });
  const normed = Cast(instances, precision.dtype);
  const spread = Reshape(normed, [0, channels, -1, 0], x.shape);
  const moved = Add(Mul(spread, perChannel(scope, 'weight', channels)), perChannel(scope, 'bias', channels));
  return silu ? QuickGelu(moved, { alpha: 1 }) : moved;
}

/** Over the last axis of tokens x [rows·S, C]. */
export function layerNorm(precision: Precision, scope: LayerWeights, x: Value, epsilon: number): Value {
  const channels = fixedDim(x.shape, -1);
  const wide = (value: Value): Value => Cast(value, typeOn(precision, 'norm'));
  const [scale, bias] = [scope.weight('weight', [channels]), scope.weight('bias', [channels])];
  return Cast(LayerNormalization(wide(x), wide(scale), wide(bias), { epsilon }), precision.dtype);
}
