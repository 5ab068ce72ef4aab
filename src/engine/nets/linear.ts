/**
 * y = xWᵀ + b with W as checkpoints keep it, [out, in], and a style beside it. What product that becomes is the lowering's.
 */
import type { Value } from '../onnx/graph.ts';
import { Gelu, Mul } from '../onnx/index.ts';
import { dimAt, fixedDim } from '../onnx/shape.ts';
import { usualCount } from './building.ts';
import { withLinearLora } from './lora-inputs.ts';
import type { WeightScope } from './weight-scope.ts';

export type LinearOptions = { readonly bias?: boolean };

/** x [rows·S, in] → [rows·S, out] */
export function linear(scope: WeightScope, x: Value, outFeatures: number, { bias = true }: LinearOptions = {}): Value {
  const [y = x] = linearInParts(scope, x, outFeatures, { bias, parts: 1 });
  return y;
}

/**
 * a · gelu(b), [a, b] being the halves of a linear layer of twice `half` features: from one matrix at two offsets, so that
 * nothing is split at run time, or as one operator where the lowering has it.
 */
export function gatedGelu(scope: WeightScope, x: Value, half: number): Value {
  const fused = scope.building.lowering.gatedGelu;
  if (fused?.suits(half) === true) {
    const both = linear(scope, x, 2 * half, { bias: false });
    return fused.apply(scope.building, both, scope.weight('bias', [2 * half]));
  }
  const [hidden = x, gate = x] = linearInParts(scope, x, 2 * half, { bias: true, parts: 2 });
  return Mul(hidden, Gelu(gate));
}

function linearInParts(
  scope: WeightScope,
  x: Value,
  outFeatures: number,
  { bias, parts }: { readonly bias: boolean; readonly parts: number },
): readonly Value[] {
  const { building, module } = scope;
  const inFeatures = fixedDim(x.shape, 1);
  const layer = { scope, inFeatures, outFeatures, bias, parts };
  building.onLayer({
    module,
    kind: 'linear',
    inFeatures,
    outFeatures,
    kernel: [1, 1],
    weightName: `${scope.path}.weight`,
    use: {
      tokens: usualCount(building, dimAt(x.shape, 0)),
      parts,
      isQuantised: building.lowering.isQuantised(layer, x),
    },
  });
  return withLinearLora(scope, x, building.lowering.linear(layer, x), inFeatures, outFeatures);
}
