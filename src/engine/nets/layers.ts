/**
 * Layers whose form is all the lowering's: norms and attention. linear.ts and convolution.ts have those that take styles.
 */
import type { Value } from '../onnx/graph.ts';
import type { GroupNormOptions, Heads } from './lowering.ts';
import type { WeightScope } from './weight-scope.ts';

/** Over a picture, in groups of its channels. */
export function groupNorm(scope: WeightScope, x: Value, options: GroupNormOptions): Value {
  return scope.building.lowering.groupNorm(scope, x, options);
}

/** Over the last axis of tokens [rows·S, C]. */
export function layerNorm(scope: WeightScope, x: Value, epsilon = 1e-5): Value {
  return scope.building.lowering.layerNorm(scope, x, epsilon);
}

/** query [rows·S, C], key and value [rows·L, C] → [rows·S, C] */
export function attention({ building }: WeightScope, query: Value, key: Value, value: Value, heads: Heads): Value {
  return building.lowering.attention(building, query, key, value, heads);
}
