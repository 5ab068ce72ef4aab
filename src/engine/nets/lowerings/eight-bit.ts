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
  convolved,
  Div,
  DynamicQuantizeLinear,
  MatMulIntegerToFloat,
  Mul,
  Pad,
  ReduceMax,
  Reshape,
  Shape,
  SliceAxis,
  Transpose,
  type Quantised,
} from '../../onnx/index.ts';
import { dimAt } from '../../onnx/shape.ts';
import type { ConvolutionLayer, LinearLayer, Lowering } from '../lowering.ts';
import { preparedInEightBits } from './eight-bit-weights.ts';
import { convolutionForm, linearForm, type LayerForm } from './eight-bit-rule.ts';

/** `float`: the forms of what is not in 8 bits. */
export function eightBitLowering(float: Lowering): Lowering {
  return {
    ...float,
    mergesStyles: false,
    linear: (layer, x) => {
      const form = linearForm(layer.scope.building, layer, dimAt(x.shape, 0));
      return form === 'float' ? float.linear(layer, x) : linear(layer, x, form);
    },
    convolution: (layer, x) =>
      convolutionForm(layer) === 'float' ? float.convolution(layer, x) : convolution(layer, x),
    doubledConvolution: (layer, x) =>
      convolutionForm(layer) === 'float' ? float.doubledConvolution?.(layer, x) : undefined,
    prepareWeights: preparedInEightBits,
  };
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
  const { graph } = x;
  const { values, ...scale } = DynamicQuantizeLinear(x);
  const seen = patches({ values: Transpose(values, [0, 2, 3, 1]), ...scale }, kernel, attributes); // [rows, H′, W′, k²·C]
  const perOutput = kernel ** 2 * inFeatures;
  const [rows, height, width] = [dimAt(seen.shape, 0), dimAt(seen.shape, 1), dimAt(seen.shape, 2)];
  const flat = Reshape(seen, [-1, perOutput], [`${rows}·${height}·${width}`, perOutput]);
  const w = scope.quantised([outFeatures, inFeatures, kernel, kernel], 0, outFeatures);
  const y = MatMulIntegerToFloat({ values: flat, ...scale }, w, bias ? scope.weight('bias', [outFeatures]) : undefined);
  const target = Concat([Shape(seen, { start: 0, end: 3 }), graph.ints([outFeatures])], 0);
  return Transpose(Reshape(y, target, [rows, height, width, outFeatures]), [0, 3, 1, 2]);
}

/** What the kernel sees at each place of x [rows, H, W, C], from above to below and from left to right: [rows, H′, W′, k²·C] */
function patches(
  { values, zeroPoint }: Quantised,
  kernel: number,
  { strides = [1, 1], pads = [0, 0, 0, 0] }: ConvolutionLayer['attributes'],
): Value {
  const [top, left, bottom, right] = pads;
  const isPadded = pads.some((width) => width > 0);
  const padded = isPadded ? Pad(values, [0, top, left, 0], [0, bottom, right, 0], zeroPoint) : values;
  const height = convolved(dimAt(values.shape, 1), kernel, strides[0], top + bottom);
  const width = convolved(dimAt(values.shape, 2), kernel, strides[1], left + right);
  // First across, then down: whole lines are copied nine times, pixels three times.
  const across = shifted(padded, 2, { kernel, step: strides[1], length: width });
  return shifted(across, 1, { kernel, step: strides[0], length: height });
}

type Shifts = { readonly kernel: number; readonly step: number; readonly length: Value['shape'][number] };

/** x moved along `axis` by each of the kernel's places, one after another in its channels. */
function shifted(x: Value, axis: 1 | 2, { kernel, step, length }: Shifts): Value {
  if (kernel === 1 && step === 1) {
    return x;
  }
  const parts = Array.from({ length: kernel }, (_, place) => {
    const rest = kernel - 1 - place;
    return SliceAxis(x, axis, { start: place, step, ...(rest > 0 && { end: -rest }) }, length);
  });
  return Concat(parts, 3);
}
