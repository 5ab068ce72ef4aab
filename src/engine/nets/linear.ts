/**
 * y = xWᵀ + b with W as checkpoints keep it, [out, in]. THE place where the form of a matrix product is chosen:
 * a product of flattened tokens, because onnxruntime's Gemm takes W transposed and adds b on the way. Another form of
 * weight (8 bits, say) goes in here and nowhere else.
 */
import type { Value } from '../onnx/graph.ts';
import { Concat, Gemm, Reshape } from '../onnx/index.ts';
import { dimAt, fixedDim } from '../onnx/shape.ts';
import { rowsOf } from './building.ts';
import { withLinearLora, withLinearLoraInHalves } from './lora-inputs.ts';
import type { WeightScope } from './weight-scope.ts';

export type LinearOptions = {
  readonly bias?: boolean;
  /** The checkpoint may keep the matrix as a 1×1 convolution. */
  readonly convolution?: boolean;
};

/** x [rows, S, in] → [rows, S, out], or x [rows, in] → [rows, out]. */
export function linear(
  scope: WeightScope,
  x: Value,
  outFeatures: number,
  { bias = true, convolution = false }: LinearOptions = {},
): Value {
  const inFeatures = announce(scope, x, outFeatures, convolution);
  const w = scope.weight('weight', [outFeatures, inFeatures]);
  const b = bias ? scope.weight('bias', [outFeatures]) : undefined;
  return withLinearLora(scope, x, product(x, w, b), inFeatures, outFeatures);
}

/** Both halves of a linear layer of twice `half` features, from one matrix at two offsets: no split at run time. */
export function linearInHalves(scope: WeightScope, x: Value, half: number): readonly [Value, Value] {
  const inFeatures = announce(scope, x, 2 * half, false);
  const part = (start: number): Value =>
    product(
      x,
      scope.weightRows('weight', [2 * half, inFeatures], start, half),
      scope.weightRows('bias', [2 * half], start, half),
    );
  return withLinearLoraInHalves(scope, x, [part(0), part(half)], inFeatures, half);
}

function product(x: Value, w: Value, b: Value | undefined): Value {
  if (x.shape.length === 2) {
    return Gemm(x, w, b, { transB: true });
  }
  const [rows, tokens] = [dimAt(x.shape, 0), dimAt(x.shape, 1)];
  const outFeatures = fixedDim(w.shape, 0);
  const flat = Reshape(x, [-1, fixedDim(x.shape, 2)], [`${rows}·${tokens}`, dimAt(x.shape, 2)]);
  const y = Gemm(flat, w, b, { transB: true }); // [rows·S, out]
  return Reshape(y, Concat([rowsOf(x), x.graph.ints([-1, outFeatures])], 0), [rows, tokens, outFeatures]);
}

function announce(scope: WeightScope, x: Value, outFeatures: number, convolution: boolean): number {
  const inFeatures = fixedDim(x.shape, -1);
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
