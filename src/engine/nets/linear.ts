/**
 * y = xWᵀ + b with W as checkpoints keep it, [out, in]. THE place where the form of a matrix product is chosen:
 * a product over flat tokens, because onnxruntime's Gemm takes W transposed and adds b on the way. Another form of
 * weight (8 bits, say) goes in here and nowhere else.
 */
import type { Value } from '../onnx/graph.ts';
import { Gemm } from '../onnx/index.ts';
import { dimAt, fixedDim } from '../onnx/shape.ts';
import { usualCount } from './building.ts';
import { withLinearLora, withLinearLoraInParts } from './lora-inputs.ts';
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
  const inFeatures = announce(scope, x, outFeatures, { convolution, parts: 1 });
  const w = scope.weight('weight', [outFeatures, inFeatures]);
  const b = bias ? scope.weight('bias', [outFeatures]) : undefined;
  return withLinearLora(scope, x, Gemm(x, w, b, { transB: true }), inFeatures, outFeatures);
}

/** Both halves of a linear layer of twice `half` features, from one matrix at two offsets: no split at run time. */
export function linearInHalves(scope: WeightScope, x: Value, half: number): readonly [Value, Value] {
  const inFeatures = announce(scope, x, 2 * half, { convolution: false, parts: 2 });
  const multiplied = [0, half].map((start) => {
    const w = scope.weightRows('weight', [2 * half, inFeatures], start, half);
    return Gemm(x, w, scope.weightRows('bias', [2 * half], start, half), { transB: true });
  });
  const [first, second] = withLinearLoraInParts(scope, x, multiplied, inFeatures, 2 * half);
  if (first === undefined || second === undefined) {
    throw new Error('Expected both halves of a linear layer.');
  }
  return [first, second];
}

function announce(
  scope: WeightScope,
  x: Value,
  outFeatures: number,
  { convolution, parts }: { readonly convolution: boolean; readonly parts: number },
): number {
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
    use: { tokens: usualCount(scope.building, dimAt(x.shape, 0)), parts },
  });
  return inFeatures;
}
