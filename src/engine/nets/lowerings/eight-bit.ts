/**
 * A processor's forms in 8 bits (W8A8): products of whole numbers, u8 activations by scales that are found while they are
 * computed, s8 weights by one scale for each output, fp32 in between. onnxruntime's product of that kind runs at 3 to 4
 * times the rate of fp32 where the processor has instructions for it; its convolutions of 8 bits want the scale of what
 * comes out beforehand and are no faster, so a convolution is its patches times a matrix. What stays in float is said in
 * eight-bit-rule.ts.
 */
import type { Value } from '../../onnx/graph.ts';
import {
  Abs,
  Add,
  Concat,
  Div,
  DynamicQuantizeLinear,
  MatMulIntegerToFloat,
  Mul,
  ReduceMax,
  Reshape,
  Shape,
  Transpose,
} from '../../onnx/index.ts';
import { dimAt } from '../../onnx/shape.ts';
import type { ConvolutionLayer, LinearLayer, Lowering } from '../lowering.ts';
import { preparedInEightBits } from './eight-bit-weights.ts';
import { convolutionForm, linearForm, type LayerForm } from './eight-bit-rule.ts';
import { patches } from './patches.ts';

/** `float`: the forms of what is not in 8 bits. */
export function eightBitLowering(float: Lowering): Lowering {
  return {
    ...float,
    replacesWeights: true,
    linear: (layer, x) => {
      const form = formOf(layer, x);
      return form === 'float' ? float.linear(layer, x) : linear(layer, x, form);
    },
    isQuantised: (layer, x) => formOf(layer, x) !== 'float',
    convolution: (layer, x) =>
      convolutionForm(layer) === 'float' ? float.convolution(layer, x) : convolution(layer, x),
    doubledConvolution: (layer, x) =>
      convolutionForm(layer) === 'float' ? float.doubledConvolution?.(layer, x) : undefined,
    prepareWeights: preparedInEightBits,
  };
}

function formOf(layer: LinearLayer, x: Value): LayerForm {
  return linearForm(layer.scope.building, layer, dimAt(x.shape, 0));
}

/** x [rows·S, in] → `parts` values, [rows·S, out / parts] */
function linear({ scope, inFeatures, outFeatures, bias, parts }: LinearLayer, x: Value, form: LayerForm): Value[] {
  const count = outFeatures / parts;
  const sizes = form === 'scale-by-token' ? tokenSizes(x) : undefined;
  const quantised = DynamicQuantizeLinear(sizes === undefined ? x : Div(x, sizes));
  return Array.from({ length: parts }, (_, part) => {
    const w = scope.quantised([outFeatures, inFeatures], part * count, count);
    const b = bias ? scope.weightRows('bias', [outFeatures], part * count, count) : undefined;
    if (sizes === undefined) {
      return MatMulIntegerToFloat(quantised, w, b);
    }
    const y = Mul(MatMulIntegerToFloat(quantised, w, undefined), sizes);
    return b === undefined ? y : Add(y, b);
  });
}

/** The greatest magnitude of each token of x [T, C], and never 0: [T, 1] */
function tokenSizes(x: Value): Value {
  return Add(ReduceMax(Abs(x), [1]), x.graph.scalar(1e-20));
}

/** x [rows, C, H, W] → [rows, out, H′, W′] */
function convolution({ scope, inFeatures, outFeatures, kernel, bias, attributes }: ConvolutionLayer, x: Value): Value {
  const { values, ...scale } = DynamicQuantizeLinear(x);
  const seen = patches(Transpose(values, [0, 2, 3, 1]), scale.zeroPoint, kernel, attributes);
  const w = scope.quantised([outFeatures, inFeatures, kernel, kernel], 0, outFeatures);
  const b = bias ? scope.weight('bias', [outFeatures]) : undefined;
  const y = MatMulIntegerToFloat({ values: seen.matrix, ...scale }, w, b);
  const sides = Shape(seen.places, { start: 1, end: 3 });
  const target = Concat([Shape(x, { start: 0, end: 1 }), sides, x.graph.ints([outFeatures])], 0);
  const [rows, height, width] = [dimAt(x.shape, 0), dimAt(seen.places.shape, 1), dimAt(seen.places.shape, 2)];
  return Transpose(Reshape(y, target, [rows, height, width, outFeatures]), [0, 3, 1, 2]);
}
