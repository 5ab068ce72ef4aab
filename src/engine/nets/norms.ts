/**
 * Normalisations. Group norm goes through InstanceNormalization over [rows, groups, …]: onnxruntime has no kernel of
 * its own for it on CPU and WebGPU, and of the ways round this one measured best.
 */
import type { Value } from '../onnx/graph.ts';
import { Add, Cast, InstanceNormalization, LayerNormalization, Mul, Reshape } from '../onnx/index.ts';
import { dimAt, fixedDim } from '../onnx/shape.ts';
import { onIsland } from './building.ts';
import type { WeightScope } from './weight-scope.ts';

/** Over x [rows, C, H, W], in `groups` of C. */
export function groupNorm(scope: WeightScope, x: Value, groups: number, epsilon: number): Value {
  const { building } = scope;
  const { graph } = building;
  const channels = fixedDim(x.shape, 1);
  const ones = graph.floats(`ones ${groups}`, new Float32Array(groups).fill(1), [groups]);
  const zeros = graph.floats(`zeros ${groups}`, new Float32Array(groups), [groups]);
  // A 0 copies a length: the width stays where it is, so that -1 finds the height again and nothing asks for a shape.
  const normed = onIsland(building, 'norm', [x], ([wide = x]) => {
    const [rows, height, width] = [dimAt(x.shape, 0), dimAt(x.shape, 2), dimAt(x.shape, 3)];
    const grouped = Reshape(wide, [0, groups, -1, 0], [rows, groups, `${channels / groups}·${height}`, width]);
    return InstanceNormalization(grouped, Cast(ones, wide.dtype), Cast(zeros, wide.dtype), { epsilon });
  });
  const spread = Reshape(normed, [0, channels, -1, 0], x.shape);
  return Add(Mul(spread, scope.weight('weight', [channels, 1, 1])), scope.weight('bias', [channels, 1, 1]));
}

/** Over the last axis of tokens x [rows·S, C]. */
export function layerNorm(scope: WeightScope, x: Value, epsilon = 1e-5): Value {
  const channels = fixedDim(x.shape, -1);
  const values = [x, scope.weight('weight', [channels]), scope.weight('bias', [channels])];
  return onIsland(scope.building, 'norm', values, ([wide = x, scale = x, bias = x]) =>
    LayerNormalization(wide, scale, bias, { epsilon }),
  );
}
