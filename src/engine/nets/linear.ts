/**
 * y = xWᵀ + b with W as checkpoints keep it, [out, in]. THE place where the form of a matrix product is chosen:
 * a product over flat tokens, because onnxruntime's Gemm takes W transposed and adds b on the way. Another form of
 * weight (8 bits, say) goes in here and nowhere else.
 */
import type { Value } from '../onnx/graph.ts';
import { Gemm } from '../onnx/index.ts';
import { fixedDim } from '../onnx/shape.ts';
import { withLinearLora, withLinearLoraInHalves } from './lora-inputs.ts';
import type { WeightScope } from './weight-scope.ts';

export type LinearOptions = {
  readonly bias?: boolean;
  /** The checkpoint may keep the matrix as a 1×1 convolution. */
  readonly convolution?: boolean;
};

/** x [rows·S, in] → [rows·S, out] */
export function linear(
  scope: WeightScope,
  x: Value,
  outFeatures: number,
  { bias = true, convolution = false }: LinearOptions = {},
): Value {
  const inFeatures = announce(scope, x, outFeatures, convolution);
  const w = scope.weight('weight', [outFeatures, inFeatures]);
  const b = bias ? scope.weight('bias', [outFeatures]) : undefined;
  return withLinearLora(scope, x, Gemm(x, w, b, { transB: true }), inFeatures, outFeatures);
}

/** Both halves of a linear layer of twice `half` features, from one matrix at two offsets: no split at run time. */
export function linearInHalves(scope: WeightScope, x: Value, half: number): readonly [Value, Value] {
  const inFeatures = announce(scope, x, 2 * half, false);
  const part = (start: number): Value =>
    Gemm(
      x,
      scope.weightRows('weight', [2 * half, inFeatures], start, half),
      scope.weightRows('bias', [2 * half], start, half),
      { transB: true },
    );
  return withLinearLoraInHalves(scope, x, [part(0), part(half)], inFeatures, half);
}

function announce(scope: WeightScope, x: Value, outFeatures: number, convolution: boolean): number {
  const inFeatures = fixedDim(x.shape, 1);
  scope.building.onTarget({
    module: scope.module,
    kind: 'linear',
    inFeatures,
    outFeatures,
    kernel: [1, 1],
    stride: 1,
    weightName: `${scope.path}.weight`,
    convolution,
  });
  return inFeatures;
}
