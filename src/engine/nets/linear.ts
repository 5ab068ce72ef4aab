/**
 * y = xWᵀ + b with W as checkpoints keep it, [out, in]. THE place where the form of a matrix product is chosen:
 * a product over flat tokens, because onnxruntime's Gemm takes W transposed and adds b on the way. Another form of
 * weight (8 bits, say) goes in here and nowhere else.
 */
import type { Value } from '../onnx/graph.ts';
import { Gemm } from '../onnx/index.ts';
import { fixedDim } from '../onnx/shape.ts';
import { changedByLora, withLinearLora, withLinearLoraInParts } from './lora-inputs.ts';
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
  const [changed] = changedByLora(scope, x, [w], inFeatures, outFeatures) ?? [];
  return changed === undefined
    ? withLinearLora(scope, x, Gemm(x, w, b, { transB: true }), inFeatures, outFeatures)
    : Gemm(x, changed, b, { transB: true });
}

/** Both halves of a linear layer of twice `half` features, from one matrix at two offsets: no split at run time. */
export function linearInHalves(scope: WeightScope, x: Value, half: number): readonly [Value, Value] {
  const inFeatures = announce(scope, x, 2 * half, false);
  const starts = [0, half];
  const weights = starts.map((start) => scope.weightRows('weight', [2 * half, inFeatures], start, half));
  const biases = starts.map((start) => scope.weightRows('bias', [2 * half], start, half));
  const multiplied = (parts: readonly Value[]): readonly Value[] =>
    parts.map((w, k) => Gemm(x, w, biases[k], { transB: true }));
  const changed = changedByLora(scope, x, weights, inFeatures, 2 * half);
  const [first, second] =
    changed === undefined
      ? withLinearLoraInParts(scope, x, multiplied(weights), inFeatures, 2 * half)
      : multiplied(changed);
  if (first === undefined || second === undefined) {
    throw new Error('Expected both halves of a linear layer.');
  }
  return [first, second];
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
